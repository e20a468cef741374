"""No trace that the emulated account sees ever exceeds a window, whatever happens to requests.

The account of these tests has no limits of its own: it only notes when it was asked what.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qsync.emulator import Fault, Limits
from qsync.execution.ports import JobView
from qsync.execution.remote import RemoteError
from qsync.project.model import LimitSettings
from qsync.qualified.windows import DAY, HOUR, QUARTER
from tests.qualified.kit import client_of
from tests.qualified.test_against_emulator import Team, batch
from tests.support.emulated_transport import EmulatedTransport
from tests.support.virtual_time import START

UNLIMITED = Limits(in_flight=None, per_15m=None, per_hour=None, per_day=None)
MINUTE = 60.0

FAULTS = st.lists(
    st.builds(
        Fault,
        status=st.sampled_from([429, 503, 500]),
        retry_after=st.sampled_from([None, 7, 400]),
        probability=st.floats(0.05, 0.4),
    )
    | st.builds(Fault, cut=st.sampled_from(["before", "after"]), probability=st.floats(0.05, 0.3)),
    max_size=3,
)
LIMITS = st.builds(
    LimitSettings,
    share=st.sampled_from([1.0, 0.7]),
    in_flight=st.integers(1, 10),
    per_15m=st.integers(3, 15),
    per_hour=st.integers(10, 30),
    per_day=st.integers(40, 80),
)
SPENT = st.lists(st.tuples(st.floats(-90_000, 0), st.integers(0, 12)), max_size=4)


@dataclass(frozen=True)
class Work:
    """What one run does: jobs by several workers, each job read a few times."""

    workers: int
    jobs: int
    polls: int
    pause: float
    reserve: bool


WORK = st.builds(
    Work,
    workers=st.integers(1, 4),
    jobs=st.integers(1, 4),
    polls=st.integers(1, 3),
    pause=st.floats(0.0, 700.0),
    reserve=st.booleans(),
)


class Run:
    """One run of a team: its client, its notes, and the most that it may have spent."""

    def __init__(self, team: Team, limits: LimitSettings, seed: int) -> None:
        self.team = team
        self.notes: list[tuple[float, int]] = []
        self.open = 0
        self.client = client_of(
            EmulatedTransport(team.account, team.clock), team.clock, limits=limits
        )
        self.client.note_requests(self.note, every=random.Random(seed).randint(1, 5))

    async def note(self, minute: float, requests: int) -> None:
        await self.team.clock.sleep(1.5)
        self.notes.append((minute, requests))

    async def work(self, work: Work) -> None:
        await asyncio.gather(*(self._worker(work, number) for number in range(work.workers)))

    async def _worker(self, work: Work, number: int) -> None:
        for turn in range(work.jobs):
            self.open += 1
            try:
                job = await self._submit(f"p{number}x{turn}", self.open if work.reserve else 0)
                for _ in range(work.polls):
                    await self.team.clock.sleep(work.pause)
                    await self.client.job(job.id)
            except RemoteError:
                continue
            finally:
                self.open -= 1

    async def _submit(self, name: str, reserve: int) -> JobView:
        return await self.client.submit(batch(name), reserve=reserve)


def exceeded(team: Team, limits: LimitSettings, spent: list[tuple[float, int]]) -> list[str]:
    """Windows that hold more than their share at the moment of some request."""
    made = [line.at for line in team.account.requests()]
    before = [START + at for at, count in spent for _ in range(count)]
    found: list[str] = []
    for seconds, limit in (
        (QUARTER, limits.per_15m),
        (HOUR, limits.per_hour),
        (DAY, limits.per_day),
    ):
        for at in made:
            window = [one for one in (*before, *made) if at - seconds < one <= at]
            if len(window) > max(1, int(limit * limits.share)):
                found.append(f"{len(window)} requests within {seconds} s, at {at - START}")
    return found


@pytest.mark.proves(fault="quota spent by others", promise="quota kept")
@settings(max_examples=60)
@given(WORK, LIMITS, SPENT, FAULTS, st.sampled_from([0.0, 0.3, 40.0]))
def test_no_trace_exceeds_a_window_with_retries_workers_reserve_and_earlier_runs(
    work: Work,
    limits: LimitSettings,
    spent: list[tuple[float, int]],
    faults: list[Fault],
    latency: float,
) -> None:
    team = Team(limits=UNLIMITED, latency=latency, latency_jitter=latency)
    team.account.set_faults(faults)

    async def main() -> Run:
        run = Run(team, limits, seed=1)
        run.client.remember([(START + at, count) for at, count in spent])
        await run.work(work)
        await run.client.aclose()
        return run

    run = team.clock.run(main())
    assert exceeded(team, limits, spent) == []
    assert len(team.account.requests()) == run.client.tally.requests


@pytest.mark.proves(fault="process killed", promise="quota kept")
@pytest.mark.proves(fault="machine gone", promise="quota kept")
@settings(max_examples=60)
@given(WORK, WORK, LIMITS, FAULTS, st.floats(0.0, 5_000.0), st.floats(0.0, 2_000.0))
def test_a_killed_runs_notes_keep_the_next_run_within_every_window(
    first: Work,
    second: Work,
    limits: LimitSettings,
    faults: list[Fault],
    killed_after: float,
    pause: float,
) -> None:
    team = Team(limits=UNLIMITED, latency=0.3)
    team.account.set_faults(faults)

    async def main() -> None:
        killed = Run(team, limits, seed=2)
        task = asyncio.create_task(killed.work(first))
        await team.clock.sleep(killed_after)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await team.clock.sleep(pause)
        next_run = Run(team, limits, seed=3)
        # All that is known of a minute is how many requests it had at most: they end with it.
        next_run.client.remember([(minute + MINUTE, count) for minute, count in killed.notes])
        await next_run.work(second)

    team.clock.run(main())
    assert exceeded(team, limits, []) == []


@settings(max_examples=30)
@given(WORK, LIMITS)
def test_jobs_that_are_open_are_read_at_once_when_submits_leave_room_for_them(
    work: Work, limits: LimitSettings
) -> None:
    # Every job is read once, a minute after it was accepted, whatever the submits wait for.
    team = Team(limits=UNLIMITED, latency=0.1)
    late: list[float] = []

    async def main() -> None:
        async with client_of(
            EmulatedTransport(team.account, team.clock), team.clock, limits=limits
        ) as client:

            async def worker(number: int) -> None:
                for turn in range(work.jobs):
                    job = await client.submit(batch(f"p{number}x{turn}"), reserve=work.workers)
                    await team.clock.sleep(MINUTE)
                    due = team.clock.elapsed
                    assert await client.job(job.id) is not None
                    late.append(team.clock.elapsed - due)

            await asyncio.gather(*(worker(number) for number in range(work.workers)))

    team.clock.run(main())
    assume(int(limits.per_15m * limits.share) > work.workers)
    assert max(late) < 2.0
