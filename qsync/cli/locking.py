"""The destination's lock around a change of state on the command line."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qsync.errors import UserError
from qsync.execution.ports import LockHolder
from qsync.ledger import timestamp_text

if TYPE_CHECKING:
    from qsync.warehouse import WritingWarehouse


def holder() -> str:
    """Who runs this, for whoever finds the lock taken."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    return f"{user} on {socket.gethostname()}, process {os.getpid()}"


@contextlib.contextmanager
def locked(warehouse: WritingWarehouse) -> Iterator[None]:
    """Hold the lock, with runs that died before settled: what they left open names streams.

    Raises:
        UserError: Somebody else holds it.
    """
    warehouse.prepare()
    epoch = warehouse.acquire_lock(secrets.token_hex(8), holder())
    if isinstance(epoch, LockHolder):
        raise UserError(
            f"Another run is writing to this destination: {epoch.holder}, since {epoch.since}",
            hint=f"wait until it has ended; its lock expires at {epoch.expires}",
        )
    try:
        warehouse.close_dead_runs(timestamp_text(datetime.now(UTC)))
        yield
    finally:
        warehouse.release_lock(epoch)
