"""Waiting for something unless something else comes first."""

from __future__ import annotations

import asyncio

import pytest

from qsync.waiting import OvertakenError, unless
from tests.support.virtual_time import VirtualClock


async def _in(clock: VirtualClock, seconds: float) -> str:
    await clock.sleep(seconds)
    return "done"


@pytest.mark.parametrize("overtaken_at", [None, 20.0])
def test_what_is_done_first_is_answered(overtaken_at: float | None) -> None:
    clock = VirtualClock()

    async def main() -> str:
        event = None if overtaken_at is None else asyncio.Event()
        if event is not None and overtaken_at is not None:
            asyncio.get_running_loop().call_later(overtaken_at, event.set)
        return await unless(event, _in(clock, 10.0))

    assert clock.run(main()) == "done"
    assert clock.elapsed == pytest.approx(10.0)


def test_what_is_overtaken_is_cancelled_at_once() -> None:
    clock = VirtualClock()

    async def main() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(3.0, event.set)
        await unless(event, _in(clock, 10.0))

    with pytest.raises(OvertakenError):
        clock.run(main())
    assert clock.elapsed == pytest.approx(3.0)
