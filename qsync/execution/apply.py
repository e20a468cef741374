"""Apply: stage, show the plan from the staged tables, ask, send, record.

Nothing is sent that the plan did not show: the plan is counted from the staged tables, and those
are what is delivered. Everything the warehouse does happens under the destination's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.execution.clock import Clock
from qsync.execution.deliver import DeliveryProgress, deliver
from qsync.execution.planner import PlanInputs, PlanOptions, make_plan
from qsync.execution.ports import (
    BulkApi,
    CommitContext,
    ExecutionWarehouse,
    LiveField,
    LockHolder,
    Stage,
)
from qsync.execution.reading import InWarehouse
from qsync.execution.recording import Origin, after_delivery, baselined, opened, stopped
from qsync.execution.remote import AuthError, RemoteError, ScopeError
from qsync.fields.model import FieldCatalog
from qsync.ledger.record import RunRecord, RunStatus, timestamp_text
from qsync.planning.changes import ChangeSet
from qsync.planning.plan import Plan, StreamPlan
from qsync.planning.ports import DiffRequest


class ApplyApi(BulkApi, Protocol):
    """Qualified, as apply needs it."""

    async def fields(self) -> FieldCatalog:
        """The live field definitions, with their ids."""


class ApplyView(Protocol):
    """Whoever watches and decides."""

    def show(self, plan: Plan, diagnostics: Sequence[Diagnostic]) -> None:
        """The plan, before anything is sent."""

    def approve(self, plan: Plan) -> bool:
        """Whether to go on; asked only when there is something to do."""

    def start(self, stream: StreamPlan) -> None:
        """A stream's delivery begins."""

    def update(self, progress: DeliveryProgress) -> None:
        """It goes on."""

    def finish(self, record: RunRecord) -> None:
        """A stream has ended and is recorded."""

    def died(self, run_ids: Sequence[str]) -> None:
        """Earlier runs were found dead and closed."""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended.

    Attributes:
        plan: What was shown; None when it could not be made.
        diagnostics: Problems found on the way.
        records: One per stream that had anything to say, in the order they ran.
        declined: Whether the person said no.
        interrupted: Whether it was stopped before anything was sent.
        error: The answer of Qualified that stopped everything, if one did.
    """

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...] = ()
    records: tuple[RunRecord, ...] = ()
    declined: bool = False
    interrupted: bool = False
    error: RemoteError | None = None


@dataclass(slots=True)
class _Staging:
    """The staged tables of a run by stream id.

    A stage that is being delivered is kept when the run ends in an error: it tells the next run
    which records may have been sent without their answers being known.
    """

    warehouse: ExecutionWarehouse
    run_id: str
    stages: dict[str, Stage] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def measure(self, stream_id: str, request: DiffRequest) -> ChangeSet:
        stage, change_set = self.warehouse.stage(self.run_id, stream_id, request)
        self.stages[stream_id] = stage
        return change_set

    def drop_settled(self) -> None:
        for stream_id, stage in list(self.stages.items()):
            if stream_id not in self.open:
                self.warehouse.drop_stage(stage)
                del self.stages[stream_id]


async def apply(
    inputs: PlanInputs,
    options: PlanOptions,
    origin: Origin,
    *,
    warehouse: ExecutionWarehouse,
    in_warehouse: InWarehouse,
    api: ApplyApi,
    clock: Clock,
    view: ApplyView,
    holder: str,
    stop: asyncio.Event,
) -> ApplyResult:
    """Run an apply.

    Args:
        inputs: What the plan stands on; its `live` is filled in here.
        options: What the command was asked for.
        origin: What every record of this run says about where it comes from.
        warehouse: Called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        api: Qualified.
        clock: The time.
        view: Whoever watches and decides.
        holder: Who takes the lock, as another run would be told.
        stop: Set it to submit nothing more.

    Raises:
        UserError: The lock is held, the key belongs to another account, the warehouse refuses.
        RemoteError: Qualified does not tell its fields.
    """
    live = await api.fields()
    run_id = origin.run_id
    staging = _Staging(warehouse, run_id)
    await in_warehouse(warehouse.prepare)
    await in_warehouse(lambda: _check_account(warehouse, live))
    epoch = await in_warehouse(lambda: _lock(warehouse, run_id, holder))
    try:
        died = await in_warehouse(lambda: warehouse.close_dead_runs(_now(clock)))
        if died:
            view.died(died)
        result = await in_warehouse(
            lambda: make_plan(replace(inputs, live=live), options, warehouse, staging.measure)
        )
        plan = result.plan
        if plan is None:
            return ApplyResult(None, result.diagnostics)
        view.show(plan, result.diagnostics)
        if stop.is_set():
            return ApplyResult(plan, result.diagnostics, interrupted=True)
        if _has_work(plan) and not view.approve(plan):
            return ApplyResult(plan, result.diagnostics, declined=True)
        await in_warehouse(lambda: warehouse.renew_lock(epoch))
        await in_warehouse(lambda: warehouse.remember_fields(_live_fields(live)))
        run = _Run(origin, warehouse, in_warehouse, api, clock, view, epoch, stop, staging)
        records = await run.all(plan)
        return ApplyResult(plan, result.diagnostics, tuple(records), error=run.error)
    finally:
        await asyncio.shield(in_warehouse(staging.drop_settled))
        await asyncio.shield(in_warehouse(lambda: warehouse.release_lock(epoch)))


def _has_work(plan: Plan) -> bool:
    return any(
        stream.writes_state for sync in plan.syncs if not sync.stopped for stream in sync.streams
    )


def _check_account(warehouse: ExecutionWarehouse, live: FieldCatalog) -> None:
    known = warehouse.known_field_ids()
    ids = {item.id for item in _live_fields(live)}
    if known and ids and known.isdisjoint(ids):
        raise UserError(
            "This key belongs to another Qualified account than the state does: "
            "none of its field ids has been seen before",
            hint="name the accounts apart with `qualified: {account: …}` in qsync.yml, or use the "
            "key of the account this state is about",
        )


def _lock(warehouse: ExecutionWarehouse, run_id: str, holder: str) -> int:
    taken = warehouse.acquire_lock(run_id, holder)
    if isinstance(taken, LockHolder):
        raise UserError(
            f"Another apply is running: {taken.holder}, since {taken.since}",
            hint=f"wait for it; if it died, its lock expires at {taken.expires}",
        )
    return taken


def _live_fields(live: FieldCatalog) -> list[LiveField]:
    found = [LiveField("lead", item.name, item.id) for item in live.lead if item.id]
    return found + [LiveField("company", item.name, item.id) for item in live.company if item.id]


def _now(clock: Clock) -> str:
    return timestamp_text(datetime.fromtimestamp(clock.time(), UTC))


@dataclass(slots=True)
class _Run:
    """The approved part of an apply: stream by stream, each recorded."""

    origin: Origin
    warehouse: ExecutionWarehouse
    in_warehouse: InWarehouse
    api: ApplyApi
    clock: Clock
    view: ApplyView
    epoch: int
    stop: asyncio.Event
    staging: _Staging
    error: RemoteError | None = None

    async def all(self, plan: Plan) -> list[RunRecord]:
        records = []
        for sync in plan.syncs:
            for stream in sync.streams:
                record = await self._stream(stream, sync.blocked, sync.stopped)
                self.view.finish(record)
                records.append(record)
        return records

    async def _stream(self, plan: StreamPlan, blocked: str | None, sync_stopped: bool) -> RunRecord:
        record = opened(self.origin, plan, self._time())
        if sync_stopped or self.error is not None or self.stop.is_set():
            record = stopped(record, plan, blocked, self.error, self.stop.is_set(), self._time())
            await self.in_warehouse(lambda: self.warehouse.open_record(record))
            return record
        await self.in_warehouse(lambda: self.warehouse.open_record(record))
        stage = self.staging.stages[plan.stream_id]
        self.staging.open.add(plan.stream_id)
        if plan.writes_state:
            await self.in_warehouse(lambda: self.warehouse.begin(stage, self._context()))
        if plan.baseline:
            await self.in_warehouse(lambda: self.warehouse.baseline(stage, self._context()))
            record = baselined(record, self._time())
        elif plan.planned:
            record = await self._deliver(record, plan, stage)
        else:
            record = replace(record, status=RunStatus.NOTHING_TO_DO, finished_at=self._time())
        record.check_conservation()
        await self.in_warehouse(lambda: self.warehouse.close_record(record))
        self.staging.open.discard(plan.stream_id)
        return record

    async def _deliver(self, record: RunRecord, plan: StreamPlan, stage: Stage) -> RunRecord:
        self.view.start(plan)
        tally = self.api.tally
        requests, retries = tally.requests, tally.retries
        result = await deliver(
            stage,
            warehouse=self.warehouse,
            in_warehouse=self.in_warehouse,
            api=self.api,
            clock=self.clock,
            context=self._context,
            progress=self.view.update,
            stop=self.stop,
            limit=plan.limit,
        )
        if isinstance(result.error, AuthError | ScopeError):
            self.error = result.error
        tally = self.api.tally
        return after_delivery(
            record,
            result,
            requests=tally.requests - requests,
            retries=tally.retries - retries,
            at=self._time(),
        )

    def _context(self) -> CommitContext:
        return CommitContext(self.origin.run_id, self.epoch, _now(self.clock))

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)
