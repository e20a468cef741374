"""What the log of a run is told: requests with their answers, and what became of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qsync.execution.ports import KnownJob, Reject


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it was sent, and its answer or the reason there is none.

    The key is in none of it: headers of the request are not kept.

    Attributes:
        at: When it was sent, in epoch seconds.
        seconds: Until its answer, or its loss.
        held_back: Seconds it had waited for the quota before.
        method: GET or POST.
        path: Below the base URL; names jobs and nobody else.
        attempt: 1, and one more for every repetition of the same call.
        sent: The body, if it has one.
        status: Of the answer; None without one.
        headers: The answer's; names in lower case.
        answer: The answer's body.
        problem: Why there is no answer.
    """

    at: float
    seconds: float
    held_back: float
    method: str
    path: str
    attempt: int
    # Both name people: not for a repr in a traceback.
    sent: bytes | None = field(default=None, repr=False)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: bytes | None = field(default=None, repr=False)
    problem: str | None = None


Watch = Callable[[Exchange], None]
"""Told of every exchange once it is over. It never raises and returns at once."""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """What became of a job's records, as far as this run learnt it.

    Attributes:
        stream_id: Whose records.
        job: The job and its records' numbers.
        status: Its last word.
        resolved: Whether it can do nothing more.
        seconds: From its acceptance until it was seen last.
        succeeded: Records whose own result said so.
        unknown: Records without a result.
        rejects: The others; reasons are redacted.
        bodies: Rejected items as they were sent, by record number.
    """

    stream_id: str
    job: KnownJob
    status: str
    resolved: bool
    seconds: float
    succeeded: int
    unknown: int
    rejects: Sequence[Reject] = ()
    bodies: Mapping[int, bytes] = field(default_factory=dict, repr=False)


class RunLog(Protocol):
    """Where a run's requests are kept for whoever looks at it. Nothing of it ever raises."""

    def stream(self, stream_id: str, sync: str, object_name: str, records: int) -> None:
        """A stream's delivery begins; the submits that follow are its."""

    def exchange(self, exchange: Exchange) -> None:
        """A request is over."""

    def settled(self, end: JobEnd) -> None:
        """A job has been read to its end, or as far as could be learnt."""


class NoRunLog:
    """For who keeps none."""

    def stream(self, stream_id: str, sync: str, object_name: str, records: int) -> None:
        """Nothing."""

    def exchange(self, exchange: Exchange) -> None:
        """Nothing."""

    def settled(self, end: JobEnd) -> None:
        """Nothing."""
