"""When the next request may go: places in flight, windows, and what the server asked for.

Everybody asks here, so that all wait together: a `Retry-After` given to one request holds back the
others too. There are two lines, submits and everything else, each served in turn: a submit that
waits for a window, or for room to read the jobs that are open, is in no poll's way.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum

from qsync.project.model import LimitSettings
from qsync.qualified import headers as said
from qsync.qualified.clock import Clock
from qsync.qualified.outlook import seconds_for
from qsync.qualified.windows import QUARTER, Windows
from qsync.waiting import OvertakenError, unless

MAX_IN_FLIGHT = 10
"""API.md, "Limits": a team's requests in flight. Settings cannot go above."""

SHORTEST_WAIT = 0.001
"""A wait that rounding made too short to move the clock would be waited for ever."""

_GROWTH = 0.1


class Asker(Enum):
    """Who wants requests to wait."""

    SERVER = "Qualified"
    """By `Retry-After`, or by telling that nothing remains of the team's window."""
    WINDOWS = "the windows"
    """The team's limits as configured, less what was spent."""


class TooLongError(Exception):
    """There is a longer wait than its caller has patience for, or than the deadline leaves time.

    Attributes:
        seconds: The wait.
        asker: Whose it is.
        late: Whether the deadline is in its way, not the patience.
    """

    def __init__(self, seconds: float, asker: Asker, *, late: bool) -> None:
        super().__init__(f"{asker.value} asked to wait {math.ceil(seconds)} seconds")
        self.seconds = seconds
        self.asker = asker
        self.late = late


class SubmitsEndedError(Exception):
    """The run was stopped: nothing more is submitted, whatever was waiting."""


class Slot:
    """A place in flight. Its holder reports how the request went before giving it back.

    Attributes:
        held_back: Seconds waited because the server asked for it.
    """

    def __init__(self, quota: Quota, generation: int, held_back: float) -> None:
        self._quota = quota
        self._generation = generation
        self.held_back = held_back

    def succeeded(self) -> None:
        """Answered as hoped: there may be a little more in flight."""
        self._quota.grow()

    def overloaded(self) -> None:
        """429 or 503 without `Retry-After`: there must be less in flight."""
        self._quota.shrink(self._generation)


class Quota:
    """Lets requests go, in two lines.

    Args:
        limits: The team's limits, the share of them, and the places in flight.
        clock: Time.
        spent: Requests made before (by earlier runs), as `(epoch seconds, how many)`.

    Attributes:
        deadline: Monotonic seconds; no wait that would end later is begun. One that has begun
            goes on when this changes.
        stop: When it is set nothing more is submitted. Other requests go on: open jobs are read.
        rate_limit: What the last answer said of the team's 15-minute window.
    """

    def __init__(
        self, limits: LimitSettings, clock: Clock, spent: Sequence[tuple[float, int]] = ()
    ) -> None:
        self._clock = clock
        self._windows = Windows(limits)
        self.remember(spent)
        self._most = float(max(1, min(MAX_IN_FLIGHT, limits.in_flight)))
        self._places = self._most
        self._generation = 0
        self._in_flight = 0
        self._asked_until = -math.inf
        self._empty_until = -math.inf
        self._submits = asyncio.Lock()
        self._others = asyncio.Lock()
        self._ended = asyncio.Event()
        self._waits: list[float] = []
        self.deadline = math.inf
        self.stop: asyncio.Event | None = None
        self.rate_limit: said.RateLimit | None = None

    @property
    def places(self) -> int:
        """Requests that may be in flight now."""
        return max(1, math.floor(self._places))

    @property
    def in_flight(self) -> int:
        """Requests in flight."""
        return self._in_flight

    @property
    def waiting_until(self) -> float | None:
        """Epoch seconds at which the next request that is held back goes; None while none is."""
        return min(self._waits, default=None)

    def seconds_for(self, requests: int) -> float:
        """Seconds until there is room for so many more requests, at the earliest."""
        now = self._clock.monotonic()
        asked = max(self._asked_until, self._empty_until) - now
        own = seconds_for(self._windows, now, self._in_flight, requests)
        return max(0.0, asked, own) if requests else 0.0

    def remember(self, spent: Sequence[tuple[float, int]]) -> None:
        """Count requests made before too, as `(epoch seconds, how many)`."""
        now = self._clock.time()
        ago = [(now - at, count) for at, count in spent]
        self._windows.remember(ago, self._clock.monotonic())

    @asynccontextmanager
    async def slot(self, patience: float, reserve: int | None = None) -> AsyncIterator[Slot]:
        """Wait for one's turn, then hold a place in flight.

        Args:
            patience: Seconds the server may ask to wait. Waiting for one's own windows is the plan
                of a large run, not a failure, and has no bound but the deadline.
            reserve: For a submit: room that every window must have for more requests after it.
                None is any other request, which stands in the other line.

        Raises:
            TooLongError: The server asked for more, or the wait would end after the deadline.
            SubmitsEndedError: It is a submit, and the run was stopped.
        """
        async with self._others if reserve is None else self._submits:
            held_back = await self._wait(patience, reserve)
            # Nothing is awaited between finding room and taking it: the other line looks too.
            self._in_flight += 1
            slot = Slot(self, self._generation, held_back)
        try:
            yield slot
        finally:
            self._in_flight -= 1
            self._windows.end(self._clock.monotonic())
            self._ended.set()

    async def _wait(self, patience: float, reserve: int | None) -> float:
        held_back = 0.0
        stop = None if reserve is None else self.stop
        while True:
            if stop is not None and stop.is_set():
                raise SubmitsEndedError
            now = self._clock.monotonic()
            asked = self._asked_until - now
            if asked > 0:
                if held_back + asked > patience:
                    raise TooLongError(asked, Asker.SERVER, late=False)
                await self._pause(asked, Asker.SERVER, stop)
                held_back += asked
                continue
            if self._in_flight >= self.places:
                await self._until_one_ends()
                continue
            own, empty = (
                self._windows.wait(now, self._in_flight, reserve or 0),
                self._empty_until - now,
            )
            if max(own, empty) <= 0:
                return held_back
            if math.isinf(own):
                await self._until_one_ends()
            else:
                asker = Asker.WINDOWS if own >= empty else Asker.SERVER
                await self._pause(max(own, empty), asker, stop)

    async def _pause(self, seconds: float, asker: Asker, stop: asyncio.Event | None) -> None:
        if self.too_late(seconds):
            raise TooLongError(seconds, asker, late=True)
        until = self._clock.time() + seconds
        self._waits.append(until)
        try:
            with suppress(OvertakenError):
                await unless(stop, self._clock.sleep(max(seconds, SHORTEST_WAIT)))
        finally:
            self._waits.remove(until)

    def too_late(self, seconds: float) -> bool:
        """Whether so long a wait from now would end after the deadline."""
        return self._clock.monotonic() + seconds > self.deadline

    async def _until_one_ends(self) -> None:
        self._ended.clear()
        await self._ended.wait()

    def hold(self, seconds: float) -> None:
        """The server asked everybody to wait so long (`Retry-After`)."""
        self._asked_until = max(self._asked_until, self._clock.monotonic() + seconds)

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take `RateLimit-*` into account. They can only slow requests down, never let more go."""
        now = self._clock.time()
        limit = said.rate_limit(headers, now)
        if limit is None:
            return
        self.rate_limit = limit
        self._windows.tighten(limit.limit)
        if limit.remaining == 0:
            # Others work for the same team. The headers know of the 15-minute window only.
            until = min(limit.reset - now, QUARTER)
            self._empty_until = max(self._empty_until, self._clock.monotonic() + until)

    def grow(self) -> None:
        """One more place after ten answers."""
        self._places = min(self._most, self._places + _GROWTH)

    def shrink(self, generation: int) -> None:
        """Half the places, once for all the requests that were in flight together."""
        if generation == self._generation:
            self._places = max(1.0, self._places / 2)
            self._generation += 1
