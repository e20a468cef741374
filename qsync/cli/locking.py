"""The destination's lock on the command line: who takes it, how long it is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from qsync.cli.durations import duration_callback
from qsync.cli.options import Command, option
from qsync.cli.saying import say
from qsync.execution.locking import take_lock
from qsync.execution.ports import CommitContext, LockHolder
from qsync.ledger import timestamp_text

if TYPE_CHECKING:
    from qsync.warehouse import WritingWarehouse

T = TypeVar("T")


def lock_timeout_option(command: Command) -> Command:
    """Give a command `--lock-timeout`, as `lock_timeout` in seconds."""
    return option(
        "--lock-timeout",
        metavar="DURATION",
        default="0",
        callback=duration_callback,
        help="Wait so long for another run to end: 30s, 5m, 1h. Without it, fail at once.",
    )(command)


def holder() -> str:
    """Who runs this, for whoever finds the lock taken."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    return f"{user} on {socket.gethostname()}, process {os.getpid()}"


def waiting_message(held: LockHolder) -> str:
    """What a run that waits for another one says."""
    return (
        f"Waiting for another run: {held.holder}, since {held.since} (lock {held.lock_id}, "
        f"expires at {held.expires} unless it goes on)."
    )


@contextlib.contextmanager
def locked(warehouse: WritingWarehouse, timeout: float = 0.0) -> Iterator[int]:
    """Hold the lock, with runs that died before settled: what they left open names streams.

    It gives the epoch, for who commits under the lock.

    Args:
        warehouse: Whose lock; its calls are made in this thread.
        timeout: Seconds to wait for somebody else who holds it; that it waits goes to stderr.

    Raises:
        UserError: Somebody else holds it.
    """
    warehouse.prepare()
    epoch = _take(warehouse, timeout)
    try:
        now = timestamp_text(datetime.now(UTC))
        warehouse.close_dead_runs(CommitContext("", epoch, now))
        yield epoch
    finally:
        warehouse.release_lock(epoch)


def _take(warehouse: WritingWarehouse, timeout: float) -> int:
    from qsync.qualified.clock import SystemClock
    from qsync.views.layout import clean

    async def here(work: Callable[[], T], /) -> T:
        return work()

    lock_id = secrets.token_hex(8)
    taking = take_lock(
        warehouse,
        here,
        SystemClock(),
        lock_id=lock_id,
        holder=holder(),
        timeout=timeout,
        told=lambda held: say("lock_wait", clean(waiting_message(held)), lock_id=held.lock_id),
    )
    try:
        return asyncio.run(taking)
    except KeyboardInterrupt:
        # It may have come in the very moment in which the lock was taken.
        warehouse.break_lock(lock_id)
        raise
