"""`qsync new`: a sync of a model, with columns matched to fields by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsync.cli.loading import Loaded, load_valid
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.artifacts import Manifest, Node


@click.command("new")
@click.argument("name")
@option("--model", required=True, help="The model, snapshot or seed: dim_leads, or ref('…').")
@option(
    "--object",
    "object_name",
    type=click.Choice(["lead", "company"]),
    required=True,
    help="What it writes in Qualified.",
)
@option("--into", help="The sync file; NAME.qsync.yml beside the model by default.")
@option("--match-column", help="The match key's column, when its name does not tell.")
@json_option
@common_options
def new(
    name: str,
    model: str,
    object_name: str,
    into: str | None,
    match_column: str | None,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Write a sync called NAME for a model.

    Columns are matched by name against the field catalog (`qsync catalog pull`). They come from
    dbt's catalog.json when it is up to date, else from the warehouse, else from the model's
    documentation. A file that exists gets one more sync and keeps its comments and order.
    """
    from qsync.cli.model_columns import read_columns
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import read_artifacts, relative
    from qsync.project.model import ObjectType
    from qsync.project.new_sync import plan_new_sync, write_new_sync
    from qsync.views.console import data_console
    from qsync.views.scaffold_text import new_document, render_new

    loaded = load_valid(common)
    artifacts = read_artifacts(loaded)
    node = _node(loaded, artifacts.manifest, model)
    columns, columns_from = read_columns(common, loaded, node)
    kind = ObjectType(object_name)
    proposal = plan_new_sync(
        loaded.project_dir,
        name,
        node,
        kind,
        artifacts.catalog.of(kind.value).values(),
        columns,
        into_file=None if into is None else relative(Path(into), loaded.project_dir),
        match_column=match_column,
    )
    write_new_sync(loaded.project_dir, proposal)
    document = new_document(name, proposal, columns_from=columns_from)
    if as_json:
        print_json(document)
    else:
        render_new(document, data_console())
    return ExitCode.OK


def _node(loaded: Loaded, manifest: Manifest, model: str) -> Node:
    from qsync.artifacts import resolve
    from qsync.project.refs import model_hint, parse_model

    reference = parse_model(model)
    if reference is None:
        raise UserError("--model names no model", hint=model_hint(model), exit_code=ExitCode.USAGE)
    found = resolve(manifest, reference, loaded.project.name)
    if isinstance(found, Diagnostic):
        raise UserError(found.message, hint=found.hint, where="--model")
    return found
