"""Whatever happens, in whatever order: every row is accounted for, and the newest value arrives.

`--hypothesis-seed=N` runs other examples; `QSYNC_SIMULATIONS` says how many. The falsifying example
is printed as the rules to repeat, with the seed of everything random besides.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, settings
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
from tests.simulation.town import LABELS, Death, Town
from tests.support.warehouses import duckdb_connection

KEYS = st.sampled_from([f"p{n}@x.example" for n in range(8)])
FIRST = st.sampled_from([None, "Ann", "Bo", "Cy"])
TITLE = st.sampled_from([None, "CEO", "CTO"])
NTH = st.integers(1, 6)

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

    def __init__(self) -> None:
        super().__init__()
        self._open = contextlib.ExitStack()
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))

    @initialize(limits=LIMITS, seed=st.integers(0, 1_000))
    def begin(self, limits: LimitSettings, seed: int) -> None:
        note(f"seed {seed}")
        self.town = Town(duckdb_connection(), self.folder, seed=seed, limits=limits)
        emulated = replace(
            self.town.account.settings.limits,
            per_15m=limits.per_15m,
            per_hour=limits.per_hour,
            per_day=limits.per_day,
        )
        self._configure(limits=emulated)
        for n in range(6):
            self.town.model[f"p{n}@x.example"] = ("Ann", "CEO")

    def _configure(self, **changes: object) -> None:
        account = self.town.account
        account.configure(replace(account.settings, **changes))  # type: ignore[arg-type]

    @rule(key=KEYS, first=FIRST, title=TITLE)
    def change_row(self, key: str, first: str | None, title: str | None) -> None:
        self.town.model[key] = (first, title)

    @rule(key=KEYS)
    def remove_row(self, key: str) -> None:
        if len(self.town.model) > 1:
            self.town.model.pop(key, None)

    @rule(faults=st.lists(FAULTS, max_size=2))
    def run(self, faults: list[Fault]) -> None:
        self.town.account.set_faults(faults)
        self.town.run()

    @rule(faults=st.lists(FAULTS, max_size=1), death=DEATHS)
    def run_and_die(self, faults: list[Fault], death: Death) -> None:
        self.town.account.set_faults(faults)
        self.town.run(replace(death))

    @rule(requests=st.integers(4, 12))
    def run_with_few_requests(self, requests: int) -> None:
        self.town.account.set_faults([])
        self.town.run(bounds=ApplyBounds(max_requests=requests))

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0]))
    def run_in_little_time(self, seconds: float) -> None:
        self.town.account.set_faults([])
        self.town.run(bounds=ApplyBounds(max_time=seconds))

    @rule(seconds=st.sampled_from([0.05, 0.5, 3.0]))
    def run_until_ctrl_c(self, seconds: float) -> None:
        self.town.account.set_faults([])
        self.town.run(stop_after=seconds)

    @rule()
    def resume(self) -> None:
        if self.town.last_run:
            self.town.account.set_faults([])
            self.town.run(resume=self.town.last_run)

    @rule(
        base=st.sampled_from([0.5, 5.0, 40.0]),
        order=st.sampled_from(["fifo", "lifo", "random"]),
        concurrency=st.sampled_from([None, 1, 2]),
    )
    def jobs_run_differently(self, base: float, order: str, concurrency: int | None) -> None:
        self._configure(job_base_seconds=base, job_order=order, job_concurrency=concurrency)

    @rule(partial=st.booleans())
    def results_come_early_or_late(self, partial: bool) -> None:
        self._configure(partial_results=partial)

    @rule(requests=st.sampled_from([1, 5, 20]))
    def others_spend_quota(self, requests: int) -> None:
        self.town.others_spend(requests)

    @rule()
    def the_machine_is_gone(self) -> None:
        shutil.rmtree(self.town.journals, ignore_errors=True)

    @rule(cut=st.integers(1, 200))
    def the_journal_is_damaged(self, cut: int) -> None:
        if self.town.journals.exists():
            for path in self.town.journals.iterdir():
                content = path.read_bytes()
                path.write_bytes(content[:cut] + content[cut + 3 :])

    @rule(seconds=st.sampled_from([61.0, 1_000.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.town.clock.advance(seconds)

    def teardown(self) -> None:
        try:
            if hasattr(self, "town"):
                self.town.settle()
                self.town.check_converged()
                self.town.connection.raw.close()
        finally:
            self._open.close()


def _simulate(examples: int) -> None:
    machine: Callable[[], RuleBasedStateMachine] = Simulation
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=8,
            deadline=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            derandomize=False,
            database=None,
        ),
    )


EXAMPLES = int(os.environ.get("QSYNC_SIMULATIONS", "200"))


@pytest.mark.parametrize("part", range(4))
def test_the_newest_values_arrive_whatever_happens(part: int) -> None:
    """In parts, so that they run side by side."""
    _simulate(EXAMPLES // 4)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_the_newest_values_arrive_whatever_happens_many_times(part: int) -> None:
    _simulate(250)
