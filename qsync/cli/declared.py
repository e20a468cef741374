"""The declarations of another checkout, for `state:`, and those of this one, for the next."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from qsync import __version__
from qsync.artifacts import Manifest, read_manifest, resolve
from qsync.artifacts.files import read_json
from qsync.cli.loading import Loaded
from qsync.cli.saying import say
from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.planning.declared import (
    DECLARED_FILE,
    Declaration,
    declare,
    declared_document,
    declared_from,
)
from qsync.project import load_project
from qsync.project.dbt_project import FILE as DBT_PROJECT_FILE
from qsync.project.model import Project, Sync

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Base:
    """What `state:` compares with.

    Attributes:
        folder: Where the other manifest.json is; absolute.
        declared: The syncs there by name; None when nothing tells.
    """

    folder: Path
    declared: Mapping[str, Declaration] | None


def read_base(given: Path, project_dir: Path) -> Base:
    """Read a state folder, or another checkout of the project.

    Args:
        given: As given to --state: relative to the project, as in dbt.
        project_dir: The project's folder.

    Raises:
        UserError: There is no manifest, or the syncs beside it cannot be read.
    """
    folder = (project_dir / given).resolve()
    if (folder / _MANIFEST).is_file():
        return Base(folder, _read_declared(folder / DECLARED_FILE))
    if (folder / DBT_PROJECT_FILE).is_file():
        return _read_checkout(folder)
    raise UserError(
        f"There is no {_MANIFEST} in {given}, which --state names",
        hint="name the folder of another manifest.json, such as the target/ of the last deployment",
    )


def _read_declared(path: Path) -> Mapping[str, Declaration] | None:
    if not path.is_file():
        return None
    document, problem = read_json(path)
    if document is None:
        raise UserError(
            f"the syncs of the state folder cannot be read: {problem}",
            hint="write the file anew: `qsync validate` in that checkout, or remove it",
            where=str(path),
        )
    return declared_from(document, str(path))


def _read_checkout(folder: Path) -> Base:
    """A checkout tells by its files; syncs that are broken there count as not declared."""
    # The target path of this checkout's environment is not the other's.
    environ = {name: value for name, value in os.environ.items() if name != "DBT_TARGET_PATH"}
    project = load_project(folder, environ=environ).project
    target = folder / (project.target_path if project is not None else "target")
    manifest, _ = read_manifest(target / _MANIFEST)
    if project is None or manifest is None:
        raise UserError(
            f"There is no usable {_MANIFEST} in {target}, the checkout that --state names",
            hint="run `dbt parse` there first",
        )
    return Base(target, declarations(project, manifest))


def declarations(project: Project, manifest: Manifest) -> dict[str, Declaration]:
    """Every sync's declaration, with its model's unique id."""

    def model(sync: Sync) -> str | None:
        node = resolve(manifest, sync.model, project.name)
        return None if isinstance(node, Diagnostic) else node.unique_id

    return {sync.name: declare(sync, model(sync)) for sync in project.syncs}


def keep_declared(loaded: Loaded, manifest: Manifest, base: Base | None = None) -> None:
    """Write the project's declarations beside dbt's manifest, for a later --state.

    A folder that this command compares with is left as it is. That the file cannot be written
    stops nothing: it is said.
    """
    folder = loaded.target_path.resolve()
    if base is not None and base.folder == folder:
        return
    document = declared_document(declarations(loaded.project, manifest), __version__)
    path = folder / DECLARED_FILE
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{DECLARED_FILE}.", suffix=".tmp")
        partial = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
            # mkstemp makes 0600, and this is read wherever manifest.json is.
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        message = (
            f"{path} cannot be written ({error.strerror}): a later --state will not see changes "
            "of sync files"
        )
        say("note", message, level="warning", text=f"warning: {message}")
