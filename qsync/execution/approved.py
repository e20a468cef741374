"""The approved part of an apply: stream by stream, each delivered and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from qsync.execution.clock import Clock, moment, now_text
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.exchanges import NoRunLog, RunLog
from qsync.execution.halt import Pause, RunBounds
from qsync.execution.journal import Journal
from qsync.execution.locking import Lease
from qsync.execution.ports import CommitContext, ExecutionWarehouse, Stage
from qsync.execution.reading import InWarehouse
from qsync.execution.recording import (
    GUARDED,
    EarlyEnd,
    Origin,
    after_delivery,
    baselined,
    opened,
    stopped,
)
from qsync.execution.remote import AuthError, RemoteError, ScopeError
from qsync.execution.watching import ApplyApi, ApplyView
from qsync.ledger.record import RunRecord, RunStatus, timestamp_text
from qsync.planning.changes import ChangeSet
from qsync.planning.plan import Plan, StreamPlan
from qsync.planning.plan_digest import plan_digest
from qsync.planning.ports import DiffRequest


@dataclass(slots=True)
class Staging:
    """The staged tables of a run by stream id.

    A stage that is being delivered is kept when the run ends in an error: it tells the next run
    which records may have been sent without their answers being known. So is one with records left
    unsent by an early end, for `resume`, and one with jobs that are open.
    """

    warehouse: ExecutionWarehouse
    run_id: str
    stages: dict[str, Stage] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def measure(self, stream_id: str, request: DiffRequest) -> ChangeSet:
        """Stage a stream and count it from there."""
        stage, change_set = self.warehouse.stage(self.run_id, stream_id, request)
        self.stages[stream_id] = stage
        return change_set

    def drop_settled(self) -> None:
        """Drop every stage that nobody will need."""
        for stream_id, stage in list(self.stages.items()):
            if stream_id not in self.open:
                self.warehouse.drop_stage(stage)
                del self.stages[stream_id]


@dataclass(slots=True)
class ApprovedRun:
    """Delivers an approved plan, until it ends or the user, a bound or an answer ends it early.

    Attributes:
        error: The answer that ended it, if one did.
        pause: Why it ended early although nothing failed.
        pause_error: What Qualified asked for then.
    """

    origin: Origin
    warehouse: ExecutionWarehouse
    in_warehouse: InWarehouse
    api: ApplyApi
    clock: Clock
    view: ApplyView
    epoch: int
    stop: asyncio.Event
    staging: Staging
    journal: Journal
    secret: bytes
    lease: Lease
    bounds: RunBounds
    keep_removed: timedelta | None = None
    """How long tombstones and rejects of who left are kept; for ever unless given."""
    history_for: timedelta = timedelta(days=30)
    """How long it is kept who was sent when; nothing is for no time."""
    log: RunLog = field(default_factory=NoRunLog)
    error: RemoteError | None = None
    pause: Pause | None = None
    pause_error: RemoteError | None = None
    guarded: dict[str, str] = field(default_factory=dict)
    """Why syncs were stopped on the way, by name."""
    counted: tuple[int, int, int] = (0, 0, 0)
    """Requests, retries and lost submits that earlier records of this run have."""

    async def all(self, plan: Plan) -> list[RunRecord]:
        """Every stream in its order; its record."""
        records = []
        digest = plan_digest(plan)
        for sync in plan.syncs:
            override = digest if sync.overridden else None
            for stream in sync.streams:
                blocked = sync.blocked or self.guarded.get(sync.name)
                stopped = sync.stopped or blocked is not None
                record = await self._stream(stream, blocked, stopped, override)
                self.view.finish(record)
                records.append(record)
        return records

    async def _stream(
        self, plan: StreamPlan, blocked: str | None, sync_stopped: bool, override: str | None
    ) -> RunRecord:
        record = opened(self.origin, plan, self._time(), override)
        early = EarlyEnd(self.error, self.stop.is_set(), self.pause)
        if sync_stopped or early:
            record = stopped(record, plan, None if early else blocked, early, self._time())
            await self.in_warehouse(lambda: self.warehouse.open_record(record))
            if early and plan.planned:
                self.staging.open.add(plan.stream_id)
            return record
        await self.in_warehouse(lambda: self.warehouse.open_record(record))
        stage = self.staging.stages[plan.stream_id]
        self.staging.open.add(plan.stream_id)
        if plan.writes_state:
            await self.in_warehouse(lambda: self.warehouse.begin(stage, self._context()))
        await self._purge(stage)
        await self._keep_history(plan, stage)
        left = False
        if plan.baseline:
            await self.in_warehouse(lambda: self.warehouse.baseline(stage, self._context()))
            record = baselined(record, self._time())
        elif plan.planned:
            record, left = await self._deliver(record, plan, stage)
        else:
            record = replace(record, status=RunStatus.NOTHING_TO_DO, finished_at=self._time())
        record = self._with_requests(record)
        record.check_conservation()
        await self.in_warehouse(lambda: self.warehouse.close_record(record, self.epoch))
        if not left:
            self.staging.open.discard(plan.stream_id)
        if _all_done(record, plan, stage):
            await self.in_warehouse(lambda: self.warehouse.settle_mapping(stage, self._context()))
        return record

    async def _purge(self, stage: Stage) -> None:
        """Delete what is left of people who left the model long ago, if that was asked for."""
        if self.keep_removed is None:
            return
        before = timestamp_text(self._time() - self.keep_removed)
        await self.in_warehouse(
            lambda: self.warehouse.purge_removed(stage, before, self._context())
        )

    async def _keep_history(self, plan: StreamPlan, stage: Stage) -> None:
        """Put down who is about to be sent, and let go of what has been kept long enough."""
        before = None
        if self.history_for:
            before = run_id_of(self._time() - self.history_for)
        if plan.baseline:
            return
        await self.in_warehouse(lambda: self.warehouse.keep_history(stage, before, self._context()))

    async def _deliver(
        self, record: RunRecord, plan: StreamPlan, stage: Stage
    ) -> tuple[RunRecord, bool]:
        """The record, and whether something is left that the stage will be needed for."""
        self.view.start(plan)
        stream = plan.stream
        self.log.stream(stage.stream_id, stream.sync, stream.object.value, plan.to_send)
        result = await deliver(
            stage,
            warehouse=self.warehouse,
            in_warehouse=self.in_warehouse,
            api=self.api,
            clock=self.clock,
            context=self._context,
            progress=self.view.update,
            stop=self.stop,
            journal=self.journal,
            secret=self.secret,
            log=self.log,
            keep_lock=self.lease.keep,
            bounds=self.bounds,
            limit=plan.limit,
            max_rejected=plan.max_rejected,
        )
        if isinstance(result.error, AuthError | ScopeError):
            self.error = result.error
        if result.pause is Pause.GUARD:
            # It stops its own sync; the others run.
            self.guarded[plan.stream.sync] = GUARDED
        else:
            self.pause = self.pause or result.pause
            self.pause_error = self.pause_error or result.pause_error
        ended_early = bool(result.error or result.stopped or result.pause)
        left = bool(result.open_jobs) or (ended_early and result.unsent > 0)
        return after_delivery(record, result, self._pace(result), at=self._time()), left

    def _pace(self, result: DeliveryResult) -> Mapping[str, float] | None:
        """How long jobs and requests took, for the next plan's estimate."""
        tally = self.api.tally
        if result.job_seconds is None or not tally.requests:
            return None
        return {
            "job_seconds": round(result.job_seconds, 3),
            "request_seconds": round(tally.seconds / tally.requests, 4),
        }

    def _with_requests(self, record: RunRecord) -> RunRecord:
        """With the requests since the last record; the first has those of before as well."""
        tally = self.api.tally
        now = (tally.requests, tally.retries, tally.lost_submits)
        requests, retries, lost = (
            total - before for total, before in zip(now, self.counted, strict=True)
        )
        self.counted = now
        details = {**record.details, "lost_answers": lost} if lost else record.details
        return replace(record, requests=requests, retries=retries, details=details)

    def _context(self) -> CommitContext:
        return CommitContext(self.origin.run_id, self.epoch, now_text(self.clock))

    def _time(self) -> datetime:
        return moment(self.clock)


def run_id_of(began: datetime) -> str:
    """What ids of runs that began at a moment begin with; they sort by it."""
    return f"{began:%Y%m%dt%H%M%S}"


def _all_done(record: RunRecord, plan: StreamPlan, stage: Stage) -> bool:
    """Whether nothing that this mapping changed waits for a later run."""
    everything = stage.request.only is None and plan.to_send == plan.planned
    return everything and record.rows_unsent == 0
