"""Why a delivery submits nothing more: the user, or an answer that ends it."""

from __future__ import annotations

import asyncio

from qsync.execution.remote import AmbiguousError, RejectedBatchError, RemoteError

MOST_IN_A_ROW = 3
"""So many lost answers, or chunks refused whole, in a row are no accident."""


class Halt:
    """Shared by everything that submits. What is open is still polled after a halt.

    Args:
        stop: Set from outside when the user wants to end.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._lost = 0
        self._refused = 0
        self.error: RemoteError | None = None

    @property
    def halted(self) -> bool:
        """Whether to submit nothing more."""
        return self.error is not None or self._stop.is_set()

    def fail(self, error: RemoteError) -> None:
        """End the delivery with this error; the first one is kept."""
        if self.error is None:
            self.error = error

    def accepted(self) -> None:
        """A job was accepted: what came before was an accident."""
        self._lost = self._refused = 0

    def answer_lost(self, error: AmbiguousError) -> None:
        """A submit's answer was lost. Too many, and all further chunks would be unknown."""
        self._lost += 1
        if self._lost >= MOST_IN_A_ROW:
            self.fail(error)

    def chunk_refused(self, error: RejectedBatchError) -> None:
        """Nothing of a chunk was accepted. Too many, and it is not the rows but the mapping."""
        self._refused += 1
        if self._refused >= MOST_IN_A_ROW:
            self.fail(error)
