"""`qsync apply`: stage, show, ask, send, record."""

from __future__ import annotations

import click

from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    json_option,
    option,
    selection_options,
)
from qsync.cli.sending import SendOptions, send, send_options
from qsync.exit_codes import ExitCode


@click.command("apply")
@selection_options
@option("--limit", type=click.IntRange(1), help="Send at most N records per sync and object.")
@option("--full-refresh", is_flag=True, help="Send every valid record.")
@option("--baseline", is_flag=True, help="Put records down as synced without sending them.")
@send_options
@json_option
def apply(
    selection: SelectionOptions,
    limit: int | None,
    full_refresh: bool,
    baseline: bool,
    sending: SendOptions,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Send what changed to Qualified.

    Stages the changes, shows the plan, asks (only `yes` goes on), sends, and records the run in
    the warehouse and the ledger's seed. Running it again is always safe: what an earlier run left
    open is settled first. A load larger than the team's quota is a series of plain runs, each with
    `--max-requests` or `--max-time`.
    """
    from qsync.execution.planner import PlanOptions

    if baseline and (full_refresh or limit is not None):
        raise click.UsageError("--baseline sends nothing: leave --full-refresh and --limit out")
    return send(
        common,
        sending,
        PlanOptions(full_refresh=full_refresh, baseline=baseline, limit=limit),
        selection=selection,
        as_json=as_json,
    )
