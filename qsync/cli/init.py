"""`qsync init`: what an existing dbt project needs for its first sync."""

from __future__ import annotations

from pathlib import Path

import click

from qsync.cli.options import json_option, project_dir_option
from qsync.exit_codes import ExitCode


@click.command("init")
@json_option
@project_dir_option
def init(as_json: bool, project_dir: Path) -> ExitCode:
    """Set up qsync in a dbt project.

    Writes qsync.yml, the lines of .dbtignore that hide sync files from dbt, the ledger's seed with
    its properties, JSON Schemas for editors, and a first sync as a commented sample. Overwrites
    nothing: run it again whenever you like.
    """
    from qsync.cli.telling import print_json
    from qsync.ledger import seed_properties, seed_text
    from qsync.project.scaffold import apply_files, init_files
    from qsync.views.console import data_console
    from qsync.views.scaffold_text import init_document, render_init

    adapter = _adapter(project_dir)
    files = init_files(
        project_dir,
        seed_header=seed_text(),
        seed_properties=lambda seed: seed_properties(seed, adapter),
    )
    document = init_document(apply_files(project_dir, files))
    if as_json:
        print_json(document)
    else:
        render_init(document, data_console())
    return ExitCode.OK


def _adapter(project_dir: Path) -> str:
    """The adapter dbt last ran with, for the names of column types; most agree on them."""
    from qsync.artifacts import read_manifest
    from qsync.project import load_project

    project = load_project(project_dir).project
    if project is None:
        return ""
    manifest, _ = read_manifest(project_dir / project.target_path / "manifest.json")
    return (manifest.adapter_type if manifest is not None else None) or ""
