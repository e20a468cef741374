"""Apply: stage, show the plan from the staged tables, ask, send, record.

Nothing is sent that the plan did not show: the plan is counted from the staged tables, and those
are what is delivered. Everything the warehouse does happens under the destination's lock.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.execution.approved import ApprovedRun, Staging
from qsync.execution.clock import Clock, moment, now_text
from qsync.execution.exchanges import NoRunLog, RunLog
from qsync.execution.gating import NOT_RUN, RunTests, models_to_test
from qsync.execution.halt import Pause, RunBounds
from qsync.execution.identity import check_account, live_fields
from qsync.execution.journal import Journal, NoJournal, Step
from qsync.execution.locking import Lease, take_lock
from qsync.execution.planner import PlanInputs, PlanOptions, make_plan, stream_ids
from qsync.execution.ports import CommitContext, ExecutionWarehouse
from qsync.execution.reading import InWarehouse
from qsync.execution.recording import Origin
from qsync.execution.recovery import (
    NothingLeftError,
    Recovered,
    Recovery,
    RecoveryStoppedError,
)
from qsync.execution.remote import RemoteError, WaitTooLongError
from qsync.execution.sealing import AppliedPlanError, SealedPlan, check_streams, seal_of
from qsync.execution.spending import Spending
from qsync.execution.watching import ApplyApi, ApplyView
from qsync.fields.model import FieldCatalog
from qsync.ledger.record import RunRecord
from qsync.planning.plan import Plan
from qsync.waiting import OvertakenError, unless


@dataclass(frozen=True, slots=True)
class ApplyBounds:
    """What a run may use and how long it may take.

    Attributes:
        lock_timeout: Seconds to wait for the lock.
        max_requests: HTTP requests.
        max_time: Seconds from the beginning, after which nothing more is submitted.
    """

    lock_timeout: float = 0.0
    max_requests: int | None = None
    max_time: float | None = None


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
        pause: Why it ended early although nothing failed, if it did.
        pause_error: What Qualified asked for then.
    """

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...] = ()
    records: tuple[RunRecord, ...] = ()
    declined: bool = False
    interrupted: bool = False
    error: RemoteError | None = None
    pause: Pause | None = None
    pause_error: RemoteError | None = None


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
    journal: Journal | None = None,
    bounds: ApplyBounds | None = None,
    resume: str | None = None,
    run_tests: RunTests | None = None,
    sealed: SealedPlan | None = None,
    log: RunLog | None = None,
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
        journal: The local journal; none unless given.
        bounds: What the run may use.
        resume: The run whose remainder is sent, and nothing else.
        run_tests: Runs dbt's tests for syncs that ask for it; called in the warehouse's thread.
            Without it such a sync is stopped.
        sealed: The sealed plan that is applied as it is, or not at all.
        log: Told of requests and of what became of jobs; nobody unless given.

    Raises:
        UserError: The lock is held, the key belongs to another account, the warehouse refuses,
            there is nothing to resume, a sealed plan is stale or was applied before.
        RemoteError: Qualified does not tell its fields, or what became of an earlier run's jobs.
    """
    run = _Apply(
        inputs,
        options,
        origin,
        warehouse,
        in_warehouse,
        api,
        clock,
        view,
        holder,
        stop,
        journal or NoJournal(),
        bounds or ApplyBounds(),
        resume,
        run_tests,
        sealed,
        log or NoRunLog(),
    )
    return await run.run()


@dataclass(frozen=True, slots=True)
class _Apply:
    """The stages of an apply, in order; the attributes are the arguments of `apply`."""

    inputs: PlanInputs
    options: PlanOptions
    origin: Origin
    warehouse: ExecutionWarehouse
    in_warehouse: InWarehouse
    api: ApplyApi
    clock: Clock
    view: ApplyView
    holder: str
    stop: asyncio.Event
    journal: Journal
    bounds: ApplyBounds
    resume: str | None
    run_tests: RunTests | None
    sealed: SealedPlan | None
    log: RunLog

    async def run(self) -> ApplyResult:
        """Everything that makes requests, between notes of them."""
        end_by = None
        if self.bounds.max_time is not None:
            end_by = self.clock.monotonic() + self.bounds.max_time
        self.api.end_by(end_by)
        self.api.at_most(self.bounds.max_requests)
        within = RunBounds(self.bounds.max_requests, end_by)
        self.api.submit_until(self.stop)
        await self.in_warehouse(self.warehouse.prepare)
        spending = Spending(
            self.origin.run_id, self.warehouse, self.in_warehouse, self.api, self.clock
        )
        await spending.begin()
        try:
            live = await unless(self.stop, self.api.fields())
            known = await self.in_warehouse(self.warehouse.known_field_ids)
            check_account(known, live)
            return await self._locked(live, spending, within)
        except OvertakenError:
            return ApplyResult(None, interrupted=True)
        except WaitTooLongError as error:
            # Before anything was planned. Later ones end in the records.
            pause = within.why(error, self.clock.monotonic())
            return ApplyResult(None, pause=pause, pause_error=error)
        finally:
            await asyncio.shield(self.in_warehouse(spending.settle))

    async def _locked(
        self, live: FieldCatalog, spending: Spending, within: RunBounds
    ) -> ApplyResult:
        warehouse = self.warehouse
        staging = Staging(warehouse, self.origin.run_id)
        epoch = await take_lock(
            warehouse,
            self.in_warehouse,
            self.clock,
            lock_id=self.origin.run_id,
            holder=self.holder,
            timeout=self.bounds.lock_timeout,
            told=self.view.waiting,
            stop=self.stop,
        )
        lease = Lease(warehouse, self.in_warehouse, self.clock, epoch)
        try:
            await spending.locked(lease)
            await self._never_applied()
            recovered = await self._recovery(epoch, lease, within).run(keep=self.resume)
            if recovered.died:
                self.view.died(recovered.died)
            return await self._planned(live, recovered, staging, lease, epoch, within)
        except RecoveryStoppedError:
            return ApplyResult(None, interrupted=True)
        except NothingLeftError:
            raise UserError(
                f"There is nothing of run '{self.resume}' to resume",
                hint="it has ended, or another run has planned anew since; `qsync apply` sends "
                "what is to be sent",
            ) from None
        finally:
            try:
                await asyncio.shield(self.in_warehouse(staging.drop_settled))
            finally:
                # Whatever becomes of the stages: nobody shall wait for a run that has ended.
                await asyncio.shield(self.in_warehouse(lambda: warehouse.release_lock(epoch)))

    async def _tested(self, inputs: PlanInputs, lease: Lease) -> PlanInputs:
        """With what gates look at: the moment, and the tests that are run for it.

        Nobody else writes meanwhile: the lock is held, and renewed before anything is staged. A
        rehearsal runs none, because tests may store what they find: its gates say what apply does.
        """
        own, run_tests = (None if self.options.rehearsal else NOT_RUN), self.run_tests
        models = models_to_test(inputs)
        if models and run_tests is not None and not self.stop.is_set():
            self.view.testing([node.name for node in models])
            own = await self.in_warehouse(lambda: run_tests(models))
            await lease.keep()
        return replace(inputs, evidence=replace(inputs.evidence, now=moment(self.clock), own=own))

    async def _never_applied(self) -> None:
        """Under the lock, so that of two people with one plan the second sees the first."""
        sealed = self.sealed
        if sealed is not None:
            before = await self.in_warehouse(lambda: self.warehouse.run_of_plan(sealed.id))
            if before is not None:
                raise AppliedPlanError(before)

    def _recovery(self, epoch: int, lease: Lease, within: RunBounds) -> Recovery:
        return Recovery(
            self.warehouse,
            self.in_warehouse,
            self.api,
            self.clock,
            lambda of_run: CommitContext(of_run, epoch, now_text(self.clock)),
            self.journal,
            self.stop,
            lease.keep,
            bounds=within,
        )

    async def _planned(
        self,
        live: FieldCatalog,
        recovered: Recovered,
        staging: Staging,
        lease: Lease,
        epoch: int,
        within: RunBounds,
    ) -> ApplyResult:
        warehouse = self.warehouse
        inputs, options = replace(self.inputs, live=live), self.options
        if self.resume is not None:
            inputs, options = _resuming(inputs, options, self.resume, recovered)
        inputs = await self._tested(inputs, lease)
        result = await self.in_warehouse(
            lambda: make_plan(inputs, options, warehouse, staging.measure)
        )
        plan = result.plan
        if plan is None:
            return ApplyResult(None, result.diagnostics)
        if self.sealed is not None:
            check_streams(self.sealed, seal_of(self.sealed.seal.base, plan))
        self.view.show(plan, result.diagnostics)
        if self.stop.is_set():
            return ApplyResult(plan, result.diagnostics, interrupted=True)
        if _has_work(plan) and not self.view.approve(plan):
            return ApplyResult(plan, result.diagnostics, declined=True)
        await self.in_warehouse(lambda: warehouse.renew_lock(epoch))
        await self.in_warehouse(lambda: warehouse.remember_fields(live_fields(live)))
        for stage in recovered.kept.values():
            await self.in_warehouse(partial(warehouse.drop_stage, stage))
        run = ApprovedRun(
            self.origin,
            warehouse,
            self.in_warehouse,
            self.api,
            self.clock,
            self.view,
            epoch,
            self.stop,
            staging,
            self.journal,
            await self.in_warehouse(warehouse.secret),
            lease,
            within,
            inputs.project.settings.removed_kept_for,
            inputs.project.settings.history_kept_for,
            self.log,
        )
        records = await run.all(plan)
        self.journal.write(Step.ENDED)
        return ApplyResult(
            plan,
            result.diagnostics,
            tuple(records),
            error=run.error,
            pause=run.pause,
            pause_error=run.pause_error,
        )


def _resuming(
    inputs: PlanInputs, options: PlanOptions, run_id: str, recovered: Recovered
) -> tuple[PlanInputs, PlanOptions]:
    """Plan only what is left of the run's staged tables."""
    kept = recovered.kept
    syncs = tuple(
        sync
        for sync in inputs.syncs
        if stream_ids(sync, inputs.project, inputs.destination) & set(kept)
    )
    tables = {stream_id: stage.table for stream_id, stage in kept.items()}
    return replace(inputs, syncs=syncs), replace(options, resume=tables, parent=run_id)


def _has_work(plan: Plan) -> bool:
    return any(
        stream.writes_state for sync in plan.syncs if not sync.stopped for stream in sync.streams
    )
