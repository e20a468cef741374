"""`catalog.json` of `dbt docs generate`: optional, and the only artifact with real column types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qsync.artifacts.files import read_as


def read_catalog_columns(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Column types as dbt saw them: unique id → column name → type, in the relation's order.

    Empty when there is no such file or it cannot be read: nothing depends on it.
    """
    if not path.is_file():
        return {}
    from qsync.artifacts.shapes import CatalogColumn, CatalogFile, CatalogNode

    data, _ = read_as(path, CatalogFile)
    nodes = None if data is None else data.nodes
    found: dict[str, Mapping[str, str]] = {}
    for unique_id, node in _items(nodes):
        columns = []
        for name, value in _items(node.columns if isinstance(node, CatalogNode) else None):
            column = value if isinstance(value, CatalogColumn) else CatalogColumn()
            index = column.index if isinstance(column.index, int) else 0
            columns.append((index, str(column.name or name), str(column.type or "")))
        found[unique_id] = {name: kind for _, name, kind in sorted(columns)}
    return found


def _items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []
