"""The real engine and client against a made-up Qualified, on a clock that jumps.

Real: `deliver` with all it does, the client with its quota and retries, and every body and answer
in full. Made up: rows, which are made as they are read; the warehouse, which keeps counts only; and
Qualified, which accepts every body, finishes each job after a random time, and raises, so that the
run fails, when a request exceeds the limits.
"""

# ruff: noqa: ARG002 - doubles take what they do not need

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TypeVar, cast

import httpx
import orjson

from qsync.execution.deliver import deliver
from qsync.execution.polling import OPEN_JOBS
from qsync.execution.ports import Commit, CommitContext, ExecutionWarehouse, Stage, StagedRow
from qsync.fields.model import FieldType
from qsync.planning.ports import DiffRequest, StreamState
from qsync.project.model import LimitSettings, OnNull
from qsync.qualified import QualifiedClient, read_api_key
from tests.support.fake_stage import RUN_ID, context, field_of, stream_of
from tests.support.virtual_time import VirtualClock

LATENCY = 0.2
"""Seconds from a request to its answer; it arrives in the middle."""

SPREAD = 0.25
"""Sigma of the lognormal durations: two jobs of three end within a quarter of the median."""

REJECTED = 1_000
"""Every so many-th row is rejected."""

WINDOWS = (900.0, 3_600.0, 86_400.0)
_IN_FLIGHT = 10
_REQUEST_ID = re.compile(rb'"request_id":"([^"]+)"')

T = TypeVar("T")


class LimitExceededError(RuntimeError):
    """A request came that the limits do not allow: the run is a failure."""


class Gate:
    """What the limits allow: windows that slide over the arrivals, and requests in flight.

    Args:
        limits: Their sizes and the share that is ours.
    """

    def __init__(self, limits: LimitSettings) -> None:
        self._windows = [
            (seconds, size, deque[float]())
            for seconds, size in zip(WINDOWS, sizes(limits), strict=True)
        ]
        self._quarter = limits.per_15m
        self._in_flight = 0
        self.most_in_flight = 0

    def arrive(self, now: float) -> None:
        """A request is here.

        Raises:
            LimitExceededError: It should not be.
        """
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        if self._in_flight > _IN_FLIGHT:
            raise LimitExceededError(f"{self._in_flight} requests in flight")
        for seconds, size, times in self._windows:
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= size:
                raise LimitExceededError(f"more than {size} requests in {seconds:.0f} s")
            times.append(now)

    def leave(self) -> None:
        """A request is answered."""
        self._in_flight -= 1

    def headers(self, now: float) -> dict[str, str]:
        """`RateLimit-*` of the 15-minute window (API.md, "Limits")."""
        seconds, _, times = self._windows[0]
        return {
            "RateLimit-Limit": str(self._quarter),
            "RateLimit-Remaining": str(max(0, self._quarter - len(times))),
            "RateLimit-Reset": str(math.ceil(times[0] + seconds)),
            "Date": formatdate(now, usegmt=True),
        }


def sizes(limits: LimitSettings) -> tuple[int, int, int]:
    """Requests that we may make per window."""
    allowed = (limits.per_15m, limits.per_hour, limits.per_day)
    return cast(tuple[int, int, int], tuple(math.floor(limits.share * size) for size in allowed))


@dataclass(slots=True)
class _Job:
    ids: list[bytes]
    began: float
    ends: float


class MadeUpQualified(httpx.AsyncBaseTransport):
    """Answers submits and polls of jobs.

    Args:
        clock: Time.
        limits: What it allows.
        job_seconds: Median duration of a job; the durations are lognormal.
        rng: For them.

    Attributes:
        submits: Those it answered.
        polls: The same.
        work: Processor seconds spent in here.
    """

    def __init__(
        self, clock: VirtualClock, limits: LimitSettings, job_seconds: float, rng: random.Random
    ) -> None:
        self._clock = clock
        self.gate = Gate(limits)
        self._median = job_seconds
        self._rng = rng
        self._jobs: dict[str, _Job] = {}
        self.submits = 0
        self.polls = 0
        self.work = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, `LATENCY` after the question."""
        await self._clock.sleep(LATENCY / 2)
        began = time.process_time()
        now = self._clock.time()
        self.gate.arrive(now)
        if request.method == "POST":
            status, job = 202, self._submit(await request.aread(), now)
        else:
            status, job = 200, self._read(request.url.path.rsplit("/", 1)[1], now)
        body = b'{"job":' + job + b"}"
        headers = self.gate.headers(now) | {"Content-Type": "application/json"}
        self.work += time.process_time() - began
        try:
            await self._clock.sleep(LATENCY / 2)
        finally:
            self.gate.leave()
        return httpx.Response(status, headers=headers, content=body)

    def _submit(self, body: bytes, now: float) -> bytes:
        self.submits += 1
        job_id = f"job-{self.submits}"
        duration = self._rng.lognormvariate(math.log(self._median), SPREAD)
        ids = _REQUEST_ID.findall(body)
        self._jobs[job_id] = _Job(ids, now, now + duration)
        return _written(job_id, "enqueued", len(ids), 0, b"")

    def _read(self, job_id: str, now: float) -> bytes:
        self.polls += 1
        job = self._jobs[job_id]
        total = len(job.ids)
        if now < job.ends:
            done = int(total * (now - job.began) / (job.ends - job.began))
            return _written(job_id, "processing", total, done, b"")
        # Whoever has read it will not ask again; memory stays flat.
        del self._jobs[job_id]
        results = b",".join([_result(request_id) for request_id in job.ids])
        return _written(job_id, "completed", total, total, results)


def _written(job_id: str, status: str, total: int, done: int, results: bytes) -> bytes:
    job = {
        "id": job_id,
        "status": status,
        "totalRecords": total,
        "processedRecords": done,
        "failedRecords": 0,
        "createdAt": "2026-11-03T05:00:00Z",
        "updatedAt": "2026-11-03T05:00:00Z",
    }
    return orjson.dumps(job)[:-1] + b',"result":[' + results + b"]}"


def _result(request_id: bytes) -> bytes:
    if int(request_id.rsplit(b"-", 1)[1]) % REJECTED == 0:
        errors = b'"status":"failed","errors":["phone is invalid"]}'
    else:
        errors = b'"status":"completed","errors":[]}'
    return b'{"requestId":"' + request_id + b'","operation":"update",' + errors


@dataclass
class CountingStage:
    """The warehouse's side: rows are made when they are read, and what is committed is counted.

    Attributes:
        rows: How many there are.
        columns: Of each row, beside its key.
        committed: Rows of all outcomes.
        numbers: The sum of their numbers, which shows that each came once.
        work: Processor seconds spent in here.
    """

    rows: int
    columns: int
    committed: int = 0
    numbers: int = 0
    rejected: int = 0
    commits: int = 0
    marked: int = 0
    open_jobs: set[str] = field(default_factory=set)
    work: float = 0.0
    commit_seconds: float = 5.0

    @property
    def stage(self) -> Stage:
        """The handle that execution gets."""
        names = [f"column_{number}" for number in range(self.columns)]
        fields = [field_of(name, FieldType.STRING, OnNull.CLEAR) for name in names]
        request = DiffRequest(stream_of(*fields), "relation", StreamState("people"))
        return Stage(RUN_ID, "people", "stage_people", request, self.rows)

    async def in_warehouse(self, work: Callable[[], T]) -> T:
        """Run a call here and now."""
        began = time.process_time()
        try:
            return work()
        finally:
            self.work += time.process_time() - began

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """Rows of a range of numbers; no two of them are alike."""
        others = tuple(f"a value of column {number}" for number in range(self.columns - 1))
        return [
            StagedRow(number, f"person{number}@example.com", (f"Title {number}", *others))
            for number in range(first, last + 1)
        ]

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Remember how far may be posted."""
        self.marked = last

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Count."""
        self.commits += 1
        self.open_jobs.update(job.id for job in changes.accepted)
        self.open_jobs.difference_update(changes.resolved)
        for outcome in changes.outcomes:
            self.committed += outcome.total
            self.numbers += (outcome.first + outcome.last) * outcome.total // 2
            self.rejected += len(outcome.rejects)
            if outcome.last > self.marked or outcome.unknown or outcome.invalid_late:
                raise AssertionError("a row was not marked, or nobody knows what became of it")


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a load went.

    Attributes:
        seconds: In virtual time.
        most_in_flight: Requests at once.
        engine_seconds: Processor time of engine, client and event loop, without what is made up.
        made_up_seconds: Processor time of what is made up: rows, counts and Qualified.
    """

    rows: int
    columns: int
    share: float
    job_seconds: float
    open_jobs: int
    submits: int
    polls: int
    seconds: float
    most_in_flight: int
    engine_seconds: float
    made_up_seconds: float

    @property
    def requests(self) -> int:
        """All of them."""
        return self.submits + self.polls

    @property
    def polls_per_job(self) -> float:
        """Polls for each job; at least 1."""
        return self.polls / self.submits


def simulate(
    rows: int,
    *,
    share: float = 1.0,
    job_seconds: float = 20.0,
    columns: int = 1,
    open_jobs: int = OPEN_JOBS,
    limits: LimitSettings | None = None,
    seed: int = 1,
) -> Simulated:
    """Load rows at the documented limits.

    Args:
        rows: How many.
        share: Of the limits.
        job_seconds: Median duration of a job.
        columns: Of each row, beside its key.
        open_jobs: Jobs open at once at most.
        limits: Others than the documented ones, with a share of their own.
        seed: Of the durations.

    Raises:
        LimitExceededError: A request exceeded the limits.
        AssertionError: A row was lost.
    """
    clock = VirtualClock()
    limits = limits or LimitSettings(share=share)
    server = MadeUpQualified(clock, limits, job_seconds, random.Random(seed))
    stage = CountingStage(rows, columns)
    key = read_api_key({"QUALIFIED_API_KEY": "key-of-a-simulation"}, "QUALIFIED_API_KEY")

    async def main() -> None:
        async with QualifiedClient(
            "https://qualified.test",
            key,
            limits=limits,
            transport=server,
            clock=clock,
            rng=random.Random(seed),
        ) as api:
            result = await deliver(
                stage.stage,
                warehouse=cast(ExecutionWarehouse, stage),
                in_warehouse=stage.in_warehouse,
                api=api,
                clock=clock,
                context=context,
                progress=lambda _: None,
                stop=asyncio.Event(),
                open_jobs=open_jobs,
            )
        ends = (result.succeeded + result.rejected, result.rejected, result.error)
        if ends != (rows, rows // REJECTED, None):
            raise AssertionError(f"the delivery ended otherwise: {ends}")

    began = time.process_time()
    clock.run(main())
    work = time.process_time() - began
    counted = (stage.committed, stage.numbers, stage.rejected, len(stage.open_jobs))
    if counted != (rows, rows * (rows + 1) // 2, rows // REJECTED, 0):
        raise AssertionError(f"not every row was committed once: {counted}")
    made_up = server.work + stage.work
    return Simulated(
        rows=rows,
        columns=columns,
        share=limits.share,
        job_seconds=job_seconds,
        open_jobs=open_jobs,
        submits=server.submits,
        polls=server.polls,
        seconds=clock.elapsed,
        most_in_flight=server.gate.most_in_flight,
        engine_seconds=work - made_up,
        made_up_seconds=made_up,
    )


def least_seconds(requests: int, limits: LimitSettings) -> float:
    """When the last of so many requests can be sent at the earliest, the first one being at 0.

    Requests take no time and go as soon as every window has room; jobs take none either.
    """
    windows = tuple(zip(WINDOWS, sizes(limits), strict=True))
    sent: deque[float] = deque(maxlen=max(size for _, size in windows))
    at = 0.0
    for _ in range(requests):
        at = max([at, *(sent[-size] + seconds for seconds, size in windows if len(sent) >= size)])
        sent.append(at)
    return at


def finished_job(job_id: str, request_ids: Sequence[bytes]) -> bytes:
    """The answer about a finished job; one item in `REJECTED` was refused."""
    results = b",".join([_result(request_id) for request_id in request_ids])
    written = _written(job_id, "completed", len(request_ids), len(request_ids), results)
    return b'{"job":' + written + b"}"
