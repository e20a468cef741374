"""The team's request limits (API.md, "Limits")."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from qsync.emulator.settings import Limits

QUARTER, HOUR, DAY = 900.0, 3_600.0, 86_400.0


class _Window:
    """Counts the requests of one window, sliding or fixed."""

    def __init__(self, length: float, name: str) -> None:
        self.length = length
        self.name = name
        self.limit: int | None = None
        self.sliding = True
        self._times: deque[float] = deque()

    def count(self, now: float) -> int:
        """Requests in the window that ends now."""
        times = self._times
        if self.sliding:
            edge = now - self.length
            while times and times[0] <= edge:
                times.popleft()
        else:
            start = now - now % self.length
            while times and times[0] < start:
                times.popleft()
        return len(times)

    def add(self, now: float) -> None:
        self._times.append(now)

    def full(self, now: float) -> bool:
        return self.limit is not None and self.count(now) >= self.limit

    def frees_at(self, now: float) -> float:
        """When the next request would be let in, if the window is full now."""
        if not self.sliding or not self.limit:
            return self._ends_at(now)
        return self._times[len(self._times) - self.limit] + self.length

    def resets_at(self, now: float) -> float:
        """What `RateLimit-Reset` says: when the oldest request leaves, or the window ends."""
        if self.sliding:
            return (self._times[0] if self.count(now) else now) + self.length
        return self._ends_at(now)

    def _ends_at(self, now: float) -> float:
        return now + self.length if self.sliding else now - now % self.length + self.length


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429: why, and after how many seconds to come back (None for requests in flight)."""

    message: str
    retry_after: int | None


class Limiter:
    """Lets requests in, or says why not. In flight is counted first: it names no waiting time."""

    def __init__(self, limits: Limits) -> None:
        self._windows = (
            _Window(QUARTER, "15 minutes"),
            _Window(HOUR, "hour"),
            _Window(DAY, "day"),
        )
        self._in_flight: dict[int, float] = {}
        self._tokens = 0
        self.most_in_flight = 0
        self.configure(limits)

    def configure(self, limits: Limits) -> None:
        """Change the limits; what was counted so far stays counted."""
        self._limits = limits
        values = (limits.per_15m, limits.per_hour, limits.per_day)
        for window, limit in zip(self._windows, values, strict=True):
            window.limit = limit
            window.sliding = limits.window == "sliding"

    def in_flight(self, now: float) -> int:
        """Requests that have started and not ended yet."""
        ended = [token for token, until in self._in_flight.items() if until <= now]
        for token in ended:
            del self._in_flight[token]
        return len(self._in_flight)

    def admit(self, now: float) -> int | Refusal:
        """A token that holds a place in flight until `release` or `release_at`, or a refusal."""
        limit = self._limits.in_flight
        # Counted even without a limit: counting forgets the requests that ended.
        started = self.in_flight(now)
        self.most_in_flight = max(self.most_in_flight, started + 1)
        if limit is not None and started >= limit:
            self._count_refused(now)
            return Refusal(f"At most {limit} requests may be in flight", None)
        full = [window for window in self._windows if window.full(now)]
        if full:
            self._count_refused(now)
            wait = max(window.frees_at(now) for window in full) - now
            named = " and ".join(f"{window.limit} requests per {window.name}" for window in full)
            return Refusal(f"Limit of {named} exceeded", max(1, math.ceil(wait)))
        self._count(now)
        self._tokens += 1
        self._in_flight[self._tokens] = math.inf
        return self._tokens

    def release(self, token: int) -> None:
        """The answer has been given."""
        self._in_flight.pop(token, None)

    def release_at(self, token: int, at: float) -> None:
        """The answer will have been given at this time."""
        self._in_flight[token] = at

    def headers(self, now: float) -> tuple[tuple[str, str], ...]:
        """`RateLimit-*` of the 15-minute window, the only one they describe."""
        window = self._windows[0]
        if window.limit is None:
            return ()
        return (
            ("RateLimit-Limit", str(window.limit)),
            ("RateLimit-Remaining", str(max(0, window.limit - window.count(now)))),
            ("RateLimit-Reset", str(math.ceil(window.resets_at(now)))),
        )

    def _count_refused(self, now: float) -> None:
        if self._limits.count_refused:
            self._count(now)

    def _count(self, now: float) -> None:
        for window in self._windows:
            window.count(now)
            window.add(now)
