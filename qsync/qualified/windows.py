"""Sliding windows over one's own requests: how long until the next one may go.

A request counts from the moment it is sent until its window has passed *since its answer*: when the
server saw it is known no better than that. So however long requests travel, the server never sees
more of them within a window than its size.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from qsync.project.model import LimitSettings

QUARTER, HOUR, DAY = 900.0, 3_600.0, 86_400.0
SLACK = 0.1
"""Seconds added to each window: two machines' clocks do not tick quite alike."""


class Window:
    """One window.

    Args:
        seconds: Its length.
        size: Requests that fit into it.

    Attributes:
        ended: When requests ended that may be in it still, monotonic seconds, the oldest first.
    """

    def __init__(self, seconds: float, size: int) -> None:
        self.seconds = seconds
        self.allowed = size
        self.size = size
        self.ended: deque[float] = deque()

    def remember(self, spent: Sequence[tuple[float, int]], now: float) -> None:
        """Count requests made before too, as `(seconds ago, how many)`, in any order."""
        times = [
            now - max(0.0, ago)
            for ago, count in spent
            if ago < self.seconds + SLACK
            for _ in range(min(count, self.allowed))
        ]
        # Nobody ever waits for an older one than the newest that fill the window.
        self.ended = deque(sorted([*self.ended, *times])[-self.allowed :])

    def tighten(self, size: int) -> None:
        """Have another size, but never one above the first."""
        self.size = max(1, min(self.allowed, size))

    def wait(self, now: float, in_flight: int, reserve: int = 0) -> float:
        """Seconds until a request may start; infinite when one in flight must end first.

        Args:
            now: Monotonic seconds.
            in_flight: Requests that have started and not ended.
            reserve: Room that must be left for others; at most all of the window but one.
        """
        ended = self.ended
        while ended and ended[0] + self.seconds + SLACK <= now:
            ended.popleft()
        too_many = len(ended) + in_flight + min(reserve, self.size - 1) - self.size
        if too_many < 0:
            return 0.0
        if too_many >= len(ended):
            return math.inf
        return ended[too_many] + self.seconds + SLACK - now

    def end(self, now: float) -> None:
        """A request has ended."""
        self.ended.append(now)


class Windows:
    """The three windows of API.md, "Limits", cut to the share that qsync may use.

    Args:
        limits: Their sizes for the team, and the share.
        spent: Requests made before, as `(seconds ago, how many)`.
        now: Monotonic seconds.
    """

    def __init__(
        self, limits: LimitSettings, spent: Sequence[tuple[float, int]] = (), now: float = 0.0
    ) -> None:
        self._share = limits.share
        self.quarter = Window(QUARTER, self._part(limits.per_15m))
        self.hour = Window(HOUR, self._part(limits.per_hour))
        self.day = Window(DAY, self._part(limits.per_day))
        self.remember(spent, now)

    @property
    def all(self) -> tuple[Window, Window, Window]:
        """From the shortest to the longest."""
        return self.quarter, self.hour, self.day

    def _part(self, limit: int) -> int:
        return max(1, math.floor(limit * self._share))

    def tighten(self, limit: int) -> None:
        """The server named the team's 15-minute limit: fit in, if it is below what was set."""
        self.quarter.tighten(self._part(limit))

    def remember(self, spent: Sequence[tuple[float, int]], now: float) -> None:
        """Count requests made before too, as `(seconds ago, how many)`, in any order."""
        for window in self.all:
            window.remember(spent, now)

    def wait(self, now: float, in_flight: int, reserve: int = 0) -> float:
        """Seconds until a request may start that leaves room for `reserve` more in each window.

        Infinite when one in flight must end first.
        """
        return max(window.wait(now, in_flight, reserve) for window in self.all)

    def end(self, now: float) -> None:
        """A request has ended."""
        for window in self.all:
            window.end(now)
