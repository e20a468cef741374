"""What a plan costs: requests, how full they make each window, and seconds.

Pure data and the arithmetic of sliding windows. `qsync.execution.costing` fills it in.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from qsync.project.model import LimitSettings

WINDOWS: tuple[tuple[str, float], ...] = (("15m", 900.0), ("1h", 3_600.0), ("24h", 86_400.0))
"""The windows of API.md, "Limits", shortest first: name and seconds."""

SLACK = 0.1
"""Seconds that the client adds to each window."""

Spent = Sequence[tuple[float, int]]
"""Requests that earlier runs made: `(seconds ago, how many)`."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What an earlier run measured.

    Attributes:
        job_seconds: From a job's acceptance until it is done.
        request_seconds: From sending a request until its answer.
    """

    job_seconds: float
    request_seconds: float


@dataclass(frozen=True, slots=True)
class WindowUse:
    """How full a run makes a window.

    Attributes:
        name: `15m`, `1h` or `24h`.
        limit: Requests that qsync may make in it: the team's limit times the share.
        spent: Requests of earlier runs that still count when this one starts.
        planned: Requests of this run expected within its first window length.
    """

    name: str
    limit: int
    spent: int
    planned: int

    @property
    def share(self) -> float:
        """How full it gets, from 0 to 1. A run never makes it fuller: it waits."""
        return min(1.0, (self.spent + self.planned) / self.limit)


@dataclass(frozen=True, slots=True)
class Cost:
    """What sending a plan costs.

    Attributes:
        requests: HTTP requests at best: two for the fields, a submit and a poll for each job.
        expected: With the polls that jobs as long as before will take; None when no earlier run
            says how long that is.
        windows: Shortest first.
        seconds: From the first request to the last answer; None when nothing can be said.
        at_least: Whether `seconds` is only what the windows make it wait, without the jobs' time.
    """

    requests: int
    expected: int | None
    windows: tuple[WindowUse, ...]
    seconds: float | None
    at_least: bool = False

    @property
    def binding(self) -> WindowUse:
        """The window that matters: the longest full one, or the fullest."""
        return max(enumerate(self.windows), key=lambda item: (item[1].share, item[0]))[1]


class SlidingWindow:
    """One window, as the client keeps it: a request counts until its length after its answer.

    Args:
        seconds: Its length.
        limit: Requests that fit into it.
        spent: Requests made before; the first of the run is at 0.
    """

    def __init__(self, seconds: float, limit: int, spent: Spent = ()) -> None:
        self._kept = seconds + SLACK
        self.limit = limit
        self._ended: deque[tuple[float, int]] = deque()
        self._count = 0
        for ago, count in sorted(spent, reverse=True):
            if count and ago < seconds:
                self.end(-max(0.0, ago), count)

    def end(self, at: float, count: int = 1) -> None:
        """So many requests were answered."""
        self._ended.append((at, count))
        self._count += count

    def room(self, now: float) -> int:
        """Requests that fit in now."""
        while self._ended and self._ended[0][0] + self._kept <= now:
            self._count -= self._ended.popleft()[1]
        return self.limit - self._count

    def opens(self, now: float, in_flight: int = 0, reserve: int = 0) -> float:
        """When the next request fits in and leaves room for `reserve` more.

        Infinite while one in flight must end first.
        """
        missing = in_flight + min(reserve, self.limit - 1) + 1 - self.room(now)
        if missing <= 0:
            return now
        for ended, count in self._ended:
            missing -= count
            if missing <= 0:
                return ended + self._kept
        return math.inf


class SlidingWindows:
    """The three windows, cut to the share that qsync may use."""

    def __init__(self, limits: LimitSettings, spent: Spent = ()) -> None:
        self._all = tuple(
            SlidingWindow(seconds, limit, spent)
            for (_, seconds), limit in zip(WINDOWS, window_limits(limits), strict=True)
        )

    def end(self, at: float, count: int = 1) -> None:
        """So many requests were answered."""
        for window in self._all:
            window.end(at, count)

    def room(self, now: float) -> int:
        """Requests that fit into all of them now."""
        return max(0, min(window.room(now) for window in self._all))

    def opens(self, now: float, in_flight: int = 0, reserve: int = 0) -> float:
        """When the next request fits into all and leaves room for `reserve` more.

        Infinite while one in flight must end first.
        """
        return max(window.opens(now, in_flight, reserve) for window in self._all)


def window_limits(limits: LimitSettings) -> tuple[int, ...]:
    """What qsync may spend of each window, rounded down as the client does."""
    team = (limits.per_15m, limits.per_hour, limits.per_day)
    return tuple(max(1, math.floor(limit * limits.share)) for limit in team)


def earliest(requests: int, limits: LimitSettings, spent: Spent) -> list[tuple[float, int]]:
    """When requests could go if answers took no time: `(seconds, how many)`, as bursts."""
    windows = SlidingWindows(limits, spent)
    bursts: list[tuple[float, int]] = []
    now = 0.0
    while requests > 0:
        now = windows.opens(now)
        count = min(requests, windows.room(now))
        windows.end(now, count)
        bursts.append((now, count))
        requests -= count
    return bursts
