"""`qsync report`: how every sync stands, as one page that opens anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from qsync.cli.durations import duration_callback
from qsync.cli.loading import errors_of, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option
from qsync.cli.saying import tell_diagnostics
from qsync.exit_codes import ExitCode

LATE_AFTER = "26h"
"""A daily sync, and two hours of patience."""


# Its options have variables of their own: a job that sets QSYNC_OUT for its plan must not have the
# plan replaced by a page.
@click.command("report")
@click.option(
    "--out",
    envvar=["QSYNC_REPORT_OUT"],
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the page; target/qsync/report.html by default.",
)
@click.option(
    "--plan",
    "plan_file",
    envvar=["QSYNC_REPORT_PLAN"],
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Show this plan too: a sealed one, or what `qsync plan --json` wrote.",
)
@click.option(
    "--from-seed",
    envvar=["QSYNC_REPORT_FROM_SEED"],
    is_flag=True,
    help="Read the ledger's seed instead of the warehouse; what rests is not in it.",
)
@click.option(
    "--late-after",
    envvar=["QSYNC_REPORT_LATE_AFTER"],
    default=LATE_AFTER,
    show_default=True,
    callback=duration_callback,
    metavar="DURATION",
    help="A sync is late when its last complete run is longer ago.",
)
@click.option(
    "--runs",
    envvar=["QSYNC_REPORT_RUNS"],
    type=click.IntRange(1, 1_000),
    default=100,
    show_default=True,
    help="How many of the newest runs to show.",
)
@json_option
@common_options
def report(
    out: Path | None,
    plan_file: Path | None,
    from_seed: bool,
    late_after: float,
    runs: int,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Write one HTML page about all syncs.

    It shows their health, runs, rejects and mappings, and a plan if one is given. The file holds
    all it needs and loads nothing, so it opens from disk and as an artifact of CI. It has counts
    and names, no value of a record; no API key is needed. With --json the document it is made from
    is printed, and the page is written only where --out says.
    """
    from qsync import __version__
    from qsync.cli.reporting import column_types, read_ledger, read_plan, write_page
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import relative
    from qsync.execution.planner import destination_of
    from qsync.fields import read_catalog
    from qsync.views.report import report_page
    from qsync.views.report_document import ReportInputs, report_document

    loaded = load_settled(common)
    plan = None if plan_file is None else dict(read_plan(plan_file))
    if errors_of(loaded.diagnostics):
        # A broken sync is left out of the project: the page says that it is not complete.
        tell_diagnostics(loaded.diagnostics)
    read = read_ledger(common, loaded, from_seed=from_seed)
    catalog, _ = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    document = report_document(
        ReportInputs(
            project=loaded.project,
            records=read.records,
            now=datetime.now(UTC),
            source="seed" if from_seed else "warehouse",
            destination=destination_of(loaded.project),
            target=read.target,
            rejects=read.rejects,
            catalog=catalog,
            column_types=column_types(loaded),
            plan=plan,
            late_after=late_after,
            runs=runs,
            problems=sum(errors_of((item,)) for item in loaded.diagnostics),
            version=__version__,
        )
    )
    if as_json:
        print_json(document)
    if out is None and as_json:
        return ExitCode.OK
    path = out or loaded.own_path / "report.html"
    write_page(path, report_page(document), loaded)
    if not as_json:
        click.echo(f"Wrote {relative(path, Path())}.")
    return ExitCode.OK
