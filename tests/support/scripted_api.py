"""A Qualified that answers what a test says, for answers an honest server never gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from qsync.execution.ports import ItemResult, JobView, RequestTally
from qsync.execution.remote import RemoteError
from tests.support.virtual_time import VirtualClock

Results = Callable[[Sequence[str]], Sequence[ItemResult]]
"""From the request ids of a job to its results."""


def all_completed(ids: Sequence[str]) -> list[ItemResult]:
    """Every item, as one would wish."""
    return [ItemResult(request_id, ok=True) for request_id in ids]


@dataclass
class _Job:
    ids: list[str]
    done_at: float
    status: str
    results: Sequence[ItemResult]


@dataclass
class ScriptedApi:
    """`BulkApi` in memory.

    Attributes:
        clock: Jobs take their time on it.
        seconds: How long a job takes.
        latency: How long a request takes.
        results: What a finished job says of its items.
        status: How a job ends.
        refuse: Whether a batch of these request ids is refused whole (422).
        on_submit: Errors to raise: number of the submit, from 1, to error.
        on_poll: Errors to raise: number of the poll, from 1, to error.
        gone: Whether every job is gone (404).
        submits: Request ids of each submit, refused ones too.
        polls: Job ids of each poll.
        most_open: The most jobs that were unfinished or unread at once.
    """

    clock: VirtualClock
    seconds: float = 1.0
    latency: float = 0.01
    results: Results = all_completed
    status: str = "completed"
    refuse: Callable[[Sequence[str]], RemoteError | None] = lambda ids: None
    on_submit: dict[int, RemoteError] = field(default_factory=dict)
    on_poll: dict[int, RemoteError] = field(default_factory=dict)
    gone: bool = False
    submits: list[list[str]] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    tally: RequestTally = field(default_factory=RequestTally)
    most_open: int = 0
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _unread: set[str] = field(default_factory=set)

    async def submit(self, body: bytes, *, reserve: int = 0) -> JobView:
        """Take a job, refuse it, or raise what the script says."""
        items = orjson.loads(body)["items"]
        ids = [item["request_id"] for item in items]
        self.submits.append(ids)
        error = self.on_submit.get(len(self.submits)) or self.refuse(ids)
        await self.clock.sleep(self.latency)
        if error is not None:
            raise error
        job_id = f"job-{len(self._jobs)}"
        done_at = self.clock.monotonic() + self.seconds
        self._jobs[job_id] = _Job(ids, done_at, self.status, self.results(ids))
        self._unread.add(job_id)
        self.most_open = max(self.most_open, len(self._unread))
        return JobView(job_id, "enqueued", 0, len(ids))

    async def job(self, job_id: str) -> JobView | None:
        """The job as it stands."""
        self.polls.append(job_id)
        error = self.on_poll.get(len(self.polls))
        await self.clock.sleep(self.latency)
        if error is not None:
            raise error
        if self.gone:
            return None
        job = self._jobs[job_id]
        total = len(job.ids)
        if self.clock.monotonic() < job.done_at:
            return JobView(job_id, "processing", 0, total)
        self._unread.discard(job_id)
        return JobView(job_id, job.status, total, total, tuple(job.results))
