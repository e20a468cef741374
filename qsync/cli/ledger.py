"""`qsync ledger`: the seed of run records, written from the warehouse."""

from __future__ import annotations

import click

from qsync.cli.loading import load_settled
from qsync.cli.options import CommonOptions, common_options, json_option
from qsync.exit_codes import ExitCode


@click.group("ledger")
def ledger() -> None:
    """Keep the ledger: the seed that models read run records from."""


@ledger.command("pull")
@json_option
@common_options
def pull(as_json: bool, common: CommonOptions) -> ExitCode:
    """Write the ledger's seed from the warehouse's records.

    Run it before `dbt seed` or `dbt build` in CI: a checkout's file may be older than the last run.
    The file keeps the newest 2,000 rows, and each sync's last run and last success. A warehouse
    without records leaves a file that is there as it is.
    """
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import dbt_session, reading_warehouse, relative
    from qsync.ledger import row_from_cells, write_seed

    loaded = load_settled(common)
    path = loaded.seed_path
    existed = path.exists()
    if not existed:
        # Without the file dbt refuses a project whose models ref() it, and could not be asked.
        write_seed(path, [])
    with dbt_session(common, loaded) as session:
        cells = reading_warehouse(loaded, session).ledger(loaded.project.name)
    shown = relative(path, loaded.project_dir)
    # The wrong target or a new warehouse must not wipe out the file.
    left = not cells and existed
    kept = 0 if left else write_seed(path, [row_from_cells(row) for row in cells])
    if as_json:
        print_json({"format": 1, "path": shown, "written": not left, "rows": kept})
    elif left:
        click.echo(f"No run is recorded in the warehouse yet: {shown} is left as it is.")
    else:
        click.echo(f"Wrote {shown}: {kept:,} {'row' if kept == 1 else 'rows'}.")
    return ExitCode.OK
