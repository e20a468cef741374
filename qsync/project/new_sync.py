"""`qsync new`: a sync file beside its model, or one more sync in a file that exists.

A file that exists keeps its comments, order and indentation (ruamel.yaml's round trip), and the
result is read back before it replaces anything: what was declared before must still be declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from qsync.errors import UserError
from qsync.project.loader import load_project
from qsync.project.matching import ColumnMatch, NamedField, match_columns
from qsync.project.model import ObjectType, Project
from qsync.project.paths import SYNC_SUFFIXES
from qsync.project.render import render_entry
from qsync.project.schemas import modeline
from qsync.project.yaml_append import append_sync

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class ModelNode(Protocol):
    """What is needed of the model (`qsync.artifacts.Node` has it)."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def package(self) -> str:
        """Its dbt package."""

    @property
    def version(self) -> str | None:
        """Its version."""

    @property
    def is_latest(self) -> bool:
        """Whether a `ref` without a version means it."""

    @property
    def original_file_path(self) -> str:
        """Its file, relative to the package."""


@dataclass(frozen=True, slots=True)
class NewSync:
    """What `qsync new` is about to write.

    Attributes:
        path: The file, relative to the project.
        content: The whole file.
        appended: True when the file exists and gets one more sync.
        match: Which columns were matched.
    """

    path: str
    content: str
    appended: bool
    match: ColumnMatch


def plan_new_sync(
    project_dir: Path,
    name: str,
    node: ModelNode,
    kind: ObjectType,
    fields: Iterable[NamedField],
    columns: Sequence[str],
    *,
    into_file: str | None = None,
    match_column: str | None = None,
) -> NewSync:
    """Propose a sync of a model; `write_new_sync` writes it.

    Args:
        project_dir: The dbt project's folder.
        name: The sync's name.
        node: The model.
        kind: Lead or company.
        fields: The catalog's fields of that object.
        columns: The model's columns.
        into_file: The file, relative to the project; `<name>.qsync.yml` beside the model otherwise.
        match_column: The match key's column, when its name does not tell.

    Raises:
        UserError: A bad or taken name, no column for the match key, a file in the wrong place or
            one that cannot be read.
    """
    project = load_project(project_dir).project
    if project is None:
        raise UserError("there is no usable dbt_project.yml", hint="run qsync in a dbt project")
    _check_name(project, name)
    if match_column is not None and match_column not in columns:
        raise UserError(
            f"`{node.name}` has no column `{match_column}`", hint=_listed(columns), where=name
        )
    match = match_columns(
        columns, fields, kind, match_column=match_column, written=written_fields(project, kind)
    )
    if match.match_column is None:
        wanted = kind.match_field
        raise UserError(
            f"no column of `{node.name}` looks like the match key `{wanted}`",
            hint=f"say which one holds it: --match-column COLUMN. {_listed(columns)}",
            where=name,
        )
    path = into_file or _beside(project, node, name)
    _check_path(project, path)
    reference = _reference(node, project)
    target = project_dir / path
    if target.exists():
        content = append_sync(
            target, path, lambda layout: render_entry(name, reference, kind, match, layout)
        )
        return NewSync(path, content, True, match)
    entry = render_entry(name, reference, kind, match)
    head = f"{modeline('sync', path)}\nversion: 1\nsyncs:\n"
    return NewSync(path, head + entry, False, match)


def write_new_sync(project_dir: Path, new: NewSync) -> None:
    """Write the file in one step."""
    target = project_dir / new.path
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        temporary.write_bytes(new.content.encode())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def written_fields(project: Project, kind: ObjectType) -> dict[str, str]:
    """Which sync writes which field of an object; `company_name` counts as one."""
    written: dict[str, str] = {}
    for sync in project.syncs:
        mappings = sync.fields if sync.object is kind else ()
        if kind is ObjectType.COMPANY and sync.company is not None:
            mappings = sync.company.fields
        for mapping in mappings:
            written.setdefault(mapping.field, sync.name)
    return written


def _check_name(project: Project, name: str) -> None:
    if not _NAME.match(name):
        raise UserError(
            "a sync's name starts with a lower-case letter and holds lower-case letters, digits "
            "and underscores, at most 63",
            where=name[:63],
        )
    taken = project.sync(name)
    if taken is not None:
        raise UserError(
            f"there is a sync `{name}` already", hint="choose another name", where=taken.path
        )


def _check_path(project: Project, path: str) -> None:
    pure = PurePosixPath(path)
    inside = any(pure.is_relative_to(folder) or folder == "." for folder in project.model_paths)
    if not inside or ".." in pure.parts or pure.is_absolute():
        folders = " or ".join(project.model_paths)
        raise UserError(f"sync files stand under {folders}", hint="choose a file there", where=path)
    if not path.endswith(SYNC_SUFFIXES):
        raise UserError(
            "sync files end in .qsync.yml", hint=f"as {pure.stem}.qsync.yml", where=path
        )


def _beside(project: Project, node: ModelNode, name: str) -> str:
    """Beside the model when it is the project's own and under a model path, else on top of one."""
    folder = PurePosixPath(node.original_file_path.replace("\\", "/")).parent
    own = node.package == project.name and any(
        folder.is_relative_to(path) for path in project.model_paths
    )
    return str((folder if own else PurePosixPath(project.model_paths[0])) / f"{name}.qsync.yml")


def _reference(node: ModelNode, project: Project) -> str:
    package = f"'{node.package}', " if node.package != project.name else ""
    version = f", v={_version(node.version)}" if node.version and not node.is_latest else ""
    return f"ref({package}'{node.name}'{version})"


def _version(version: str) -> str:
    return version if re.fullmatch(r"[0-9]+(\.[0-9]+)?", version) else f"'{version}'"


def _listed(columns: Sequence[str]) -> str:
    if not columns:
        return "the model's columns are unknown: document them, or run `dbt docs generate`"
    return f"columns: {', '.join(columns)}"
