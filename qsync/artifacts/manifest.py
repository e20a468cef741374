"""`manifest.json`, read as plain JSON without dbt.

dbt's own classes take many times as long and refuse what dbt v2 writes (dbt.md, "Versions"), so
missing keys get defaults here and unknown ones are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qsync.artifacts.files import read_as
from qsync.artifacts.model import DataTest, Manifest, Node, ResourceType
from qsync.diagnostics import Diagnostic, Position, Severity

if TYPE_CHECKING:
    from qsync.artifacts.shapes import ManifestFile

SUPPORTED = (10, 11, 12)
"""Manifest schema versions: dbt 1.6 to 1.12 and v2."""

_KINDS = frozenset({"model", "snapshot", "seed"})
_SCHEMA = re.compile(r"/manifest/v([0-9]+)\.json")


def read_manifest(path: Path, name: str | None = None) -> tuple[Manifest | None, list[Diagnostic]]:
    """Read dbt's manifest.

    Args:
        path: `target/manifest.json`.
        name: How diagnostics name it; the path's own text otherwise.

    Returns:
        The manifest, or None with `QS210` (missing), `QS211` (unsupported schema) or `QS213`
        (unreadable).
    """
    shown = name if name is not None else str(path)
    position = Position(shown)
    if not path.is_file():
        message = f"there is no {shown}"
        hint = "run `dbt run` (or `dbt parse`, which needs no warehouse)"
        return None, [Diagnostic("QS210", Severity.ERROR, position, message, hint)]
    from qsync.artifacts.shapes import ManifestFile

    data, problem = read_as(path, ManifestFile)
    if data is None:
        message = f"the manifest cannot be read: {problem}"
        hint = "run `dbt parse`, which writes it anew"
        return None, [Diagnostic("QS213", Severity.ERROR, position, message, hint)]
    metadata = _mapping(data.metadata)
    version = _schema_version(metadata)
    if version not in SUPPORTED:
        written = f"schema v{version}" if version else "no known schema version"
        message = f"the manifest has {written}; qsync reads v{SUPPORTED[0]} to v{SUPPORTED[-1]}"
        hint = "use dbt 1.6 or later, or a newer qsync"
        return None, [Diagnostic("QS211", Severity.ERROR, position, message, hint)]
    manifest = Manifest(
        path=shown,
        schema_version=version,
        dbt_version=_text(metadata.get("dbt_version")) or "",
        generated_at=_text(metadata.get("generated_at")) or "",
        invocation_id=_text(metadata.get("invocation_id")),
        project_name=_text(metadata.get("project_name")) or "",
        adapter_type=_text(metadata.get("adapter_type")),
        nodes={node.unique_id: node for node in _nodes(data)},
        tests=_tests(data),
    )
    return manifest, []


def _schema_version(metadata: Mapping[str, Any]) -> int:
    """The number in `…/manifest/v12.json`, 0 when there is none."""
    found = _SCHEMA.search(_text(metadata.get("dbt_schema_version")) or "")
    return int(found[1][:4]) if found else 0


def _nodes(data: ManifestFile) -> Iterator[Node]:
    # Disabled ones first: should an id stand in both places, the living node counts.
    for versions in _mapping(data.disabled).values():
        for raw in versions if isinstance(versions, list) else ():
            yield from _node(raw, disabled=True)
    for raw in _mapping(data.nodes).values():
        yield from _node(raw, disabled=False)


def _node(raw: object, *, disabled: bool) -> Iterator[Node]:
    from qsync.artifacts.shapes import Checksum, Config, ManifestNode

    if not isinstance(raw, ManifestNode) or _text(raw.resource_type) not in _KINDS:
        return
    unique_id, name = _text(raw.unique_id), _text(raw.name)
    if not unique_id or not name:
        return
    config = raw.config if isinstance(raw.config, Config) else Config()
    checksum = raw.checksum if isinstance(raw.checksum, Checksum) else Checksum()
    columns = _columns(raw.columns)
    yield Node(
        unique_id=unique_id,
        name=name,
        package=_text(raw.package_name) or "",
        resource_type=cast("ResourceType", raw.resource_type),
        version=_version(raw.version),
        latest_version=_version(raw.latest_version),
        relation_name=_text(raw.relation_name),
        database=_text(raw.database),
        schema=_text(raw.schema),
        alias=_text(raw.alias),
        materialized=_text(config.materialized),
        columns=tuple(column for column, _ in columns),
        original_file_path=_text(raw.original_file_path) or "",
        patch_path=_text(raw.patch_path),
        checksum=_text(checksum.checksum) if checksum.name == "sha256" else None,
        tags=_tags(raw.tags or config.tags),
        disabled=disabled,
        column_types=tuple((column, kind) for column, kind in columns if kind),
    )


def _columns(raw: object) -> list[tuple[str, str | None]]:
    """Name and documented type of each column."""
    from qsync.artifacts.shapes import Column

    nothing = Column()
    found = []
    for key, value in _mapping(raw).items():
        column = value if isinstance(value, Column) else nothing
        found.append((_text(column.name) or key, _text(column.data_type)))
    return found


def _tests(data: ManifestFile) -> Mapping[str, tuple[DataTest, ...]]:
    """The data tests by what they test: what they depend on, and whose children they are."""
    from qsync.artifacts.shapes import DependsOn, ManifestNode

    found: dict[str, DataTest] = {}
    of: dict[str, dict[str, DataTest]] = {}
    for raw in _mapping(data.nodes).values():
        if not isinstance(raw, ManifestNode) or raw.resource_type != "test":
            continue
        unique_id = _text(raw.unique_id)
        if not unique_id:
            continue
        name = _text(raw.name) or unique_id
        found[unique_id] = DataTest(unique_id, name, _text(raw.original_file_path) or "")
        parents = raw.depends_on.nodes if isinstance(raw.depends_on, DependsOn) else None
        for parent in _texts(parents):
            of.setdefault(parent, {})[unique_id] = found[unique_id]
    for parent, children in _mapping(data.child_map).items():
        for child in _texts(children):
            if child in found:
                of.setdefault(parent, {})[child] = found[child]
    return {
        parent: tuple(test for _, test in sorted(tests.items())) for parent, tests in of.items()
    }


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(tag) for tag in value) if isinstance(value, list) else ()


def _version(value: object) -> str | None:
    """A version is text or a number in dbt (`v: 2`, `v: 2.1`, `v: beta`)."""
    return None if value is None else str(value)
