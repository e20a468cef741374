"""`catalog.json` of `dbt docs generate`: optional, and the only artifact with real column types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qsync.artifacts.files import read_json


def read_catalog_columns(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Column types as dbt saw them: unique id → column name → type, in the relation's order.

    Empty when there is no such file or it cannot be read: nothing depends on it.
    """
    if not path.is_file():
        return {}
    data, _ = read_json(path)
    found: dict[str, Mapping[str, str]] = {}
    for unique_id, node in _items((data or {}).get("nodes")):
        columns = [
            (_index(column), str(_get(column, "name") or name), str(_get(column, "type") or ""))
            for name, column in _items(_get(node, "columns"))
        ]
        found[unique_id] = {name: kind for _, name, kind in sorted(columns)}
    return found


def _items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _index(column: object) -> int:
    index = _get(column, "index")
    return index if isinstance(index, int) else 0
