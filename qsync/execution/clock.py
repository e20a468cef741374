"""Time as the engine sees it: handed in, so that tests need not wait."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from qsync.ledger.record import timestamp_text


class Clock(Protocol):
    """The three ways the engine knows time; all in seconds."""

    def time(self) -> float:
        """Epoch seconds."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on meanwhile."""


def moment(clock: Clock) -> datetime:
    """Now, UTC."""
    return datetime.fromtimestamp(clock.time(), UTC)


def now_text(clock: Clock) -> str:
    """Now, as the ledger writes it."""
    return timestamp_text(moment(clock))
