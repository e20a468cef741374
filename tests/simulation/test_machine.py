"""Whatever happens, in whatever order: every row is accounted for, and the newest value arrives.

`QSYNC_SIMULATION_SEED=N` runs other examples; `QSYNC_SIMULATIONS` says how many. The falsifying
example is printed as the rules to repeat, with the seed of everything random besides.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from qsync.emulator import Fault, JobFault
from qsync.execution.apply import ApplyBounds
from qsync.project.model import LimitSettings
from tests.simulation.grounds import Values
from tests.simulation.town import LABELS, Death, Town
from tests.support.warehouses import duckdb_connection

KEYS = [f"p{n}@x.example" for n in range(8)]
NTH = st.integers(1, 4)
EDITS = st.integers(0, 2**32 - 1)
"""Seeds of what becomes of the rows before a run. Drawn one by one they would mostly stay equal."""

FAULTS: st.SearchStrategy[Fault] = st.one_of(
    st.builds(lambda nth: Fault(kind="submit", nth=nth, cut="after", reset=True), NTH),
    st.builds(lambda nth: Fault(kind="submit", nth=nth, cut="before"), NTH),
    st.builds(lambda nth: Fault(kind="submit", nth=nth, cut="truncated"), NTH),
    st.builds(lambda nth: Fault(kind="submit", nth=nth, status=500, processed=True), NTH),
    st.builds(lambda nth: Fault(kind="submit", nth=nth, status=422), NTH),
    st.builds(lambda nth: Fault(nth=nth, status=429), NTH),
    st.builds(lambda nth: Fault(nth=nth, status=429, retry_after=7), NTH),
    st.builds(lambda nth: Fault(nth=nth, status=429, retry_after=4_000), NTH),
    st.builds(lambda nth: Fault(nth=nth, status=503), NTH),
    st.builds(lambda nth: Fault(nth=nth, html=True), NTH),
    st.builds(lambda nth: Fault(kind="poll", nth=nth, status=404), NTH),
    st.just(Fault(probability=0.3, status=503)),
    st.just(Fault(probability=0.2, cut="after", reset=True)),
    st.builds(
        lambda nth, job: Fault(kind="submit", nth=nth, job=job),
        NTH,
        st.sampled_from(
            [
                JobFault(missing=(0,)),
                JobFault(duplicated=(1,)),
                JobFault(foreign=2),
                JobFault(failing=(0,)),
                JobFault(stops_after=1, ending="failed"),
                JobFault(stops_after=1, ending="completed"),
                JobFault(late=40.0),
                JobFault(lasts=90.0),
            ]
        ),
    ),
)

DEATHS = st.builds(Death, st.sampled_from(LABELS), st.sampled_from(["before", "after"]), NTH)

LIMITS = st.sampled_from(
    [
        LimitSettings(),
        LimitSettings(share=1.0, per_15m=30, per_hour=60, per_day=400),
        LimitSettings(share=1.0, per_15m=14),
    ]
)


class Simulation(RuleBasedStateMachine):
    """A team's days: rows change, runs go well or not."""

    in_memory = True

    def __init__(self) -> None:
        super().__init__()
        self._open = contextlib.ExitStack()
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))

    @initialize(
        limits=LIMITS,
        seed=st.integers(0, 1_000),
        base=st.sampled_from([0.5, None, 5.0, None]),
        order=st.sampled_from(["fifo", "lifo", "random"]),
        concurrency=st.sampled_from([None, 1, 2]),
        partial=st.booleans(),
    )
    def begin(
        self,
        limits: LimitSettings,
        seed: int,
        base: float | None,
        order: Literal["fifo", "lifo", "random"],
        concurrency: int | None,
        partial: bool,
    ) -> None:
        note(f"seed {seed}")
        connection = None if self.in_memory else duckdb_connection()
        self.town = Town(connection, self.folder, seed=seed, limits=limits)
        account = self.town.account
        emulated = replace(
            account.settings.limits,
            per_15m=limits.per_15m,
            per_hour=limits.per_hour,
            per_day=limits.per_day,
        )
        account.configure(
            replace(
                account.settings,
                limits=emulated,
                job_base_seconds=base or 1.0,
                job_duration=None if base else _wild(seed),
                job_order=order,
                job_concurrency=concurrency,
                partial_results=partial,
            )
        )
        self.days = 0
        self.past: list[dict[str, Values]] = []

    def _edit(self, seed: int) -> None:
        """Most rows change, to values that never were before or to earlier ones; some leave."""
        rng = random.Random(seed)
        self.days += 1
        for key in KEYS:
            chance = rng.random()
            if chance < 0.5:
                name = None if rng.random() < 0.2 else f"Ann {self.days}"
                title = None if rng.random() < 0.2 else f"CEO {self.days}"
                self.town.model[key] = (name, title)
            elif chance < 0.6 and len(self.town.model) > 1:
                self.town.model.pop(key, None)
            elif chance < 0.75 and self.past and key in (before := rng.choice(self.past)):
                self.town.model[key] = before[key]
        self.town.model.setdefault(KEYS[0], ("Ann", "CEO"))
        self.past.append(dict(self.town.model))

    @rule(edits=EDITS, faults=st.lists(FAULTS, min_size=1, max_size=3))
    def run_into_faults(self, edits: int, faults: list[Fault]) -> None:
        self._edit(edits)
        self.town.account.set_faults(faults)
        self.town.run()

    @rule(edits=EDITS, faults=st.lists(FAULTS, max_size=1), death=DEATHS)
    def run_and_die(self, edits: int, faults: list[Fault], death: Death) -> None:
        self._edit(edits)
        self.town.account.set_faults(faults)
        self.town.run(replace(death))

    @rule(edits=EDITS, death=DEATHS, cut=st.integers(0, 300))
    def run_and_die_and_leave_no_journal(self, edits: int, death: Death, cut: int) -> None:
        """It is gone, or damaged."""
        self._edit(edits)
        self.town.account.set_faults([])
        self.town.run(replace(death))
        if not self.town.journals.exists():
            return
        for path in self.town.journals.iterdir():
            content = path.read_bytes()
            path.write_bytes(content[:cut] + content[cut + 3 :])
            if cut == 0:
                path.unlink()

    @rule(
        edits=EDITS,
        bounds=st.one_of(
            st.builds(lambda n: ApplyBounds(max_requests=n), st.integers(4, 10)),
            st.builds(lambda s: ApplyBounds(max_time=s), st.sampled_from([0.1, 1.0, 30.0])),
        ),
        resume=st.booleans(),
    )
    def run_within_bounds(self, edits: int, bounds: ApplyBounds, resume: bool) -> None:
        self._edit(edits)
        self.town.account.set_faults([])
        self.town.run(bounds=bounds)
        if resume:
            self._edit(edits + 1)
            self.town.run(resume=self.town.last_run)

    @rule(edits=EDITS, seconds=st.sampled_from([0.05, 0.5, 3.0]))
    def run_until_ctrl_c(self, edits: int, seconds: float) -> None:
        self._edit(edits)
        self.town.account.set_faults([])
        self.town.run(stop_after=seconds)

    @rule(death=DEATHS)
    def resume_and_die(self, death: Death) -> None:
        if self.town.last_run:
            self.town.account.set_faults([])
            self.town.run(replace(death), resume=self.town.last_run)

    @rule(
        requests=st.sampled_from([1, 5, 20]),
        seconds=st.sampled_from([0.0, 61.0, 1_000.0, 90_000.0]),
    )
    def others_spend_quota_and_time_passes(self, requests: int, seconds: float) -> None:
        self.town.others_spend(requests)
        self.town.clock.advance(seconds)

    def teardown(self) -> None:
        try:
            if hasattr(self, "town"):
                self.town.settle()
                self.town.model.setdefault(KEYS[0], ("Ann", "CEO"))
                self.town.check_converged()
                self.town.close()
        finally:
            self._open.close()


class SimulationInSql(Simulation):
    """The same on DuckDB, with the SQL that qsync writes."""

    in_memory = False


def _wild(seed: int) -> Callable[[int, int], float]:
    """Jobs of which many outlast those that came after them."""

    def seconds(total: int, number: int) -> float:
        return random.Random(f"{seed} {number}").choice([0.2, 2.0, 30.0, 90.0])

    return seconds


def _simulate(examples: int, part: int, machine: type[RuleBasedStateMachine] = Simulation) -> None:
    """The examples of one seed: the same in every run, unless another seed is asked for."""
    number = int(os.environ.get("QSYNC_SIMULATION_SEED", "0")) * 100 + part
    sys.stderr.write(f"seed {number}\n")  # pytest shows it with a failure
    seeded = type(machine.__name__, (machine,), {})
    seed(number)(seeded)
    run_state_machine_as_test(
        seeded,
        settings=settings(
            max_examples=examples,
            stateful_step_count=6,
            deadline=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            derandomize=False,
            database=None,
        ),
    )


EXAMPLES = int(os.environ.get("QSYNC_SIMULATIONS", "120"))


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
@pytest.mark.proves(fault="process killed", promise="newest value wins")
@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@pytest.mark.parametrize("part", range(4))
def test_the_newest_values_arrive_whatever_happens(part: int) -> None:
    """In parts, so that they run side by side."""
    _simulate(-(-EXAMPLES // 4), part)


@pytest.mark.proves(fault="process killed", promise="newest value wins")
@pytest.mark.proves(fault="journal lost or damaged", promise="newest value wins")
def test_the_newest_values_arrive_whatever_happens_on_duckdb() -> None:
    _simulate(-(-EXAMPLES // 20), 10, SimulationInSql)


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_the_newest_values_arrive_whatever_happens_many_times(part: int) -> None:
    _simulate(250, 20 + part)


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_the_newest_values_arrive_whatever_happens_many_times_on_duckdb(part: int) -> None:
    _simulate(40, 40 + part, SimulationInSql)
