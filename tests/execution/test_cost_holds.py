"""The cost that a plan tells, held against deliveries to the emulated account in virtual time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest

from qsync.emulator import DEFAULT_KEY, Account, EmulatorSettings
from qsync.emulator import Limits as EmulatedLimits
from qsync.execution.costing import MOST_PLAYED, cost_of
from qsync.execution.deliver import deliver
from qsync.execution.pacing import JobTimes
from qsync.planning.cost import WINDOWS, Cost, Pace
from qsync.planning.plan import CHUNK_ROWS
from qsync.project.model import LimitSettings
from qsync.qualified import QualifiedClient, read_api_key
from qsync.qualified.quota import MAX_IN_FLIGHT
from tests.support.emulated_transport import EmulatedTransport
from tests.support.fake_stage import FakeStage, context, people
from tests.support.virtual_time import VirtualClock

WITHIN = 0.2
USUAL = LimitSettings()


@dataclass(frozen=True, slots=True)
class Run:
    """How a delivery went.

    Attributes:
        seconds: How long it took.
        sent: When each request was sent, from 0.
        pace: What it measured, if all its polls did not have to wait.
    """

    seconds: float
    sent: list[float]
    pace: Pace | None


@dataclass(frozen=True, slots=True)
class Case:
    """A run: what it sends, how Qualified works, what was spent before."""

    jobs: tuple[int, ...]
    job_seconds: float = 3.0
    latency: float = 0.3
    limits: LimitSettings = USUAL
    spent: tuple[tuple[float, int], ...] = ()

    @property
    def pace(self) -> Pace:
        """That of the emulated account; it begins with a job before its submit is answered."""
        return Pace(max(0.0, self.job_seconds - self.latency), self.latency)

    def cost(self, pace: Pace) -> Cost:
        """What a plan would tell."""
        return cost_of(self.jobs, self.limits, self.spent, pace)

    def run(self) -> Run:
        """Deliver it."""
        clock = VirtualClock()
        emulated = EmulatedLimits(per_15m=None, per_hour=None, per_day=None)
        settings = EmulatorSettings(
            job_base_seconds=self.job_seconds, latency=self.latency, limits=emulated
        )
        account = Account(settings, clock=clock.time)
        began = clock.time()
        paces: list[Pace] = []

        async def main() -> None:
            key = read_api_key({"QUALIFIED_API_KEY": DEFAULT_KEY}, "QUALIFIED_API_KEY")
            async with QualifiedClient(
                "http://qualified.test",
                key,
                limits=self.limits,
                transport=EmulatedTransport(account, clock),
                clock=clock,
                rng=random.Random(3),
                spent=[(began - ago, count) for ago, count in self.spent],
            ) as api:
                await api.fields()
                for jobs in self.jobs:
                    stage = FakeStage(people(jobs * CHUNK_ROWS))
                    result = await deliver(
                        stage.stage,
                        warehouse=stage.warehouse,
                        in_warehouse=stage.in_warehouse,
                        api=api,
                        clock=clock,
                        context=context,
                        progress=lambda _: None,
                        stop=asyncio.Event(),
                    )
                    assert result.succeeded == jobs * CHUNK_ROWS
                    if result.job_seconds is not None:
                        request_seconds = api.tally.seconds / api.tally.requests
                        paces.append(Pace(result.job_seconds, request_seconds))

        clock.run(main())
        sent = [request.at - began for request in account.requests()]
        return Run(clock.elapsed, sent, paces[-1] if paces else None)


CASES = {
    "one short job": Case((1,), 0.3, 0.05),
    "one job of a minute": Case((1,), 60.0),
    "one job of ten minutes": Case((1,), 600.0),
    "few jobs, slow requests": Case((7,), 1.0, 2.0),
    "two small streams": Case((2, 5), 3.0),
    "just as many as are polled eagerly": Case((10,), 5.0),
    "one more than are polled eagerly": Case((11,), 20.0),
    "many short jobs": Case((60,), 0.5, 0.1),
    "many jobs at once, bound by places in flight": Case((60,), 0.5, 1.0),
    "many jobs, one place in flight": Case((30,), 2.0, 0.5, LimitSettings(in_flight=1)),
    "many long jobs, bound by open jobs": Case((90,), 45.0),
    "a large stream after a small one": Case((3, 70), 8.0, 0.2),
    "bound by the quarter of an hour": Case((120,), 4.0, 0.3, LimitSettings(per_15m=60)),
    "bound by the hour": Case((60,), 4.0, 0.3, LimitSettings(per_15m=60, per_hour=70)),
    "bound by the day": Case((30,), 4.0, 0.3, LimitSettings(per_day=50)),
    "few jobs, bound by the quarter of an hour": Case((8,), 20.0, 0.3, LimitSettings(per_15m=30)),
    "after others have spent the quarter": Case((20,), 3.0, 0.3, spent=((400.0, 1_780),)),
    "bound by windows and by long jobs": Case((45,), 70.0, 0.4, LimitSettings(per_15m=50)),
    "after others have spent most of an hour": Case(
        (40,), 3.0, 0.3, LimitSettings(per_15m=80, per_hour=200), ((3_000.0, 60), (1_200.0, 110))
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_time_to_finish_is_told_within_a_fifth_and_so_are_the_requests(case: Case) -> None:
    run = case.run()
    told = case.cost(case.pace)
    assert told.seconds == pytest.approx(run.seconds, rel=WITHIN)
    assert told.expected == pytest.approx(len(run.sent), rel=WITHIN)
    assert told.requests <= len(run.sent)
    for use, (_, length) in zip(told.windows, WINDOWS, strict=True):
        assert use.planned == pytest.approx(sum(at < length for at in run.sent), rel=WITHIN)
    # The same run once more, in the pace that this one measured.
    assert case.cost(run.pace or case.pace).seconds == pytest.approx(run.seconds, rel=WITHIN)


def test_the_rehearsal_has_as_many_jobs_and_requests_open_as_the_delivery() -> None:
    cost = Case((20,), limits=LimitSettings(in_flight=10)).cost(Pace(3.0, 0.3))
    assert Case((20,), limits=LimitSettings(in_flight=50)).cost(Pace(3.0, 0.3)) == cost
    assert MAX_IN_FLIGHT == 10


@pytest.mark.parametrize("seconds", [4.0, 60.0])
def test_a_load_too_large_to_rehearse_costs_in_proportion(seconds: float) -> None:
    pace = Pace(seconds, 0.3)
    whole = cost_of((MOST_PLAYED,), USUAL, (), pace)
    larger = cost_of((2 * MOST_PLAYED - 1, 1), USUAL, (), pace)
    assert whole.seconds is not None
    assert larger.seconds == pytest.approx(2 * whole.seconds, rel=0.05)
    assert larger.expected == pytest.approx(2 * (whole.expected or 0), rel=0.01)
    for use, of_whole in zip(larger.windows[:2], whole.windows[:2], strict=True):
        assert use.planned == pytest.approx(of_whole.planned, rel=0.05)


def test_a_load_of_days_waits_for_the_days_window_too() -> None:
    cost = cost_of((200_000,), USUAL, (), Pace(3.0, 0.3))
    days = (cost.expected or 0) / (USUAL.per_day * USUAL.share)
    assert cost.seconds == pytest.approx(days * 86_400, rel=0.1)
    assert cost.binding.name == "24h"
    assert cost.binding.planned <= cost.binding.limit


def test_what_many_polls_see_of_jobs_is_enough_to_tell_how_long_one_takes() -> None:
    """They see it late; taken for the truth, that would be added to each time told."""
    times = JobTimes()
    for missed, asked in [(0.0, 12.9), (9.2, 13.4), (9.9, 11.5), (0.0, 11.0)]:
        times.add(missed, asked, asked + 0.3)
    assert times.seconds(request_seconds=0.3) == pytest.approx((9.9 + 11.0) / 2)


def test_jobs_that_take_no_time_to_speak_of_are_taken_as_they_are_seen() -> None:
    times = JobTimes()
    assert times.seconds() is None
    times.add(0.0, 0.4, 0.4)
    times.add(0.0, 0.25, 0.25)
    assert times.seconds() == 0.25


def test_jobs_that_differ_are_told_by_their_average() -> None:
    times = JobTimes()
    times.add(2.0, 4.0, 4.0)
    times.add(10.0, 14.0, 14.0)
    assert times.seconds() == pytest.approx((3.0 + 12.0) / 2)


def test_a_poll_that_waited_for_a_window_tells_nothing_of_its_job() -> None:
    times = JobTimes()
    times.add(0.0, 0.25, 880.0)
    assert times.seconds() is None
