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
    """

    def __init__(self, seconds: float, size: int) -> None:
        self.seconds = seconds
        self._allowed = size
        self.size = size
        self._ended: deque[float] = deque()

    def seed(self, times: Sequence[float]) -> None:
        """Count requests made before, by when they ended, oldest first."""
        self._ended.extend(times[-self._allowed :])

    def tighten(self, size: int) -> None:
        """Have another size, but never one above the first."""
        self.size = max(1, min(self._allowed, size))

    def wait(self, now: float, in_flight: int) -> float:
        """Seconds until a request may start; infinite when one in flight must end first."""
        ended = self._ended
        while ended and ended[0] + self.seconds + SLACK <= now:
            ended.popleft()
        too_many = len(ended) + in_flight - self.size
        if too_many < 0:
            return 0.0
        if too_many >= len(ended):
            return math.inf
        return ended[too_many] + self.seconds + SLACK - now

    def end(self, now: float) -> None:
        """A request has ended."""
        self._ended.append(now)


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
        ordered = sorted(((max(0.0, ago), count) for ago, count in spent), reverse=True)
        for window in self._all:
            times = [
                now - ago for ago, count in ordered if ago < window.seconds for _ in range(count)
            ]
            window.seed(times)

    @property
    def _all(self) -> tuple[Window, Window, Window]:
        return self.quarter, self.hour, self.day

    def _part(self, limit: int) -> int:
        return max(1, math.floor(limit * self._share))

    def tighten(self, limit: int) -> None:
        """The server named the team's 15-minute limit: fit in, if it is below what was set."""
        self.quarter.tighten(self._part(limit))

    def wait(self, now: float, in_flight: int) -> float:
        """Seconds until a request may start; infinite when one in flight must end first."""
        return max(window.wait(now, in_flight) for window in self._all)

    def end(self, now: float) -> None:
        """A request has ended."""
        for window in self._all:
            window.end(now)
