"""Time as the engine sees it: handed in, so that tests need not wait."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """The three ways the engine knows time; all in seconds."""

    def time(self) -> float:
        """Epoch seconds."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on meanwhile."""
