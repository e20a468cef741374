"""How fast a delivery goes and how long it takes still: by what is measured and by the quota.

A run that is short of requests does nothing for minutes and then a lot at once. So what was
measured alone says too little: time left is the longer of two, the rows that are left at the best
rate seen, and the time until the quota has room for the last request.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from qsync.execution.deliver import DeliveryProgress
from qsync.planning.plan import CHUNK_ROWS

RECENT_SECONDS = 60.0
"""What counts for the rate that is told."""

QuotaSeconds = Callable[[int], float]
"""Seconds until the request quota has room for so many more requests."""


def no_quota(_: int) -> float:
    """Nothing is known of a quota, or there is none."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands.

    Attributes:
        progress: Its numbers.
        done: Rows with an end.
        rows_per_second: Over the last minute; None until two moments are known.
        seconds_left: None while nothing has an end; infinite never.
        quota_seconds: The part of it that the quota alone asks for.
    """

    progress: DeliveryProgress
    done: int
    rows_per_second: float | None
    seconds_left: float | None
    quota_seconds: float


class Pace:
    """Measures one delivery.

    Args:
        clock: Seconds of a clock that only goes forward.
        quota: What the quota allows.
    """

    def __init__(self, clock: Callable[[], float], quota: QuotaSeconds = no_quota) -> None:
        self._clock = clock
        self._quota = quota
        self._began = clock()
        self._seen: deque[tuple[float, int]] = deque([(self._began, 0)])

    def at(self, progress: DeliveryProgress) -> Standing:
        """How it stands now."""
        now, done = self._clock(), done_rows(progress)
        self._seen.append((now, done))
        # One older than a minute stays, so that there is something to measure from.
        while len(self._seen) > 2 and self._seen[1][0] <= now - RECENT_SECONDS:
            self._seen.popleft()
        recent = _rate(self._seen[0], (now, done))
        overall = _rate((self._began, 0), (now, done))
        quota = self._quota(requests_left(progress)) if done < progress.planned else 0.0
        return Standing(
            progress, done, recent, _left(progress, done, recent, overall, quota), quota
        )


def done_rows(progress: DeliveryProgress) -> int:
    """Rows with an end."""
    return progress.succeeded + progress.rejected + progress.unknown + progress.invalid_late


def requests_left(progress: DeliveryProgress) -> int:
    """At the least: a submit and a poll for each chunk to come, a poll for each open job."""
    chunks = math.ceil((progress.planned - done_rows(progress)) / CHUNK_ROWS)
    return 2 * max(0, chunks - progress.open_jobs) + progress.open_jobs


def _rate(before: tuple[float, int], now: tuple[float, int]) -> float | None:
    seconds = now[0] - before[0]
    return (now[1] - before[1]) / seconds if seconds > 0 else None


def _left(
    progress: DeliveryProgress,
    done: int,
    recent: float | None,
    overall: float | None,
    quota: float,
) -> float | None:
    rows = progress.planned - done
    if rows <= 0:
        return 0.0
    best = max(recent or 0.0, overall or 0.0)
    if best <= 0:
        return quota or None
    return max(rows / best, quota)
