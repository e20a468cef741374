"""Bulk jobs and when their items are applied (API.md, "Writing in bulk").

Nothing runs in the background: `JobQueue.advance(now)` applies, in the order of time, every item
that was due until now. So an old job that waited long can overwrite newer values.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from qsync.emulator.settings import EmulatorSettings

JobStatus = Literal["enqueued", "processing", "completed", "failed"]
ItemResult = dict[str, object]


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a fault has in store for one job.

    Attributes:
        late: Seconds it waits beyond `job_wait_seconds`.
        lasts: Seconds it takes.
        stops_after: Items it processes, if not all.
        ending: How it ends; None is stuck: `processing` for ever, its place given to others.
        failing: Item numbers (from 0) that fail, with the error.
    """

    late: float = 0.0
    lasts: float | None = None
    stops_after: int | None = None
    ending: Literal["completed", "failed"] | None = "completed"
    failing: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Job:
    """One bulk job. `items` is emptied when it ends; `packed` is then its result as JSON."""

    id: str
    number: int
    total: int
    items: list[object]
    plan: JobPlan
    created_at: float
    updated_at: float
    status: JobStatus = "enqueued"
    started_at: float | None = None
    seconds: float = 0.0
    processed: int = 0
    failed: int = 0
    results: list[ItemResult] = field(default_factory=list)
    packed: bytes = b"[]"

    @property
    def finished(self) -> bool:
        """Whether it has an end that API.md calls finished."""
        return self.status in {"completed", "failed"}


class JobQueue:
    """All jobs of an account, run by the time that `advance` is told."""

    def __init__(
        self,
        settings: EmulatorSettings,
        rng: random.Random,
        apply: Callable[[Job, int, float], ItemResult],
    ) -> None:
        self._settings = settings
        self._rng = rng
        self._apply = apply
        self._events: list[tuple[float, int, Job]] = []
        self._waiting: deque[Job] = deque()
        self._ended: deque[Job] = deque()
        self._running = 0
        self._numbers = 0
        self.jobs: dict[str, Job] = {}

    def configure(self, settings: EmulatorSettings, now: float) -> None:
        """Behave differently from now on; jobs that started keep their duration."""
        self.advance(now)
        self._settings = settings
        self._start_waiting(now)
        self.advance(now)

    def submit(self, job_id: str, items: list[object], plan: JobPlan, now: float) -> Job:
        """Take a job in; it starts with the next `advance` at the earliest."""
        job = Job(job_id, self._numbers, len(items), items, plan, now, now)
        self._numbers += 1
        self.jobs[job.id] = job
        ready_at = now + self._settings.job_wait_seconds + plan.late
        heapq.heappush(self._events, (ready_at, job.number, job))
        return job

    def advance(self, now: float) -> None:
        """Bring every job to where it is now, and drop finished ones past their retention."""
        events = self._events
        while events and events[0][0] <= now:
            at, _, job = heapq.heappop(events)
            if job.started_at is None:
                self._waiting.append(job)
                self._start_waiting(at)
            else:
                self._run(job, job.started_at, now)
        retention = self._settings.job_retention
        while self._ended and self._ended[0].updated_at + retention <= now:
            self.jobs.pop(self._ended.popleft().id, None)

    def forget(self, job: Job) -> None:
        """Drop a finished job before its time."""
        self.jobs.pop(job.id, None)
        job.packed = b"[]"

    def _start_waiting(self, at: float) -> None:
        bound = self._settings.job_concurrency
        while self._waiting and (bound is None or self._running < bound):
            job = self._next_waiting()
            self._running += 1
            job.started_at = job.updated_at = at
            job.status = "processing"
            job.seconds = self._duration(job)
            heapq.heappush(self._events, (at + job.seconds / job.total, job.number, job))

    def _next_waiting(self) -> Job:
        order = self._settings.job_order
        if order == "lifo":
            return self._waiting.pop()
        if order == "random":
            self._waiting.rotate(-self._rng.randrange(len(self._waiting)))
        return self._waiting.popleft()

    def _duration(self, job: Job) -> float:
        settings = self._settings
        if job.plan.lasts is not None:
            return job.plan.lasts
        if settings.job_duration is not None:
            return settings.job_duration(job.total, job.number)
        return settings.job_base_seconds + settings.job_seconds_per_item * job.total

    def _run(self, job: Job, started_at: float, now: float) -> None:
        """Apply items until another job's event is due, the job ends, or it is now."""
        until = min(now, self._events[0][0] if self._events else math.inf)
        stop = job.total if job.plan.stops_after is None else min(job.plan.stops_after, job.total)
        while job.processed < stop:
            at = started_at + job.seconds * (job.processed + 1) / job.total
            if at > until:
                heapq.heappush(self._events, (at, job.number, job))
                return
            result = self._apply(job, job.processed, at)
            job.failed += result["status"] == "failed"
            job.results.append(result)
            job.processed += 1
            job.updated_at = at
        self._running -= 1
        at = max(job.updated_at, started_at)
        if job.plan.ending is not None:
            job.status = job.plan.ending
            job.packed = orjson.dumps(job.results)
            job.results = []
            self._ended.append(job)
        job.items = []
        self._start_waiting(at)
