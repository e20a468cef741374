"""What `apply`, `resume` and `retry` have in common: everything but what they send."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qsync import __version__
from qsync.cli.declared import keep_declared
from qsync.cli.durations import duration_callback
from qsync.cli.loading import Loaded, load_valid
from qsync.cli.locking import lock_timeout_option
from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    auto_approve_option,
    common_options,
    option,
)
from qsync.cli.run_logs import full_bodies_option
from qsync.cli.samples import only_for_a_person
from qsync.cli.saying import say
from qsync.cli.selecting import read_selection, select
from qsync.cli.wiring import (
    dbt_session,
    dbt_tests,
    plan_inputs,
    qualified_client,
    read_artifacts,
    writing_warehouse,
)
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.views.entries import JsonObject, duration_words

if TYPE_CHECKING:
    from qsync.cli.watching import Watch
    from qsync.execution.apply import ApplyBounds
    from qsync.execution.planner import PlanOptions
    from qsync.execution.sealing import SealedPlan
    from qsync.warehouse import WritingWarehouse

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What every command that sends takes."""

    auto_approve: bool
    lock_timeout: float
    verbose: bool
    max_requests: int | None
    max_time: float | None
    full_bodies: bool

    @property
    def bounds(self) -> ApplyBounds:
        """What the run may use."""
        from qsync.execution.apply import ApplyBounds

        return ApplyBounds(self.lock_timeout, self.max_requests, self.max_time)


def send_options(command: Command) -> Command:
    """Give a command `sending: SendOptions` and the common options."""

    @functools.wraps(command)
    def wrapped(*args: Any, **values: Any) -> Any:
        names = SendOptions.__dataclass_fields__
        sending = SendOptions(**{name: values.pop(name) for name in names})
        return command(*args, sending=sending, **values)

    verbose = option("-v", "--verbose", is_flag=True, help="Open what the plan folds.")
    decorated = _bounds_options(verbose(common_options(wrapped)))
    # The wrapper takes the options instead.
    return auto_approve_option(lock_timeout_option(decorated))  # type: ignore[return-value]


def _bounds_options(command: Command) -> Command:
    requests = option(
        "--max-requests",
        type=click.IntRange(4),
        help="Make at most N requests; the next run goes on.",
    )
    time = option(
        "--max-time",
        callback=duration_callback,
        metavar="DURATION",
        help="Submit nothing more after so long (30m, 2h); the next run goes on.",
    )
    return requests(time(full_bodies_option(command)))


_EVERYTHING = SelectionOptions()


def send(
    common: CommonOptions,
    sending: SendOptions,
    options: PlanOptions,
    *,
    selection: SelectionOptions = _EVERYTHING,
    resume: str | None = None,
    sealed: SealedPlan | None = None,
    shown: JsonObject | None = None,
    as_json: bool = False,
) -> ExitCode:
    """Run an apply of some kind on the command line.

    Args:
        common: dbt's flags.
        sending: Whether and how to ask, and what the run may use.
        options: What is planned.
        selection: Which syncs.
        resume: The run whose remainder is sent.
        sealed: The sealed plan that is applied, or nothing.
        shown: The document that the sealed plan was shown from.
        as_json: Print the run's document instead of text.
    """
    from qsync.cli.watching import Watch

    if as_json and not sending.auto_approve:
        raise click.UsageError("--json shows no plan to approve: give --auto-approve as well")
    if not sending.auto_approve and not sys.stdin.isatty():
        raise UserError(
            "There is no terminal to ask at", hint="give --auto-approve, as in a CI job"
        )
    if sending.full_bodies:
        only_for_a_person("--full-bodies", "keeps people's values in the log of the run")
    with Watch(common, unattended=sending.auto_approve) as watch:
        return _send(
            common,
            sending,
            options,
            watch,
            selection=selection,
            resume=resume,
            sealed=sealed,
            shown=shown,
            as_json=as_json,
        )


def _send(
    common: CommonOptions,
    sending: SendOptions,
    options: PlanOptions,
    watch: Watch,
    *,
    selection: SelectionOptions,
    resume: str | None,
    sealed: SealedPlan | None,
    shown: JsonObject | None,
    as_json: bool,
) -> ExitCode:
    """What `send` does, watched for alerts."""
    from qsync.cli.telling import no_match, say_by_text
    from qsync.execution.sealing import base_of, check_base

    loaded = load_valid(common)
    watch.loaded = loaded
    artifacts = read_artifacts(loaded)
    client = qualified_client(loaded)
    chosen = read_selection(loaded, selection)
    watch.opening = True
    with dbt_session(common, loaded, chosen) as session:
        watch.opening = False
        say_by_text(session.adapter_type, by_text=session.connection.dialect.by_text)
        check_target(loaded, session.target)
        syncs = select(loaded, artifacts.manifest, session, chosen)
        if sealed is not None:
            syncs = tuple(sync for sync in syncs if sync.name in sealed.seal.base.syncs)
        keep_declared(loaded, artifacts.manifest, chosen.base)
        inputs = plan_inputs(loaded, artifacts, session, syncs)
        if sealed is not None:
            check_base(sealed, base_of(inputs, __version__))
        if not syncs and sealed is not None:
            say("nothing_selected", "The plan is about no sync: there is nothing to apply.")
            return ExitCode.OK
        if not syncs:
            return no_match(loaded, as_json)
        from qsync.cli.applying import Application

        warehouse = writing_warehouse(loaded, session)
        if resume is not None:
            _check_resumable(resume, _details(warehouse, resume))
        elif options.parent is not None:
            _details(warehouse, options.parent)
        application = Application(
            loaded=loaded,
            inputs=inputs,
            options=options,
            sealed=sealed,
            shown=shown,
            bounds=sending.bounds,
            resume=resume,
            run_tests=dbt_tests(common, loaded),
            warehouse=warehouse,
            client=client,
            common=common,
            auto_approve=sending.auto_approve,
            as_json=as_json,
            verbose=sending.verbose,
            full_bodies=sending.full_bodies,
        )
        return watch.run(application, warehouse)


def send_sealed(
    common: CommonOptions,
    sending: SendOptions,
    sealed: SealedPlan,
    options: PlanOptions,
    *,
    shown: JsonObject,
    max_age: float | None = None,
    as_json: bool = False,
) -> ExitCode:
    """Apply a sealed plan: it was approved when somebody named the file.

    Args:
        common: dbt's flags; the target is the plan's unless one is named.
        sending: What the run may use.
        sealed: The plan.
        shown: The document it was shown from.
        options: Only `override` counts; all else is the plan's.
        max_age: Seconds.
        as_json: Print the run's document instead of text.

    Raises:
        UserError: The plan is too old, or stale.
    """
    if max_age is not None and (age := time.time() - sealed.created_at) > max_age:
        raise UserError(
            f"The plan was made {duration_words(round(age))} ago, and --max-age allows "
            f"{duration_words(max_age)}",
            hint="make it anew: qsync plan --out FILE",
        )
    return send(
        replace(common, target=common.target or sealed.seal.base.target),
        replace(sending, auto_approve=True),
        replace(options, limit=sealed.limit, full_refresh=sealed.full_refresh, imprinted=True),
        sealed=sealed,
        shown=shown,
        as_json=as_json,
    )


def _details(warehouse: WritingWarehouse, run_id: str) -> list[dict[str, Any]]:
    """What the records of a run say besides numbers.

    Raises:
        UserError: It is no run of this project at this destination.
    """
    found = warehouse.run_details(run_id)
    if not found:
        raise UserError(
            f"There is no run '{run_id}'",
            hint="the ledger has them: `qsync status`, or the column run_id of its table",
        )
    return found


_AGAIN = {
    "baseline": "`qsync apply --baseline`",
    "full_refresh": "`qsync apply --full-refresh`",
    "limit": "`qsync apply --limit N`",
    "retry": "`qsync retry`",
}
"""What a run may have been asked for that a resume would not do, and how to ask for it again."""


def _check_resumable(run_id: str, details: Sequence[dict[str, Any]]) -> None:
    """A resume sends what is left, whatever is left: it must be what the run was to send.

    Raises:
        UserError: The run was asked for something else.
    """
    asked = next((name for name in _AGAIN if any(item.get(name) for item in details)), None)
    if asked is not None:
        raise UserError(
            f"Run '{run_id}' was asked for something that a resume would not do: "
            f"{asked.replace('_', ' ')}",
            hint=f"ask again with {_AGAIN[asked]}: it goes on where the state is",
        )


def check_target(loaded: Loaded, target: str) -> None:
    """Only a target in `apply_targets` may write.

    Raises:
        UserError: This one may not.
    """
    allowed = loaded.project.settings.qualified.apply_targets
    if target in allowed:
        return
    listed = ", ".join(allowed) or "none"
    raise UserError(
        f"Target '{target}' may not write to Qualified",
        hint=f"`apply_targets` in qsync.yml allows: {listed}; name one with --target, or add it",
        where="qsync.yml",
    )
