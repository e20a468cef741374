"""Another checkout on the command line: `--compare-to DIR`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qsync.artifacts import Manifest, read_manifest
from qsync.artifacts.model import MANIFEST_PATH
from qsync.cli.loading import InvalidProjectError, allowed_hosts, errors_of
from qsync.cli.wiring import Artifacts
from qsync.diagnostics import Diagnostic, Position
from qsync.errors import UserError
from qsync.execution.comparing import Base
from qsync.fields import FieldCatalog, read_catalog
from qsync.project import load_project
from qsync.project.dbt_project import FILE as DBT_PROJECT_FILE
from qsync.project.model import Project
from qsync.project.paths import CATALOG_FILE, SETTINGS_FILE


def read_other(given: Path, own: Artifacts) -> Base:
    """Read another checkout of the project.

    A checkout from before there was any sync is one without syncs. Where it has no manifest, or no
    field catalog, this checkout's are taken, which the comparison says.

    Args:
        given: As given to --compare-to: relative to the current folder, like every path.
        own: This checkout's.

    Raises:
        UserError: There is no dbt project.
        InvalidProjectError: Its files have errors, with their paths from here.
    """
    if not (given / DBT_PROJECT_FILE).is_file():
        missing = f"There is no {DBT_PROJECT_FILE} in" if given.is_dir() else "There is no folder"
        raise UserError(
            f"{missing} {given}, which --compare-to names",
            hint="name the dbt project's folder in another checkout: "
            "`git worktree add ../base origin/main` makes one",
        )
    project, problems = _project(given)
    manifest, found = _manifest(given, project)
    problems += found
    catalog, of_catalog = _catalog(given)
    problems += of_catalog
    if errors_of(tuple(problems)):
        raise InvalidProjectError(tuple(_from_here(item, given) for item in problems))
    return Base(
        folder=given.as_posix(),
        project=project,
        manifest=manifest or own.manifest,
        catalog=catalog or own.catalog,
        own_manifest=manifest is not None,
        own_catalog=catalog is not None,
        settled=(given / SETTINGS_FILE).exists(),
    )


def _project(folder: Path) -> tuple[Project, list[Diagnostic]]:
    # The target path of this checkout's environment is not the other's.
    environ = {name: value for name, value in os.environ.items() if name != "DBT_TARGET_PATH"}
    result = load_project(
        folder,
        base_url=os.environ.get("QSYNC_BASE_URL") or None,
        allowed_hosts=allowed_hosts(),
        environ=environ,
    )
    problems = list(result.diagnostics)
    if result.project is None:
        raise InvalidProjectError(tuple(_from_here(item, folder) for item in problems))
    if not result.project.sync_files and not (folder / SETTINGS_FILE).exists():
        problems = [item for item in problems if item.position.path != SETTINGS_FILE]
    return result.project, problems


def _manifest(folder: Path, project: Project) -> tuple[Manifest | None, list[Diagnostic]]:
    path = folder / project.target_path / MANIFEST_PATH
    if not path.is_file():
        return None, []
    return read_manifest(path, (Path(project.target_path) / MANIFEST_PATH).as_posix())


def _catalog(folder: Path) -> tuple[FieldCatalog | None, Sequence[Diagnostic]]:
    path = folder / CATALOG_FILE
    return read_catalog(path, CATALOG_FILE) if path.exists() else (None, [])


def _from_here(item: Diagnostic, folder: Path) -> Diagnostic:
    """The diagnostic with paths that lead to the other checkout."""
    related = tuple(replace(each, position=_in(folder, each.position)) for each in item.related)
    return replace(item, position=_in(folder, item.position), related=related)


def _in(folder: Path, position: Position) -> Position:
    return replace(position, path=(folder / position.path).as_posix())
