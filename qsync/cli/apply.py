"""`qsync apply`: stage, show, ask, send, record."""

from __future__ import annotations

import sys

import click

from qsync.cli.loading import Loaded, load_valid
from qsync.cli.locking import lock_timeout_option
from qsync.cli.options import (
    CommonOptions,
    auto_approve_option,
    common_options,
    json_option,
    option,
    selection_options,
)
from qsync.cli.wiring import (
    dbt_session,
    plan_inputs,
    qualified_client,
    read_artifacts,
    select,
    selectors_of,
    writing_warehouse,
)
from qsync.errors import UserError
from qsync.exit_codes import ExitCode


@click.command("apply")
@selection_options
@auto_approve_option
@lock_timeout_option
@option("--limit", type=click.IntRange(1), help="Send at most N records per sync and object.")
@option("--full-refresh", is_flag=True, help="Send every valid record.")
@option("--baseline", is_flag=True, help="Put records down as synced without sending them.")
@option("-v", "--verbose", is_flag=True, help="Open what the plan folds.")
@json_option
@common_options
def apply(
    select_: tuple[str, ...],
    exclude: tuple[str, ...],
    auto_approve: bool,
    lock_timeout: float,
    limit: int | None,
    full_refresh: bool,
    baseline: bool,
    verbose: bool,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Send what changed to Qualified.

    Stages the changes, shows the plan, asks (only `yes` goes on), sends, and records the run in
    the warehouse and the ledger's seed. Running it again is always safe.
    """
    from qsync.cli.telling import no_match
    from qsync.execution.planner import PlanOptions

    if baseline and (full_refresh or limit is not None):
        raise click.UsageError("--baseline sends nothing: leave --full-refresh and --limit out")
    if as_json and not auto_approve:
        raise click.UsageError("--json shows no plan to approve: give --auto-approve as well")
    if not auto_approve and not sys.stdin.isatty():
        raise UserError(
            "There is no terminal to ask at", hint="give --auto-approve, as in a CI job"
        )
    loaded = load_valid(common)
    artifacts = read_artifacts(loaded)
    client = qualified_client(loaded)
    with dbt_session(common, loaded, selectors_of(loaded, select_, exclude)) as session:
        _check_target(loaded, session.target)
        syncs = select(loaded, artifacts.manifest, session, select_, exclude)
        if not syncs:
            return no_match(loaded, as_json)
        from qsync.cli.applying import Application

        application = Application(
            loaded=loaded,
            inputs=plan_inputs(loaded, artifacts, session, syncs),
            options=PlanOptions(full_refresh=full_refresh, baseline=baseline, limit=limit),
            warehouse=writing_warehouse(loaded, session),
            client=client,
            common=common,
            auto_approve=auto_approve,
            lock_timeout=lock_timeout,
            as_json=as_json,
            verbose=verbose,
        )
        return application.run()


def _check_target(loaded: Loaded, target: str) -> None:
    allowed = loaded.project.settings.qualified.apply_targets
    if target in allowed:
        return
    listed = ", ".join(allowed) or "none"
    raise UserError(
        f"Target '{target}' may not write to Qualified",
        hint=f"`apply_targets` in qsync.yml allows: {listed}; name one with --target, or add it",
        where="qsync.yml",
    )
