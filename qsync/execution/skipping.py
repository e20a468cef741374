"""A clock that leaves out waiting: what a rehearsal waits for takes no time.

The engine waits for moments, such as that of a job's next poll. Where nothing else is under way
that is worth waiting for, the moment has come: the clock moves there. What is computed meanwhile
takes the time it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Iterator
from itertools import count

_QUIET_TURNS = 50
"""Turns of the event loop to look at before time is left out: a request and its answer take some
twenty, and whoever still works on one shall not find that hours have passed."""


class SkippingClock:
    """Implements `Clock`; made for one event loop.

    `monotonic` runs ahead by what was left out. `time` is the machine's, so that records tell when
    a rehearsal was and how long it took.
    """

    def __init__(self) -> None:
        self._left_out = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._working = 0
        self._watching = False

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic() + self._left_out

    def time(self) -> float:
        """Epoch seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait for a moment, which comes as soon as nobody does anything else."""
        moment = self.monotonic() + seconds
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (moment, next(self._numbers), woken))
        self._watch()
        await woken

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """While something is under way elsewhere, in another thread say, no time is left out."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            self._watch()

    def _watch(self) -> None:
        if self._sleepers and not self._working and not self._watching:
            self._watching = True
            self._look(_QUIET_TURNS)

    def _look(self, turns: int) -> None:
        if self._working:
            self._watching = False
        elif turns:
            asyncio.get_running_loop().call_soon(self._look, turns - 1)
        else:
            self._watching = False
            self._wake_next()
            self._watch()

    def _wake_next(self) -> None:
        while self._sleepers:
            moment, _, woken = heapq.heappop(self._sleepers)
            # Whoever was cancelled waits for nothing any more.
            if not woken.done():
                self._left_out += max(0.0, moment - self.monotonic())
                woken.set_result(None)
                return
