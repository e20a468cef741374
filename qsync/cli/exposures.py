"""`qsync exposures`: the syncs in dbt's lineage."""

from __future__ import annotations

from pathlib import Path

import click

from qsync.cli.loading import Loaded, load_valid
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.errors import UserError
from qsync.exit_codes import ExitCode


@click.command("exposures")
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; qsync_exposures.yml under dbt's first model path by default.",
)
@option("--check", is_flag=True, help="Write nothing; end with 1 when the file is out of date.")
@json_option
@common_options
def exposures(out: Path | None, check: bool, as_json: bool, common: CommonOptions) -> ExitCode:
    """Write the syncs as dbt exposures.

    dbt's lineage then shows where models go: one exposure per sync, with its model, owner,
    description, fields and destination. Offline, and without a manifest. Commit the file; `--check`
    in CI tells when it is out of date. A file that qsync did not write is left as it is.
    """
    from qsync.cli.telling import print_json
    from qsync.execution.planner import destination_of
    from qsync.project.exposures import exposures as exposures_of
    from qsync.project.exposures import without_owner
    from qsync.project.exposures_file import compare, exposures_text, write
    from qsync.views.console import data_console
    from qsync.views.exposures_text import exposures_document, render_exposures

    # What is committed must not depend on a variable of whoever runs this.
    loaded = load_valid(common, overridden=False)
    path, shown = _place(loaded, out)
    entries = exposures_of(loaded.project, destination_of(loaded.project))
    text = exposures_text(entries)
    found = compare(path, text, shown)
    written = not check and not found.same
    if written:
        write(path, text, shown)
    document = exposures_document(
        shown, len(entries), found, written=written, without_owner=without_owner(loaded.project)
    )
    if as_json:
        print_json(document)
    else:
        render_exposures(document, data_console())
    return ExitCode.OK if written or found.same else ExitCode.FAILED


def _place(loaded: Loaded, out: Path | None) -> tuple[Path, str]:
    """The file and how it is named. Like dbt's, a path from the command line is from here."""
    from qsync.project.exposures_file import FILE_NAME
    from qsync.project.paths import SYNC_SUFFIXES, relative

    folders = [loaded.project_dir / folder for folder in loaded.project.model_paths]
    path = folders[0] / FILE_NAME if out is None else out
    shown = relative(path, loaded.project_dir)
    if path.name.endswith(SYNC_SUFFIXES) or path.suffix not in (".yml", ".yaml"):
        raise UserError(
            "dbt reads exposures from *.yml files, and not from sync files",
            hint=f"as {FILE_NAME}",
            where=shown,
            exit_code=ExitCode.USAGE,
        )
    if not any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
        raise UserError(
            "dbt would not read the exposures there",
            hint=f"choose a file under {' or '.join(loaded.project.model_paths)}",
            where=shown,
            exit_code=ExitCode.USAGE,
        )
    return path, shown
