"""The destination's lock as a run sees it: taking it, waiting for it, keeping it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from qsync.errors import UserError
from qsync.execution.clock import Clock
from qsync.execution.ports import LockHolder
from qsync.execution.reading import InWarehouse
from qsync.exit_codes import ExitCode
from qsync.waiting import OvertakenError, unless

POLL_SECONDS = 3.0
"""Between two tries to take a lock that somebody holds."""

MOMENT_SECONDS = 1.0
"""Until the one that reached for the lock in the same moment as we can be seen."""

MOMENTS = 3
"""So often that is waited for, whatever the timeout."""

RENEW_SECONDS = 60.0
"""Age at which a lease is renewed: long before the lock expires."""


class LockTaking(Protocol):
    """What taking the lock asks of the warehouse."""

    def acquire_lock(self, lock_id: str, holder: str) -> int | LockHolder:
        """Take the destination's lock: its epoch, or who has it.

        A holder without an ID reached for it in the same moment and cannot be seen yet.
        """


class LockKeeping(Protocol):
    """What keeping the lock asks of the warehouse."""

    def renew_lock(self, epoch: int) -> None:
        """Keep the lock for longer; a `UserError` when it was lost."""


class LockHeldError(UserError):
    """Another run has the lock, and waiting was not asked for or is over."""

    def __init__(self, held: LockHolder) -> None:
        if held.lock_id:
            message = (
                f"Another run is writing to this destination: {held.holder}, since {held.since} "
                f"(lock {held.lock_id})"
            )
            hint = (
                f"wait for it, or let qsync wait with `--lock-timeout 10m`; its lock expires at "
                f"{held.expires} unless it goes on. If that run is dead, "
                f"`qsync unlock {held.lock_id}` frees the lock at once"
            )
        else:
            message = "Other runs reach for the lock of this destination in the same moment"
            hint = "run the command again, or let it wait with `--lock-timeout 10m`"
        super().__init__(message, hint=hint)


class LockWaitStoppedError(UserError):
    """The person stopped the run while it waited for the lock; it ends as interrupted."""

    def __init__(self) -> None:
        super().__init__(
            "Stopped while waiting for the lock: nothing was sent",
            exit_code=ExitCode.INTERRUPTED,
        )


async def take_lock(
    warehouse: LockTaking,
    in_warehouse: InWarehouse,
    clock: Clock,
    *,
    lock_id: str,
    holder: str,
    timeout: float = 0.0,  # noqa: ASYNC109 - asyncio.timeout would know another clock, and cut a try
    told: Callable[[LockHolder], None],
    stop: asyncio.Event | None = None,
) -> int:
    """Take the destination's lock, waiting for it if somebody else has it.

    Args:
        warehouse: Called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        clock: The time.
        lock_id: Names this run to others; unique.
        holder: Who this is, as others are told.
        timeout: Seconds to wait; 0 tries once.
        told: Called once, with who has the lock, when the waiting begins.
        stop: Ends the waiting when it is set.

    Returns:
        The epoch that every commit must carry.

    Raises:
        LockHeldError: Somebody else has it, still.
        LockWaitStoppedError: `stop` was set while it waited.
        UserError: The warehouse refuses.
    """
    deadline = clock.monotonic() + timeout
    waiting = False
    moments = MOMENTS
    while True:
        taken = await in_warehouse(lambda: warehouse.acquire_lock(lock_id, holder))
        if isinstance(taken, int):
            return taken
        left = deadline - clock.monotonic()
        if not taken.lock_id and moments:
            moments -= 1
            pause = MOMENT_SECONDS
        elif left > 0:
            if not waiting:
                waiting = True
                told(taken)
            pause = min(POLL_SECONDS, left)
        else:
            raise LockHeldError(taken)
        await _pause(clock, pause, stop)


async def _pause(clock: Clock, seconds: float, stop: asyncio.Event | None) -> None:
    try:
        await unless(stop, clock.sleep(seconds))
    except OvertakenError:
        raise LockWaitStoppedError from None


class Lease:
    """Keeps the lock while a run waits for something else than commits.

    A run that calls `keep` before everything it sends sends nothing once it has lost the lock, even
    if its machine slept in between.

    Args:
        warehouse: Called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        clock: The time; the lock counts as just taken or renewed.
        epoch: The lock's, as it was taken.
    """

    def __init__(
        self, warehouse: LockKeeping, in_warehouse: InWarehouse, clock: Clock, epoch: int
    ) -> None:
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._clock = clock
        self._epoch = epoch
        self._renewing = asyncio.Lock()
        self._at = self._now()

    def renewed(self) -> None:
        """A commit has renewed the lock."""
        self._at = self._now()

    async def keep(self) -> None:
        """Renew the lock if that was a while ago.

        Raises:
            UserError: The lock was lost, or the warehouse refuses; so it will be next time.
        """
        if self._fresh():
            return
        async with self._renewing:
            # Somebody may have renewed it while we waited.
            if self._fresh():
                return
            asked = self._now()
            await self._in_warehouse(lambda: self._warehouse.renew_lock(self._epoch))
            # Counted from before: the warehouse may have taken its time.
            self._at = asked

    def _fresh(self) -> bool:
        # `monotonic` may stand still while a machine sleeps, `time` may be set back.
        return all(
            now - then < RENEW_SECONDS for now, then in zip(self._now(), self._at, strict=True)
        )

    def _now(self) -> tuple[float, float]:
        return self._clock.monotonic(), self._clock.time()
