"""When jobs are polled: simulated in virtual time against jobs of known duration."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from qsync.execution.polling import EAGER_JOBS, START_DELAY, PolledJob, PollTracker
from tests.support.virtual_time import VirtualClock

LATENCY = 0.05


@dataclass
class Simulated:
    polls_per_job: float
    seconds: float
    lags: list[float]
    """Seconds from a job's end to the poll that saw it, in the order seen."""


def simulate(
    jobs: int, duration: Callable[[int], float], *, speeds: bool = False, open_jobs: int = 20
) -> Simulated:
    clock = VirtualClock()
    tracker = PollTracker(jobs)
    numbers = iter(range(jobs))
    polls = 0
    lags: list[float] = []

    async def worker(turn: int) -> None:
        nonlocal polls
        await clock.sleep(turn * LATENCY / 5)
        for number in numbers:
            await clock.sleep(LATENCY)
            job = PolledJob(clock.monotonic(), 500)
            ends_at = clock.monotonic() + duration(number)
            while True:
                while (wait := tracker.due(job) - clock.monotonic()) > 0:
                    await clock.sleep(wait)
                asked_at = clock.monotonic()
                tracker.asked(job, asked_at)
                polls += 1
                await clock.sleep(LATENCY)
                if asked_at >= ends_at:
                    tracker.done(job)
                    lags.append(asked_at - ends_at)
                    break
                share = (asked_at - job.accepted_at) / duration(number)
                tracker.missed(job, clock.monotonic(), int(500 * share) if speeds else 0)

    async def main() -> None:
        await asyncio.gather(*(worker(turn) for turn in range(open_jobs)))

    clock.run(main())
    return Simulated(polls / jobs, clock.elapsed, lags)


@pytest.mark.parametrize("speeds", [True, False])
@pytest.mark.parametrize("seconds", [0.01, 0.3, 3.0, 20.0])
def test_many_jobs_of_one_duration_cost_little_more_than_a_poll_each(
    seconds: float, speeds: bool
) -> None:
    run = simulate(200, lambda _: seconds, speeds=speeds)
    assert run.polls_per_job <= 1.15
    # Open jobs bound the pace: what is lost to waiting for polls is at most 40%.
    assert run.seconds <= 200 / 20 * (max(seconds, 0.35) + 2 * LATENCY) * 1.4


def test_the_delay_never_climbs_away_from_what_jobs_take() -> None:
    run = simulate(3_000, lambda _: 20.0)
    assert max(run.lags[-1_000:]) <= 20.0 * 0.7
    assert sum(run.lags[-1_000:]) / 1_000 <= 20.0 * 0.25


def test_the_delay_follows_jobs_that_become_faster_or_slower() -> None:
    faster = simulate(1_000, lambda number: 20.0 if number < 100 else 2.0)
    assert max(faster.lags[-100:]) <= 2.0
    slower = simulate(1_000, lambda number: 2.0 if number < 500 else 20.0)
    assert slower.polls_per_job <= 1.3
    assert max(slower.lags[-100:]) <= 20.0 * 0.7


def test_jobs_of_very_different_duration_still_cost_near_one_poll() -> None:
    rng = random.Random(1)
    durations = [rng.uniform(5, 40) for _ in range(1_000)]
    assert simulate(1_000, durations.__getitem__).polls_per_job <= 1.15


@pytest.mark.proves(fault="job never ends", promise="quota kept")
def test_one_stuck_job_at_the_start_does_not_hold_up_the_others() -> None:
    run = simulate(200, lambda number: 3_600.0 if number == 0 else 5.0)
    assert sorted(run.lags)[-2] <= 5.0


@pytest.mark.parametrize("seconds", [0.01, 0.3, 3.0, 20.0])
def test_few_jobs_are_asked_often_because_somebody_waits(seconds: float) -> None:
    run = simulate(EAGER_JOBS, lambda _: seconds)
    assert max(run.lags) <= max(START_DELAY, 2.0 + 2 * LATENCY)
    assert run.polls_per_job <= 16


def test_a_poll_without_an_answer_teaches_nothing_and_is_sent_again() -> None:
    tracker = PollTracker(200)
    first = PolledJob(0.0, 500)
    tracker.asked(first, 4.0)
    tracker.done(first)
    trial = PolledJob(10.0, 500)
    tracker.asked(trial, 13.9)
    waiting, early = PolledJob(10.0, 500), PolledJob(10.0, 500)
    assert tracker.due(waiting) == 14.0
    tracker.asked(early, 13.95)
    tracker.unanswered(early, 13.99)
    assert tracker.due(waiting) == 14.0
    tracker.unanswered(trial, 14.0)
    assert tracker.due(waiting) < 14.0
    assert tracker.due(trial) == 16.0


def test_jobs_of_another_size_are_another_estimate() -> None:
    tracker = PollTracker(200)
    large = PolledJob(0.0, 500)
    tracker.asked(large, 40.0)
    tracker.done(large)
    assert tracker.due(PolledJob(0.0, 400)) > 30.0
    assert tracker.due(PolledJob(0.0, 3)) == START_DELAY
