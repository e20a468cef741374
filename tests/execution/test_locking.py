"""Taking, waiting for and keeping the lock, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from qsync.errors import UserError
from qsync.execution.locking import (
    Lease,
    LockHeldError,
    LockWaitStoppedError,
    take_lock,
)
from qsync.execution.ports import LockHolder
from qsync.exit_codes import ExitCode
from tests.support.virtual_time import VirtualClock

T = TypeVar("T")

ANN = LockHolder("run-7", "ann on laptop, process 12", "2026-11-03 05:00", "2026-11-03 05:15")
UNSEEN = LockHolder("", "another run", "", "")


async def at_once(work: Callable[[], T], /) -> T:
    return work()


@dataclass
class Door:
    """A lock that others hold for a while."""

    clock: VirtualClock
    free_at: float = 0.0
    unseen: int = 0
    tries: list[float] = field(default_factory=list)
    told: list[tuple[float, LockHolder]] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def acquire_lock(self, lock_id: str, holder: str) -> int | LockHolder:
        assert (lock_id, holder) == ("run-8", "bob")
        self.tries.append(self.clock.elapsed)
        if self.unseen:
            self.unseen -= 1
            return UNSEEN
        return 5 if self.clock.elapsed >= self.free_at else ANN

    async def take(self, seconds: float) -> int:
        return await take_lock(
            self,
            at_once,
            self.clock,
            lock_id="run-8",
            holder="bob",
            timeout=seconds,
            told=lambda held: self.told.append((self.clock.elapsed, held)),
            stop=self.stop,
        )


def test_a_free_lock_is_taken_at_once_and_nobody_is_told() -> None:
    clock = VirtualClock()
    door = Door(clock)
    assert clock.run(door.take(600)) == 5
    assert (door.tries, door.told) == ([0.0], [])


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
def test_without_a_timeout_a_held_lock_is_refused_at_once_with_all_there_is_to_know() -> None:
    clock = VirtualClock()
    door = Door(clock, free_at=60)
    with pytest.raises(LockHeldError) as refused:
        clock.run(door.take(0))
    assert (door.tries, door.told) == ([0.0], [])
    assert refused.value.exit_code is ExitCode.FAILED
    said = f"{refused.value.message} {refused.value.hint}"
    for fact in (ANN.holder, ANN.since, ANN.lock_id, ANN.expires, "`qsync unlock run-7`"):
        assert fact in said


def test_with_a_timeout_the_lock_is_taken_seconds_after_it_was_given_back() -> None:
    clock = VirtualClock()
    door = Door(clock, free_at=100)
    assert clock.run(door.take(600)) == 5
    assert 100 <= clock.elapsed <= 104
    assert len(door.tries) < 40, "asked every few seconds, not all the time"


def test_who_has_the_lock_is_told_once_when_the_waiting_begins() -> None:
    clock = VirtualClock()
    door = Door(clock, free_at=100)
    clock.run(door.take(600))
    assert door.told == [(0.0, ANN)]


@pytest.mark.parametrize("timeout", [1.0, 3.0, 7.5, 60.0])
def test_the_last_try_is_when_the_time_is_over_and_not_later(timeout: float) -> None:
    clock = VirtualClock()
    door = Door(clock, free_at=timeout + 0.5)
    with pytest.raises(LockHeldError):
        clock.run(door.take(timeout))
    assert door.tries[-1] == pytest.approx(timeout)
    late = VirtualClock()
    assert late.run(Door(late, free_at=timeout).take(timeout)) == 5


@pytest.mark.proves(fault="Ctrl-C", promise="ends cleanly")
def test_stopping_ends_the_waiting_at_once_as_interrupted() -> None:
    clock = VirtualClock()
    door = Door(clock, free_at=500)

    async def main() -> None:
        asyncio.get_running_loop().call_later(10, door.stop.set)
        await door.take(600)

    with pytest.raises(LockWaitStoppedError) as stopped:
        clock.run(main())
    assert stopped.value.exit_code is ExitCode.INTERRUPTED
    assert clock.elapsed == pytest.approx(10)


def test_a_run_stopped_before_still_takes_a_free_lock() -> None:
    clock = VirtualClock()
    door = Door(clock)
    door.stop.set()
    assert clock.run(door.take(600)) == 5


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
def test_a_rival_of_the_same_moment_is_looked_at_again_even_without_a_timeout() -> None:
    clock = VirtualClock()
    lost = Door(clock, free_at=60, unseen=1)
    with pytest.raises(LockHeldError, match="ann on laptop"):
        clock.run(lost.take(0))
    again = VirtualClock()
    won = Door(again, unseen=1)
    assert again.run(won.take(0)) == 5
    assert again.elapsed < 5


def test_endless_rivals_of_the_same_moment_are_given_up_on() -> None:
    clock = VirtualClock()
    door = Door(clock, unseen=1_000)
    with pytest.raises(LockHeldError, match="in the same moment"):
        clock.run(door.take(0))
    assert clock.elapsed < 10


class LostError(UserError):
    """As the warehouse's own."""


class TwoTimes(VirtualClock):
    """Epoch time that goes on while a machine sleeps, or is set back."""

    shift = 0.0

    def time(self) -> float:
        return super().time() + self.shift


@dataclass
class Kept:
    """A lock and when it was renewed."""

    clock: VirtualClock
    at: list[float] = field(default_factory=list)
    lost: bool = False
    seconds: float = 0.0
    running: int = 0

    def renew_lock(self, epoch: int) -> None:
        assert epoch == 5
        if self.lost:
            raise LostError("lost")
        self.at.append(self.clock.elapsed)

    async def in_warehouse(self, work: Callable[[], T], /) -> T:
        self.running += 1
        assert self.running == 1, "one renewal at a time"
        await self.clock.sleep(self.seconds)
        self.running -= 1
        return work()

    def lease(self) -> Lease:
        return Lease(self, self.in_warehouse, self.clock, 5)


def _run(kept: Kept, main: Callable[[Lease], Awaitable[None]]) -> None:
    async def inner() -> None:
        await main(kept.lease())

    kept.clock.run(inner())


def test_a_lease_kept_every_second_is_renewed_every_minute() -> None:
    kept = Kept(VirtualClock())

    async def main(lease: Lease) -> None:
        for _ in range(200):
            await lease.keep()
            await kept.clock.sleep(1)

    _run(kept, main)
    assert kept.at == pytest.approx([60, 120, 180])


def test_what_a_commit_renewed_is_not_renewed_again() -> None:
    kept = Kept(VirtualClock())

    async def main(lease: Lease) -> None:
        for _ in range(20):
            await kept.clock.sleep(30)
            lease.renewed()
            await lease.keep()

    _run(kept, main)
    assert kept.at == []


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
def test_after_a_machine_slept_the_lock_is_asked_for_before_anything_else() -> None:
    clock = TwoTimes()
    kept = Kept(clock)

    async def main(lease: Lease) -> None:
        await clock.sleep(1)
        await lease.keep()
        assert kept.at == []
        clock.shift = 3_600  # monotonic() stood still meanwhile
        await lease.keep()
        await lease.keep()

    _run(kept, main)
    assert kept.at == [1.0]


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
def test_a_clock_that_is_set_back_puts_no_renewal_off() -> None:
    clock = TwoTimes()
    kept = Kept(clock)

    async def main(lease: Lease) -> None:
        clock.shift = -3_600
        await clock.sleep(61)
        await lease.keep()

    _run(kept, main)
    assert kept.at == [61.0]


def test_many_at_once_renew_it_once() -> None:
    kept = Kept(VirtualClock(), seconds=5)

    async def main(lease: Lease) -> None:
        await kept.clock.sleep(61)
        await asyncio.gather(*(lease.keep() for _ in range(10)))

    _run(kept, main)
    assert len(kept.at) == 1


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
def test_a_lost_lock_is_told_to_everyone_who_asks_and_again_each_time() -> None:
    kept = Kept(VirtualClock(), lost=True)

    async def main(lease: Lease) -> None:
        await kept.clock.sleep(61)
        found = await asyncio.gather(*(lease.keep() for _ in range(3)), return_exceptions=True)
        assert [type(item) for item in found] == [LostError] * 3
        with pytest.raises(LostError):
            await lease.keep()

    _run(kept, main)


def test_a_slow_renewal_counts_from_when_it_was_asked_for() -> None:
    kept = Kept(VirtualClock(), seconds=40)

    async def main(lease: Lease) -> None:
        await kept.clock.sleep(60)
        await lease.keep()  # until 100
        await kept.clock.sleep(25)
        await lease.keep()

    _run(kept, main)
    assert kept.at == pytest.approx([100, 165])
