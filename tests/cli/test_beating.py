"""The beat beside a run: regular while the run goes on, and over with it."""

from __future__ import annotations

import asyncio

from qsync.cli.beating import beating
from qsync.views.progress import BEAT_SECONDS


def test_it_beats_while_the_run_goes_on_and_not_after() -> None:
    slept: list[float] = []
    beats: list[int] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    async def run() -> int:
        third = asyncio.Event()

        def beat() -> None:
            beats.append(1)
            if len(beats) == 3:
                third.set()

        async with beating(beat, sleep):
            await third.wait()
        at_the_end = len(beats)
        for _ in range(5):
            await asyncio.sleep(0)
        return at_the_end

    assert asyncio.run(run()) == len(beats)
    assert set(slept) == {BEAT_SECONDS}
