"""`qsync rejects`: what Qualified rejected, by reason, and what to do."""

from __future__ import annotations

from pathlib import Path

import click

from qsync.cli.loading import errors_of, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.cli.saying import say, tell_diagnostics
from qsync.errors import UserError
from qsync.exit_codes import ExitCode


@click.command("rejects")
@click.argument("sync", metavar="[SYNC]", required=False)
@option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every rejected record with its match key to a new CSV file; never in CI.",
)
@json_option
@common_options
def rejects(
    sync: str | None, export: Path | None, as_json: bool, common: CommonOptions
) -> ExitCode:
    """Show what Qualified rejected, by reason, and what to do.

    Of every sync, or of SYNC: how many records, how often they were tried, since when, whether they
    rest, the line that maps the field, and what the field takes. Asks the warehouse and nothing
    else: no API key is needed. The same records are the view `qsync_rejections` in the state
    schema, for models and queries.

    With `--export` the records go to a file that only its owner can read. It holds people's
    addresses: look at it, and delete it.
    """
    from qsync.cli.exporting import check_export, export_rejects
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import dbt_session, reading_warehouse
    from qsync.execution.planner import destination_of
    from qsync.fields import read_catalog
    from qsync.views.console import data_console
    from qsync.views.rejects_text import rejects_document, render_rejects_document
    from qsync.warehouse import Rejected
    from qsync.warehouse.rejected import MOST_GROUPS

    if export is not None:
        check_export(export)
    loaded = load_settled(common)
    if errors_of(loaded.diagnostics):
        tell_diagnostics(loaded.diagnostics)
    project = loaded.project
    syncs = {item.name: item for item in project.syncs}
    written = 0
    catalog, _ = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    with dbt_session(common, loaded) as session:
        warehouse = reading_warehouse(loaded, session)
        rejected = Rejected(
            warehouse.connection,
            warehouse.layout,
            destination_of(project),
            project.name,
            tables=warehouse.tables,
            sync=sync,
        )
        groups = rejected.groups()
        if sync is not None and sync not in syncs and not groups:
            raise UserError(
                f"There is no sync '{sync}', and nothing of it is rejected",
                hint=f"the syncs are: {', '.join(sorted(syncs)) or 'none'}",
            )
        if export is not None:
            written = export_rejects(export, rejected.records())
    document = rejects_document(groups, syncs=syncs, catalog=catalog, most=MOST_GROUPS)
    if as_json:
        print_json(document)
    else:
        render_rejects_document(document, data_console())
    if export is not None:
        told = f"Wrote {written:,} rejected {'record' if written == 1 else 'records'} to {export}."
        say("note", told)
    return ExitCode.OK
