"""`qsync apply`: stage, show, ask, send, record."""

from __future__ import annotations

from pathlib import Path

import click

from qsync.cli.durations import duration_callback
from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    json_option,
    option,
    selection_options,
)
from qsync.cli.planfile import read_plan_file
from qsync.cli.sending import SendOptions, send, send_options, send_sealed
from qsync.exit_codes import ExitCode


@click.command("apply")
@click.argument(
    "plan_file",
    metavar="[PLAN]",
    required=False,
    type=click.Path(path_type=Path, dir_okay=False),
)
@selection_options
@option("--limit", type=click.IntRange(1), help="Send at most N records per sync and object.")
@option("--full-refresh", is_flag=True, help="Send every valid record.")
@option("--baseline", is_flag=True, help="Put records down as synced without sending them.")
@option(
    "--override-guards",
    metavar="DIGEST",
    help="Apply the plan of this digest although guards do not hold; it is recorded.",
)
@option(
    "--max-age",
    callback=duration_callback,
    metavar="DURATION",
    help="Refuse a PLAN that was made longer ago (30m, 24h).",
)
@send_options
@json_option
def apply(
    plan_file: Path | None,
    selection: SelectionOptions,
    limit: int | None,
    full_refresh: bool,
    baseline: bool,
    override_guards: str | None,
    max_age: float | None,
    sending: SendOptions,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Send what changed to Qualified.

    Stages the changes, shows the plan, asks (only `yes` goes on), sends, and records the run in
    the warehouse and the ledger's seed. Running it again is always safe: what an earlier run left
    open is settled first. A load larger than the team's quota is a series of plain runs, each with
    `--max-requests` or `--max-time`.

    With PLAN, a file that `qsync plan --out` wrote, exactly that plan is applied, without asking:
    if anything it stands on has moved, files, state or rows, nothing is sent and it says what.
    """
    from qsync.execution.planner import PlanOptions

    if baseline and (full_refresh or limit is not None):
        raise click.UsageError("--baseline sends nothing: leave --full-refresh and --limit out")
    options = PlanOptions(
        full_refresh=full_refresh, baseline=baseline, limit=limit, override=override_guards
    )
    if plan_file is None:
        if max_age is not None:
            raise click.UsageError("--max-age is for a PLAN file")
        return send(common, sending, options, selection=selection, as_json=as_json)
    if baseline or full_refresh or limit is not None or selection != SelectionOptions():
        raise click.UsageError(
            "PLAN says what is applied: leave --select, --exclude, --state, --limit, "
            "--full-refresh and --baseline out"
        )
    sealed, _ = read_plan_file(plan_file)
    return send_sealed(common, sending, sealed, options, max_age=max_age, as_json=as_json)
