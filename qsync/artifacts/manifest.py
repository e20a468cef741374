"""`manifest.json`, read as plain JSON without dbt.

dbt's own classes take five times as long and refuse what dbt v2 writes (dbt.md, "Versions"), so
missing keys get defaults here and unknown ones are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from qsync.artifacts.files import read_json
from qsync.artifacts.model import DataTest, Manifest, Node, ResourceType
from qsync.diagnostics import Diagnostic, Position, Severity

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
    data, problem = read_json(path)
    if data is None:
        message = f"the manifest cannot be read: {problem}"
        hint = "run `dbt parse`, which writes it anew"
        return None, [Diagnostic("QS213", Severity.ERROR, position, message, hint)]
    metadata = _mapping(data.get("metadata"))
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


def _nodes(data: Mapping[str, Any]) -> Iterator[Node]:
    # Disabled ones first: should an id stand in both places, the living node counts.
    for versions in _mapping(data.get("disabled")).values():
        for raw in versions if isinstance(versions, list) else ():
            yield from _node(raw, disabled=True)
    for raw in _mapping(data.get("nodes")).values():
        yield from _node(raw, disabled=False)


def _node(raw: object, *, disabled: bool) -> Iterator[Node]:
    if not isinstance(raw, dict) or _text(raw.get("resource_type")) not in _KINDS:
        return
    unique_id, name = _text(raw.get("unique_id")), _text(raw.get("name"))
    if not unique_id or not name:
        return
    config = _mapping(raw.get("config"))
    checksum = _mapping(raw.get("checksum"))
    yield Node(
        unique_id=unique_id,
        name=name,
        package=_text(raw.get("package_name")) or "",
        resource_type=cast("ResourceType", raw["resource_type"]),
        version=_version(raw.get("version")),
        latest_version=_version(raw.get("latest_version")),
        relation_name=_text(raw.get("relation_name")),
        database=_text(raw.get("database")),
        schema=_text(raw.get("schema")),
        alias=_text(raw.get("alias")),
        materialized=_text(config.get("materialized")),
        columns=tuple(
            _text(_mapping(column).get("name")) or key
            for key, column in _mapping(raw.get("columns")).items()
        ),
        original_file_path=_text(raw.get("original_file_path")) or "",
        patch_path=_text(raw.get("patch_path")),
        checksum=_text(checksum.get("checksum")) if checksum.get("name") == "sha256" else None,
        tags=_tags(raw.get("tags") or config.get("tags")),
        disabled=disabled,
        column_types=tuple(
            (_text(_mapping(column).get("name")) or key, kind)
            for key, column in _mapping(raw.get("columns")).items()
            if (kind := _text(_mapping(column).get("data_type")))
        ),
    )


def _tests(data: Mapping[str, Any]) -> Mapping[str, tuple[DataTest, ...]]:
    """The data tests by what they test: what they depend on, and whose children they are."""
    found: dict[str, DataTest] = {}
    of: dict[str, dict[str, DataTest]] = {}
    for raw in _mapping(data.get("nodes")).values():
        if not isinstance(raw, dict) or raw.get("resource_type") != "test":
            continue
        unique_id = _text(raw.get("unique_id"))
        if not unique_id:
            continue
        name = _text(raw.get("name")) or unique_id
        found[unique_id] = DataTest(unique_id, name, _text(raw.get("original_file_path")) or "")
        for parent in _texts(_mapping(raw.get("depends_on")).get("nodes")):
            of.setdefault(parent, {})[unique_id] = found[unique_id]
    for parent, children in _mapping(data.get("child_map")).items():
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
