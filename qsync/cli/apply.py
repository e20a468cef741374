"""`qsync apply`: stage, show, ask, send, record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from qsync.execution.planner import PlanOptions


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
@option(
    "--rehearse",
    is_flag=True,
    help="Do everything but for an emulated Qualified in this process; needs no key, writes "
    "nothing.",
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
    rehearse: bool,
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

    With `--rehearse` the whole of it runs, without asking and for any target, and an emulated
    Qualified with the fields of the field catalog checks every record: for CI.
    """
    from qsync.execution.planner import PlanOptions

    if baseline and (full_refresh or limit is not None):
        raise click.UsageError("--baseline sends nothing: leave --full-refresh and --limit out")
    options = PlanOptions(
        full_refresh=full_refresh, baseline=baseline, limit=limit, override=override_guards
    )
    if rehearse:
        beside = {
            "PLAN": plan_file is not None,
            "--baseline": baseline,
            "--max-age": max_age is not None,
        }
        return _rehearse(
            common, sending, options, selection=selection, as_json=as_json, beside=beside
        )
    if plan_file is None:
        if max_age is not None:
            raise click.UsageError("--max-age is for a PLAN file")
        return send(common, sending, options, selection=selection, as_json=as_json)
    if baseline or full_refresh or limit is not None or selection != SelectionOptions():
        raise click.UsageError(
            "PLAN says what is applied: leave --select, --exclude, --state, --limit, "
            "--full-refresh and --baseline out (and QSYNC_SELECT, QSYNC_STATE, DBT_STATE, … unset)"
        )
    sealed, shown = read_plan_file(plan_file)
    return send_sealed(
        common, sending, sealed, options, shown=shown, max_age=max_age, as_json=as_json
    )


def _rehearse(
    common: CommonOptions,
    sending: SendOptions,
    options: PlanOptions,
    *,
    selection: SelectionOptions,
    as_json: bool,
    beside: Mapping[str, bool],
) -> ExitCode:
    """Rehearse, unless it was asked for together with what a rehearsal does not know."""
    from qsync.cli.rehearsing import rehearse

    unknown = {
        **beside,
        "--max-requests": sending.max_requests is not None,
        "--max-time": sending.max_time is not None,
    }
    given = [name for name, asked in unknown.items() if asked]
    if given:
        raise click.UsageError(
            f"--rehearse sends nothing to Qualified: leave {' and '.join(given)} out"
        )
    return rehearse(common, options, selection=selection, as_json=as_json, verbose=sending.verbose)
