"""What a plan would cost, from what earlier runs measured and spent.

Requests are counted two ways. *At best* each job takes one submit and one poll, and two requests
read the field definitions. *Expected* are the polls that the tracker makes of jobs as long as
before: many for a few long jobs, about 1.1 a job for many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from qsync.execution.miniature import FIELD_CALLS, play
from qsync.planning.cost import WINDOWS, Cost, Pace, Spent, WindowUse, earliest, window_limits
from qsync.project.model import LimitSettings

MOST_PLAYED = 20_000
"""Jobs that are gone through one by one: half a second. Ten million rows."""

_WORTH_SAYING = 5.0
"""Seconds of waiting for a window that a plan mentions when it knows nothing else."""


def cost_of(jobs: Sequence[int], limits: LimitSettings, spent: Spent, pace: Pace | None) -> Cost:
    """What sending costs.

    Args:
        jobs: Bulk jobs of each stream, in the order they run; at least one.
        limits: The team's limits, qsync's share of them, and its places in flight.
        spent: Requests of earlier runs, `(seconds ago, how many)`.
        pace: How long jobs and requests took before; None when no run has measured it. Then the
            time is only a lower bound, what the windows make it wait, and said only if that is
            more than a few seconds.
    """
    best = FIELD_CALLS + 2 * sum(jobs)
    if pace is None:
        bursts = earliest(best, limits, spent)
        bound = bursts[-1][0]
        return Cost(
            requests=best,
            expected=None,
            windows=_windows(limits, spent, _counting(bursts)),
            seconds=bound if bound > _WORTH_SAYING else None,
            at_least=bound > _WORTH_SAYING,
        )
    if sum(jobs) > MOST_PLAYED:
        return _large(jobs, limits, spent, pace)
    course = play(jobs, limits, spent, pace)
    return Cost(
        requests=best,
        expected=len(course.sent),
        windows=_windows(limits, spent, lambda seconds: bisect_left(course.sent, seconds)),
        seconds=course.seconds,
    )


def _large(jobs: Sequence[int], limits: LimitSettings, spent: Spent, pace: Pace) -> Cost:
    """The first jobs gone through, the others as many times as they are more.

    Except where the day's window, which the first jobs may not fill, makes them wait longer.
    """
    course = play(_first(jobs, MOST_PLAYED), limits, spent, pace)
    times = sum(jobs) / MOST_PLAYED
    expected = round(len(course.sent) * times)
    seconds = max(course.seconds * times, earliest(expected, limits, spent)[-1][0])

    def within(length: float) -> int:
        if length <= course.seconds:
            return bisect_left(course.sent, length)
        return round(expected * min(1.0, length / seconds))

    return Cost(
        requests=FIELD_CALLS + 2 * sum(jobs),
        expected=expected,
        windows=_windows(limits, spent, within),
        seconds=seconds,
    )


def _first(jobs: Sequence[int], most: int) -> list[int]:
    """Streams cut after so many jobs."""
    ends = [min(end, most) for end in accumulate(jobs, initial=0)]
    return [end - start for start, end in pairwise(ends)]


def _windows(
    limits: LimitSettings, spent: Spent, planned: Callable[[float], int]
) -> tuple[WindowUse, ...]:
    return tuple(
        WindowUse(
            name,
            limit,
            spent=sum(count for ago, count in spent if ago < seconds),
            planned=min(planned(seconds), limit),
        )
        for (name, seconds), limit in zip(WINDOWS, window_limits(limits), strict=True)
    )


def _counting(bursts: Sequence[tuple[float, int]]) -> Callable[[float], int]:
    return lambda seconds: sum(count for at, count in bursts if at < seconds)
