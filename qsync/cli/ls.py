"""`qsync ls`: what is declared."""

from __future__ import annotations

import click

from qsync.cli.loading import InvalidProjectError, Loaded, load_valid
from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    common_options,
    json_option,
    option,
    selection_options,
)
from qsync.exit_codes import ExitCode
from qsync.project.model import Sync


@click.command("ls")
@selection_options
@option("-v", "--verbose", is_flag=True, help="Show files, owners and every field's source.")
@json_option
@common_options
def ls(
    selection: SelectionOptions,
    verbose: bool,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """List the syncs with model, object, fields and tags.

    Offline, unless a selection asks for models or for results. With a selection only enabled syncs
    are listed: those that plan and apply would take.
    """
    from qsync.cli.telling import no_match, print_json
    from qsync.views.console import data_console
    from qsync.views.listing_text import listing_document, render_listing

    loaded = load_valid(common)
    syncs = loaded.project.syncs
    if selection.select or selection.exclude:
        syncs = _selected(common, loaded, selection)
        if not syncs:
            return no_match(loaded, as_json)
    document = listing_document(syncs)
    if as_json:
        print_json(document)
    else:
        render_listing(document, data_console(), verbose)
    return ExitCode.OK


def _selected(common: CommonOptions, loaded: Loaded, options: SelectionOptions) -> tuple[Sync, ...]:
    from qsync.artifacts import read_manifest
    from qsync.cli.selecting import read_selection, select, select_offline
    from qsync.cli.wiring import dbt_session, relative

    selection = read_selection(loaded, options)
    if not selection.needs_dbt:
        return select_offline(loaded, selection)
    manifest, problems = read_manifest(
        loaded.manifest_path, relative(loaded.manifest_path, loaded.project_dir)
    )
    if manifest is None:
        raise InvalidProjectError(tuple(problems))
    with dbt_session(common, loaded, selection) as session:
        return select(loaded, manifest, session, selection)
