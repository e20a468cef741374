"""`qsync validate`: every problem of every file, offline and at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from qsync.artifacts import (
    Manifest,
    Node,
    check_stale,
    read_catalog_columns,
    read_manifest,
    resolve,
)
from qsync.cli.annotating import annotate
from qsync.cli.declared import keep_declared
from qsync.cli.loading import InvalidProjectError, Loaded, errors_of, load
from qsync.cli.options import CommonOptions, annotations_option, common_options, json_option
from qsync.cli.saying import log_diagnostics
from qsync.diagnostics import Diagnostic, Severity
from qsync.exit_codes import ExitCode
from qsync.fields import read_catalog
from qsync.planning.compile import check_sync
from qsync.planning.given import check_given, known_columns
from qsync.planning.writers import check_writers
from qsync.project.lines import line_reader


@click.command("validate")
@annotations_option
@json_option
@common_options
def validate(as_json: bool, annotations: str, common: CommonOptions) -> ExitCode:
    """Check the project's files: offline, without credentials.

    Reads qsync.yml, every *.qsync.yml, the field catalog and dbt's manifest. Ends with 1 when there
    is an error, with 0 when there are only warnings. A valid project's syncs are put down in
    qsync_syncs.json beside the manifest, for a later `--state` to compare with.
    """
    loaded: Loaded | None = None
    try:
        loaded = load(common)
        manifest, problems = read_manifest(loaded.manifest_path, _shown(loaded))
        found = check(loaded, manifest, problems)
        if manifest is not None and not errors_of(found):
            keep_declared(loaded, manifest)
    except InvalidProjectError as error:
        found = error.diagnostics
    annotate(annotations, common.project_dir, found)
    return _say(found, loaded, as_json)


def check(
    loaded: Loaded, manifest: Manifest | None, about_manifest: Sequence[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Every problem that can be known without a warehouse and without Qualified."""
    found = [*loaded.diagnostics, *about_manifest]
    catalog, problems = read_catalog(
        loaded.catalog_path, loaded.catalog_path.name, missing=Severity.WARNING
    )
    found += problems
    found += check_writers(loaded.project.syncs, catalog, line_reader(loaded.project_dir))
    if manifest is not None:
        found += _check_tests(loaded, manifest)
        for sync in loaded.project.syncs:
            node = resolve(
                manifest,
                sync.model,
                loaded.project.name,
                position=sync.model_position,
                sync=sync.name,
            )
            if isinstance(node, Diagnostic):
                found.append(node)
                continue
            stale = check_stale(
                node, manifest, loaded.project_dir, position=sync.model_position, sync=sync.name
            )
            found += [] if stale is None else [stale]
            found += check_sync(sync, node, catalog)
    return tuple(sorted(found, key=Diagnostic.sort_key))


def _check_tests(loaded: Loaded, manifest: Manifest) -> list[Diagnostic]:
    """Columns of sync tests that the model does not have; what else is wrong was told before."""
    project, found = loaded.project, []
    cataloged = read_catalog_columns(loaded.target_path / "catalog.json") if project.tests else {}
    for test in project.tests:
        sync = project.sync(test.sync)
        node = None if sync is None else resolve(manifest, sync.model, project.name)
        if sync is not None and isinstance(node, Node):
            found += check_given(test, sync, known_columns(node, cataloged, manifest.adapter_type))
    return found


def _shown(loaded: Loaded) -> str:
    path: Path = loaded.manifest_path
    try:
        return path.relative_to(loaded.project_dir).as_posix()
    except ValueError:
        return path.as_posix()


def _say(diagnostics: tuple[Diagnostic, ...], loaded: Loaded | None, as_json: bool) -> ExitCode:
    log_diagnostics(diagnostics)
    code = ExitCode.FAILED if errors_of(diagnostics) else ExitCode.OK
    if as_json:
        import orjson

        from qsync.views.diagnostics_text import diagnostics_document

        click.echo(orjson.dumps(diagnostics_document(diagnostics), option=orjson.OPT_INDENT_2))
        return code
    if diagnostics:
        from qsync.views.console import data_console
        from qsync.views.diagnostics_text import render_diagnostics

        render_diagnostics(diagnostics, data_console())
    if code is ExitCode.OK and loaded is not None:
        count = len(loaded.project.syncs)
        click.echo(f"Valid: {count} {'sync' if count == 1 else 'syncs'}.")
    return code
