"""One apply on the command line: threads, signals, what is shown, the ledger's seed, exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import click

from qsync import __version__
from qsync.cli.beating import beating
from qsync.cli.heap import heap_at_rest
from qsync.cli.loading import Loaded
from qsync.cli.locking import holder, waiting_message
from qsync.cli.options import CommonOptions
from qsync.cli.run_logs import keeping, run_log
from qsync.cli.saying import ask, say, saying, tell_diagnostics
from qsync.cli.telling import print_json, tell_plan
from qsync.cli.wiring import git_commit, relative
from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.execution.apply import ApplyBounds, ApplyResult
from qsync.execution.apply import apply as run_apply
from qsync.execution.deliver import DeliveryProgress
from qsync.execution.gating import RunTests
from qsync.execution.halt import Pause
from qsync.execution.journal import FileJournal
from qsync.execution.planner import PlanInputs, PlanOptions
from qsync.execution.ports import LockHolder
from qsync.execution.recording import Origin
from qsync.execution.remote import RemoteError
from qsync.execution.run_log import FileRunLog
from qsync.execution.sealing import SealedPlan
from qsync.exit_codes import ExitCode
from qsync.ledger import row_from_cells, write_seed
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.plan import Plan, StreamPlan
from qsync.views.console import data_console, notes_console
from qsync.views.documents import plan_document, run_document
from qsync.views.entries import JsonObject
from qsync.views.plan_document import same_changes
from qsync.views.progress import RunProgress, make_progress
from qsync.views.run_text import render_run
from qsync.views.told import log_plan, log_record, log_run

if TYPE_CHECKING:
    from qsync.qualified.client import QualifiedClient
    from qsync.warehouse import WritingWarehouse

T = TypeVar("T")

_STOPPING = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask a run to end."""


@dataclass(slots=True)
class Application:
    """Everything one `qsync apply` needs, put together by the command."""

    loaded: Loaded
    inputs: PlanInputs
    options: PlanOptions
    bounds: ApplyBounds
    resume: str | None
    sealed: SealedPlan | None
    shown: JsonObject | None
    run_tests: RunTests
    warehouse: WritingWarehouse
    client: QualifiedClient
    common: CommonOptions
    auto_approve: bool
    as_json: bool
    verbose: bool
    full_bodies: bool = False
    result: ApplyResult | None = None
    """How it ended, for alerts; None before, and when an error ended it."""

    def run(self) -> ExitCode:
        """Apply, write the seed, say what happened; the exit code."""
        now = saying()
        progress = make_progress(
            notes_console(),
            log_format=self.common.log_format,
            level=now.level,
            log=now.log,
            quota=self.client.seconds_for,
        )
        view = ApplyScreen(progress, self.as_json, self.verbose, self.auto_approve, self.shown)
        # All of the warehouse's work in one thread: adapters' connections belong to threads.
        with ThreadPoolExecutor(1, "warehouse") as pool, view:
            with heap_at_rest():
                result = self.result = asyncio.run(self._apply(pool, view, progress))
            seed = pool.submit(self._write_seed).result() if result.records else None
        self._tell(result, seed)
        return exit_code(result)

    async def _apply(
        self, pool: ThreadPoolExecutor, view: ApplyScreen, progress: RunProgress
    ) -> ApplyResult:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()

        def in_warehouse(work: Callable[[], T], /) -> Awaitable[T]:
            return loop.run_in_executor(pool, work)

        from qsync.qualified.clock import SystemClock

        origin = self._origin()
        saying().log.bind(run_id=origin.run_id)
        for number in _STOPPING:
            loop.add_signal_handler(number, _on_signal, stop, origin.run_id)
        log = self._log(origin, progress)
        self.client.watched_by(log.exchange)
        with keeping(log):
            async with self.client, beating(view.beat):
                result = await run_apply(
                    self.inputs,
                    self.options,
                    origin,
                    warehouse=self.warehouse,
                    in_warehouse=in_warehouse,
                    api=self.client,
                    clock=SystemClock(),
                    view=view,
                    holder=holder(),
                    stop=stop,
                    journal=FileJournal(self.loaded.own_path / "journal", origin.run_id),
                    bounds=self.bounds,
                    resume=self.resume,
                    run_tests=self.run_tests,
                    sealed=self.sealed,
                    log=log,
                )
            log.status = exit_code(result).name.lower()
            return result

    def _log(self, origin: Origin, progress: RunProgress) -> FileRunLog:
        command = "apply" if self.resume is None else "resume"
        command = "retry" if origin.retry else command
        return run_log(self.loaded, origin, progress, command, full_bodies=self.full_bodies)

    def _tell_why_nothing(self, result: ApplyResult) -> None:
        error = result.pause_error
        if error is None:
            return
        if not _nothing_yet(result):
            raise UserError(error.message, hint=error.hint)
        bound = "--max-time" if result.pause is Pause.MAX_TIME else "--max-requests"
        message = f"Nothing was sent within {bound}: {error.message}"
        say("note", message, level="warning", text=message)

    def _origin(self) -> Origin:
        now = datetime.now(UTC)
        return Origin(
            run_id=new_run_id(now),
            target=self.inputs.target,
            started_at=now,
            dbt_invocation_id=self.inputs.manifest.invocation_id,
            git_commit=git_commit(self.loaded.project_dir),
            qsync_version=__version__,
            parent=self.options.parent,
            retry=self.options.retry,
            plan=None if self.sealed is None else self.sealed.id,
        )

    def _write_seed(self) -> str:
        rows = self.warehouse.ledger(self.inputs.project.name)
        write_seed(self.loaded.seed_path, [row_from_cells(cells) for cells in rows])
        return relative(self.loaded.seed_path, self.loaded.project_dir)

    def _tell(self, result: ApplyResult, seed: str | None) -> None:
        if result.declined:
            say("declined", "Declined: nothing was sent, nothing was kept.")
        if result.plan is None:
            tell_diagnostics(result.diagnostics)
        if not result.records:
            self._tell_why_nothing(result)
            return
        table = f"{self.inputs.project.settings.state_schema}.qsync_runs"
        document = run_document(result.records, seed=seed, table=table)
        log_run(saying().log, document)
        if self.as_json:
            print_json(document)
        else:
            click.echo()
            render_run(document, data_console())
        unsent = [record for record in result.records if _ended_early(record)]
        if unsent:
            say("note", "To send what is to be sent then: qsync apply", level="warning")
            # What was asked for besides would be lost: a resume refuses it.
            if self.options == PlanOptions(parent=self.options.parent):
                rows = sum(record.rows_unsent for record in unsent)
                run_id = unsent[0].run_id
                again = f"To send these {rows:,} only:          qsync resume {run_id}"
                say("note", " ".join(again.split()), level="warning", text=again)
        error = result.error or _not_asked_for(result)
        if error is not None:
            raise UserError(error.message, hint=error.hint)


def new_run_id(now: datetime) -> str:
    """An id that sorts after those of earlier runs: to the second, then milliseconds, in hex."""
    return f"{now:%Y%m%dt%H%M%S}_{now.microsecond // 1000:03x}{secrets.randbelow(16**3):03x}"


def _nothing_yet(result: ApplyResult) -> bool:
    """Whether the run was at a bound of its own before there was a plan: the next one goes on."""
    return result.plan is None and result.pause in {Pause.MAX_TIME, Pause.MAX_REQUESTS}


def exit_code(result: ApplyResult) -> ExitCode:
    """What an apply ends with, from its records alone."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if _nothing_yet(result):
        return ExitCode.OK
    if result.plan is None:
        return ExitCode.FAILED
    if result.declined:
        return ExitCode.DECLINED
    statuses = {record.status for record in result.records}
    if RunStatus.INTERRUPTED in statuses and result.pause is None:
        return ExitCode.INTERRUPTED
    if statuses & {RunStatus.FAILED, RunStatus.STOPPED} or _not_asked_for(result) is not None:
        return ExitCode.FAILED
    # A bound that the user set was kept: what it left is left as `--limit` leaves it.
    troubled = any(
        record.rows_rejected or record.rows_unknown or record.rows_invalid_late
        for record in result.records
    )
    return ExitCode.PARTIAL if troubled else ExitCode.OK


def _not_asked_for(result: ApplyResult) -> RemoteError | None:
    """Why the run ended early, unless the user set a bound to it."""
    return result.pause_error if result.pause is Pause.WAIT_TOO_LONG else None


def _ended_early(record: RunRecord) -> bool:
    early = record.status in {RunStatus.INTERRUPTED, RunStatus.FAILED}
    return early and record.rows_unsent > 0


class ApplyScreen:
    """Shows the plan, asks, and tells how it goes."""

    def __init__(
        self,
        progress: RunProgress,
        as_json: bool,
        verbose: bool,
        auto_approve: bool,
        promised: JsonObject | None = None,
    ) -> None:
        self._promised = promised
        self._progress = progress
        self._labels: dict[tuple[str, str], str] = {}
        self._showing = contextlib.ExitStack()
        self._moving = False
        self._as_json = as_json
        self._verbose = verbose
        self._auto_approve = auto_approve

    def show(self, plan: Plan, diagnostics: Sequence[Diagnostic]) -> None:
        """The plan; with --json only the run's document goes to standard output.

        Raises:
            UserError: A plan file showed something else.
        """
        if self._promised is not None and not same_changes(self._promised, plan_document(plan)):
            raise UserError(
                "The plan file shows other changes than it seals, so nothing was sent",
                hint="somebody has edited it: make it anew (qsync plan --out FILE)",
            )
        for sync in plan.syncs:
            for item in sync.streams:
                self._labels[item.stream.sync, item.object.value] = item.stream.label
        log_plan(saying().log, plan)
        if self._as_json:
            tell_plan(None, diagnostics, as_json=True)
        else:
            tell_plan(plan, diagnostics, as_json=False, verbose=self._verbose)

    def approve(self, plan: Plan) -> bool:
        """Only `yes` goes on."""
        if self._auto_approve:
            return True
        # While a person is asked the loop stands still, and with it how it takes signals. Set
        # before the question, so that who answers it with Ctrl-C at once is heard too.
        before = {number: signal.signal(number, signal.default_int_handler) for number in _STOPPING}
        try:
            question = f"\nApply this to {plan.destination}? Only 'yes' goes on: "
            ask(question)
            return sys.stdin.readline().strip() == "yes"
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the screen."""
        self._showing.close()

    def start(self, stream: StreamPlan) -> None:
        """A stream's delivery begins; from now on, and not at the prompt, something may move."""
        if not self._moving:
            self._moving = True
            self._showing.enter_context(self._progress)
        compiled = stream.stream
        self._progress.start(compiled.label, stream.to_send, compiled.sync, stream.object.value)

    def update(self, progress: DeliveryProgress) -> None:
        """It goes on."""
        self._progress.update(progress)

    def beat(self) -> None:
        """Some seconds have passed."""
        self._progress.beat()

    def finish(self, record: RunRecord) -> None:
        """A stream has ended."""
        self._progress.finish()
        log_record(saying().log, record, self._labels.get((record.sync, record.object)))

    def waiting(self, held: LockHolder) -> None:
        """Another run has the lock, and is waited for."""
        self._progress.event("lock_wait", waiting_message(held), lock_id=held.lock_id)

    def testing(self, models: Sequence[str]) -> None:
        """The tests of these models begin."""
        self._progress.event(
            "dbt_test", f"Running dbt's tests of {', '.join(models)}.", models=len(models)
        )

    def died(self, run_ids: Sequence[str]) -> None:
        """Earlier runs were found dead."""
        self._progress.event(
            "dead_runs",
            f"Closed {len(run_ids)} earlier run{'s' if len(run_ids) > 1 else ''} that had died "
            f"({', '.join(run_ids)}); what they may have sent is compared anew.",
            run_ids=list(run_ids),
        )


def _on_signal(stop: asyncio.Event, run_id: str) -> None:
    if stop.is_set():
        # Safe at any moment: state advances by committed transactions, and the next apply closes
        # this run and sends what it left open.
        told = (
            "\nLeaving at once; the next apply settles what is open. The lock is left behind: it "
            f"expires within 15 minutes, or `qsync unlock {run_id}` frees it.\n"
        )
        _shout("leaving", told)
        os._exit(ExitCode.INTERRUPTED)
    stop.set()
    told = "Stopping: nothing more is submitted, what is open is awaited. Again: leave."
    _shout("stopping", f"\n{told}\n")


def _shout(name: str, text: str) -> None:
    """Say it past whatever moves on the screen, whether or not anybody flushes after it."""
    if not saying().as_json:
        os.write(2, text.encode())
    saying().log.event(name, text.strip())
