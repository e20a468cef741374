"""Notes on requests, put down before they are made: what a run that is killed had spent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from qsync.execution.ports import MINUTE
from qsync.qualified.clock import Clock

Note = Callable[[float, int], Awaitable[None]]
"""Puts down durably that up to so many more requests are made in a minute (its first epoch second).
"""


class RequestNotes:
    """Tells each request the minute it is made in, and sees to it that it is noted before.

    The sum noted for a minute is never below the requests made in it. Without `note` nothing is
    put down.

    Args:
        clock: Time.

    Attributes:
        note: Where notes go.
        every: Requests that one note is for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # One note at a time: two requests that find no room would note it twice.
        self._one = asyncio.Lock()
        self._noted: int | None = None
        self._left = 0
        self.note: Note | None = None
        self.every = 100

    async def next(self) -> int:
        """The minute of the request that is made right after this, noted.

        Raises:
            Exception: Whatever `note` raises; the request must not be made then.
        """
        async with self._one:
            while self.note is not None:
                minute = self._minute()
                if minute != self._noted:
                    self._noted, self._left = minute, 0
                if self._left > 0:
                    self._left -= 1
                    return minute
                await self.note(minute, self.every)
                # Putting it down may have lasted into the next minute, which needs its own.
                self._left += self.every
            return self._minute()

    def _minute(self) -> int:
        return int(self._clock.time() // MINUTE) * MINUTE
