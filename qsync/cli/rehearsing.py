"""`qsync apply --rehearse`: a whole apply, with an emulated Qualified in this process at its end.

What is real: compiling, the SQL, the change set, the items and their bodies, the client, the jobs
and how their results are read. What is not: Qualified, which is the emulator with the fields of the
field catalog, and the time spent waiting. Nothing is written anywhere, and no key is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import click

from qsync import __version__
from qsync.cli.applying import ApplyScreen, exit_code, new_run_id
from qsync.cli.heap import heap_at_rest
from qsync.cli.loading import Loaded, load_valid
from qsync.cli.locking import holder
from qsync.cli.options import CommonOptions, SelectionOptions
from qsync.cli.saying import saying, tell_diagnostics
from qsync.cli.selecting import read_selection, select
from qsync.cli.telling import no_match, print_json
from qsync.cli.wiring import dbt_session, git_commit, plan_inputs, read_artifacts
from qsync.emulator import (
    DEFAULT_KEY,
    Account,
    ApiKey,
    EmulatedField,
    EmulatedRequest,
    EmulatorSettings,
    Limits,
)
from qsync.errors import UserError
from qsync.execution.apply import ApplyResult
from qsync.execution.apply import apply as run_apply
from qsync.execution.planner import PlanInputs, PlanOptions
from qsync.execution.recording import Origin
from qsync.execution.skipping import SkippingClock
from qsync.exit_codes import ExitCode
from qsync.fields import Field, FieldCatalog
from qsync.project.model import LimitSettings
from qsync.qualified.client import QualifiedClient
from qsync.qualified.in_process import Answered, Asked, InProcessTransport
from qsync.qualified.key import ApiKey as ClientKey
from qsync.views.console import data_console, notes_console
from qsync.views.documents import run_document
from qsync.views.progress import make_progress
from qsync.views.run_text import render_run
from qsync.views.told import log_run
from qsync.warehouse import RehearsalWarehouse

T = TypeVar("T")

_NOWHERE = "https://rehearsal.invalid"
"""The address requests are made out to; no host can have it (RFC 2606)."""

_ENOUGH = 1_000_000_000
_NO_LIMITS = LimitSettings(share=1.0, per_15m=_ENOUGH, per_hour=_ENOUGH, per_day=_ENOUGH)


def rehearse(
    common: CommonOptions,
    options: PlanOptions,
    *,
    selection: SelectionOptions,
    as_json: bool,
    verbose: bool,
) -> ExitCode:
    """Rehearse an apply on the command line.

    Args:
        common: dbt's flags.
        options: What is planned.
        selection: Which syncs.
        as_json: Print the run's document instead of text.
        verbose: Open what the plan folds.
    """
    loaded = load_valid(common)
    artifacts = read_artifacts(loaded)
    chosen = read_selection(loaded, selection)
    with dbt_session(common, loaded, chosen) as session:
        syncs = select(loaded, artifacts.manifest, session, chosen)
        if not syncs:
            return no_match(loaded, as_json)
        warehouse = RehearsalWarehouse(
            session.connection.session(),
            loaded.project.settings.state_schema,
            session.relations,
        )
        inputs = plan_inputs(loaded, artifacts, session, syncs)
        rehearsing = replace(options, rehearsal=True)
        return _Rehearsal(loaded, inputs, rehearsing, warehouse, common, as_json, verbose).run()


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """Everything one rehearsal needs, put together."""

    loaded: Loaded
    inputs: PlanInputs
    options: PlanOptions
    warehouse: RehearsalWarehouse
    common: CommonOptions
    as_json: bool
    verbose: bool

    def run(self) -> ExitCode:
        now = saying()
        progress = make_progress(
            notes_console(), log_format=self.common.log_format, level=now.level, log=now.log
        )
        screen = ApplyScreen(progress, self.as_json, self.verbose, auto_approve=True)
        # All of the warehouse's work in one thread: adapters' connections belong to threads.
        with ThreadPoolExecutor(1, "warehouse") as pool, screen, heap_at_rest():
            result = asyncio.run(self._apply(pool, screen))
        self._tell(result)
        return exit_code(result)

    async def _apply(self, pool: ThreadPoolExecutor, screen: ApplyScreen) -> ApplyResult:
        loop = asyncio.get_running_loop()
        clock = SkippingClock()

        async def in_thread(work: Callable[[], T]) -> T:
            with clock.working():
                return await loop.run_in_executor(pool, work)

        def in_warehouse(work: Callable[[], T], /) -> Awaitable[T]:
            return in_thread(work)

        async with emulated_client(self.inputs.catalog, clock) as client:
            return await run_apply(
                self.inputs,
                self.options,
                self._origin(),
                warehouse=self.warehouse,
                in_warehouse=in_warehouse,
                api=client,
                clock=clock,
                view=screen,
                holder=holder(),
                stop=asyncio.Event(),
            )

    def _origin(self) -> Origin:
        now = datetime.now(UTC)
        run_id = new_run_id(now)
        saying().log.bind(run_id=run_id)
        return Origin(
            run_id=run_id,
            target=self.inputs.target,
            started_at=now,
            dbt_invocation_id=self.inputs.manifest.invocation_id,
            git_commit=git_commit(self.loaded.project_dir),
            qsync_version=__version__,
        )

    def _tell(self, result: ApplyResult) -> None:
        if result.plan is None:
            tell_diagnostics(result.diagnostics)
            return
        document = run_document(result.records, rehearsal=True)
        log_run(saying().log, document)
        if self.as_json:
            print_json(document)
        else:
            click.echo()
            render_run(document, data_console())
        if result.error is not None:
            raise UserError(result.error.message, hint=result.error.hint)


def emulated_client(catalog: FieldCatalog, clock: SkippingClock) -> QualifiedClient:
    """The client that talks to Qualified, talking to an emulated account in this process."""
    ahead = clock.time() - clock.monotonic()
    account = Account(emulated_settings(catalog), clock=lambda: ahead + clock.monotonic())

    def answer(asked: Asked) -> Answered:
        response = account.handle(
            EmulatedRequest(asked.method, asked.path, asked.headers, asked.body, asked.query)
        )
        return Answered(response.status, response.headers, response.body)

    return QualifiedClient(
        _NOWHERE,
        ClientKey(DEFAULT_KEY),
        limits=_NO_LIMITS,
        transport=InProcessTransport(answer),
        clock=clock,
    )


def emulated_settings(catalog: FieldCatalog) -> EmulatorSettings:
    """An account with the catalog's fields that is strict about what is known, and quick.

    Values that only Qualified itself would refuse (the emulator's own example is a short phone) are
    taken: a guess must not fail a build.
    """
    return EmulatorSettings(
        keys={DEFAULT_KEY: ApiKey()},
        fields={
            "lead": tuple(_emulated(field) for field in catalog.lead),
            "company": tuple(_emulated(field) for field in catalog.company),
        },
        limits=Limits(None, None, None, None),
        job_base_seconds=0.0,
        batch_refusal_names_item=True,
        list_multi_options=True,
        checks={},
        quote_values=False,
        log_size=0,
        keep_records=False,
    )


def _emulated(field: Field) -> EmulatedField:
    options = tuple((option.value, option.label) for option in field.options)
    return EmulatedField(field.name, field.label, field.type, options)
