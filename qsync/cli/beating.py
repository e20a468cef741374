"""A beat beside a run: what is shown must move while nothing happens, as without quota."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from qsync.views.progress import BEAT_SECONDS


@asynccontextmanager
async def beating(
    beat: Callable[[], None], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[None]:
    """Call it every few seconds while the context is entered.

    Args:
        beat: What to call, in the event loop.
        sleep: Waits for seconds.
    """

    async def regularly() -> None:
        while True:
            await sleep(BEAT_SECONDS)
            beat()

    task = asyncio.ensure_future(regularly())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
