"""A rehearsal's clock: moments come in their order, and waiting for them takes no time."""

from __future__ import annotations

import asyncio
import time

from qsync.execution.skipping import SkippingClock


def test_days_of_waiting_pass_at_once_and_in_order() -> None:
    clock = SkippingClock()
    woken: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        before = clock.monotonic()
        await clock.sleep(seconds)
        woken.append(name)
        assert clock.monotonic() - before >= seconds

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for name, seconds in (("week", 604_800.0), ("now", 0.0), ("day", 86_400.0)):
                group.create_task(wait(name, seconds))

    begun = time.monotonic()
    asyncio.run(main())
    assert woken == ["now", "day", "week"]
    assert time.monotonic() - begun < 5


def test_no_time_is_left_out_while_something_is_at_work_elsewhere() -> None:
    clock = SkippingClock()
    happened: list[str] = []

    async def wait() -> None:
        await clock.sleep(3_600)
        happened.append("an hour is over")

    async def main() -> None:
        waiting = asyncio.create_task(wait())
        with clock.working():
            await asyncio.to_thread(time.sleep, 0)
            for _ in range(1_000):
                await asyncio.sleep(0)
            happened.append("worked")
        await waiting

    asyncio.run(main())
    assert happened == ["worked", "an hour is over"]


def test_whoever_gave_up_waiting_is_in_nobodys_way() -> None:
    clock = SkippingClock()

    async def main() -> None:
        given_up = asyncio.create_task(clock.sleep(3_600))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait_for(clock.sleep(7_200), timeout=30)

    asyncio.run(main())


def test_records_are_dated_by_the_machines_clock() -> None:
    clock = SkippingClock()
    asyncio.run(clock.sleep(86_400))
    assert abs(clock.time() - time.time()) < 60
