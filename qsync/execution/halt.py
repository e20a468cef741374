"""Why a delivery submits nothing more: the user, a bound of the run, or an answer that ends it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from qsync.execution.clock import Clock
from qsync.execution.remote import (
    AmbiguousError,
    RejectedBatchError,
    RemoteError,
    RequestsSpentError,
    WaitTooLongError,
)

MOST_IN_A_ROW = 3
"""So many lost answers, or chunks refused whole, in a row are no accident."""


class Pause(StrEnum):
    """Why a run ended early although nothing failed; another run goes on."""

    MAX_REQUESTS = "max_requests"
    MAX_TIME = "max_time"
    WAIT_TOO_LONG = "wait_too_long"
    """Qualified asks for a longer wait than a run has patience for."""
    GUARD = "guard"
    """Qualified rejected more than `max_rejected` allows: the sync is stopped."""


@dataclass(frozen=True, slots=True)
class RunBounds:
    """How much a run may use, over all its streams.

    Attributes:
        requests: HTTP requests; a job is submitted only while its poll, and those of the jobs
            that are open, still fit. The client makes none beyond it, so a job that wants more
            polls stays open, known by its id.
        end_by: Monotonic seconds after which nothing is submitted.
    """

    requests: int | None = None
    end_by: float | None = None

    def why(self, error: WaitTooLongError, now: float) -> Pause:
        """Which bound ended a run that met this error (monotonic seconds)."""
        if isinstance(error, RequestsSpentError):
            return Pause.MAX_REQUESTS
        late = self.end_by is not None and now + error.seconds >= self.end_by
        return Pause.MAX_TIME if late else Pause.WAIT_TOO_LONG


class Halt:
    """Shared by everything that submits. What is open is still polled after a halt.

    Args:
        stop: Set from outside when the user wants to end.
        clock: For the run's end.
        bounds: Of the run.
    """

    def __init__(self, stop: asyncio.Event, clock: Clock, bounds: RunBounds | None = None) -> None:
        self._stop = stop
        self._clock = clock
        self._bounds = bounds or RunBounds()
        self._lost = 0
        self._refused = 0
        self.error: RemoteError | None = None
        self.pause: Pause | None = None
        self.pause_error: RemoteError | None = None

    @property
    def halted(self) -> bool:
        """Whether to submit nothing more."""
        end_by = self._bounds.end_by
        if self.pause is None and end_by is not None and self._clock.monotonic() >= end_by:
            self.pause = Pause.MAX_TIME
        return self.error is not None or self.pause is not None or self._stop.is_set()

    def may_submit(self, requests: int, unread: int) -> bool:
        """Whether one more job fits: its submit, its poll, and a poll of each unread job.

        Args:
            requests: Made so far.
            unread: Jobs submitted, or being so, whose results have not been read.
        """
        most = self._bounds.requests
        if most is not None and requests + unread + 2 > most:
            self.pause = self.pause or Pause.MAX_REQUESTS
        return not self.halted

    def fail(self, error: RemoteError) -> None:
        """End the delivery with this error; the first one is kept."""
        if self.error is None:
            self.error = error

    def too_long(self, error: WaitTooLongError) -> None:
        """End it because the next request would have to wait beyond the run's end, or patience."""
        if self.pause is None:
            self.pause = self._bounds.why(error, self._clock.monotonic())
            self.pause_error = error

    def guard(self) -> None:
        """End it because more was rejected than a guard allows."""
        self.pause = self.pause or Pause.GUARD

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
