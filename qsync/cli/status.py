"""`qsync status`: how every sync stands, from the warehouse's records."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from qsync.cli.loading import errors_of, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option
from qsync.cli.saying import tell_diagnostics
from qsync.exit_codes import ExitCode


@click.command("status")
@json_option
@common_options
def status(as_json: bool, common: CommonOptions) -> ExitCode:
    """Show how each sync stands.

    The last run of each with its time, result and counts, and rejects by reason. Asks the warehouse
    and nothing else: no API key is needed. State that no declared sync owns is listed too.
    """
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import dbt_session, reading_warehouse
    from qsync.execution.planner import declared_streams, destination_of
    from qsync.ledger import record_of, row_from_cells
    from qsync.views.console import data_console
    from qsync.views.status_text import render_status, status_document

    loaded = load_settled(common)
    project = loaded.project
    broken = errors_of(loaded.diagnostics)
    if broken:
        # A broken sync is left out of the project: its state would look like nobody's.
        tell_diagnostics(loaded.diagnostics)
    destination = destination_of(project)
    with dbt_session(common, loaded) as session:
        warehouse = reading_warehouse(loaded, session)
        records = [record_of(row_from_cells(cells)) for cells in warehouse.ledger(project.name)]
        rejects = warehouse.reject_summaries(project.name)
        declared = sorted(declared_streams(project, destination))
        orphans = () if broken else warehouse.orphans(destination, project.name, declared)
    document = status_document(
        records,
        now=datetime.now(UTC),
        rejects=rejects,
        orphans=orphans,
        declared=[sync.name for sync in project.syncs if sync.config.enabled],
    )
    if as_json:
        print_json(document)
    else:
        render_status(document, data_console())
    return ExitCode.OK
