"""Waiting for something unless something else comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class OvertakenError(Exception):
    """The event was set first; what was awaited is cancelled."""


async def unless(event: asyncio.Event | None, work: Coroutine[Any, Any, T]) -> T:
    """Await something until an event is set; for ever when there is no event.

    Args:
        event: Cancels the work when it is set first, or is set already.
        work: What is awaited; it must bear to be cancelled.

    Raises:
        OvertakenError: The event came first.
        Exception: Whatever the work raises.
    """
    if event is None:
        return await work
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise OvertakenError
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
