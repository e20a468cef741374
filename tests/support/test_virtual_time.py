"""The virtual clock that other tests stand on."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.virtual_time import Deadlock, VirtualClock


def test_sleepers_wake_in_the_order_of_their_timers_and_a_day_passes_at_once() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.elapsed))

    async def main() -> None:
        await asyncio.gather(sleeper("late", 86_400), sleeper("soon", 5), sleeper("then", 60))

    clock.run(main())
    assert woken == [("soon", 5), ("then", 60), ("late", 86_400)]


def test_both_clocks_move_together_and_time_goes_on_in_the_next_run() -> None:
    clock = VirtualClock(start=100.0)
    clock.run(clock.sleep(3))
    clock.run(clock.sleep(4))
    assert (clock.time(), clock.monotonic()) == (107.0, 1_007.0)


def test_timeouts_of_asyncio_happen_in_virtual_time() -> None:
    clock = VirtualClock()

    async def main() -> None:
        async with asyncio.timeout(30):
            await clock.sleep(31)

    with pytest.raises(TimeoutError):
        clock.run(main())
    assert clock.elapsed == pytest.approx(30)


def test_a_function_sent_to_a_thread_takes_the_virtual_time_it_says() -> None:
    clock = VirtualClock()

    async def main() -> str:
        await asyncio.to_thread(clock.advance, 7)
        return await asyncio.to_thread(str.upper, "done")

    assert clock.run(main()) == "DONE"
    assert clock.elapsed == 7


def test_tasks_that_can_never_go_on_are_a_deadlock() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        VirtualClock().run(main())
