"""What qsync reads of dbt's artifacts, as partial structs: all else is skipped while parsing.

A manifest of 5,000 models is 76 MB, most of it SQL and descriptions that qsync never looks at;
decoded whole it takes eight times as long and four times the memory (dbt.md, "Versions").

Every key may be missing and every value may be of another type than dbt writes: where a struct or
a dict is looked for, whatever else stands there is taken as it is (`Odd`), and the readers leave it
out. So one odd node never makes a manifest unreadable.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Odd = None | bool | int | float | str | list[Any]
"""What JSON may hold where an object is looked for."""
NoList = None | bool | int | float | str | dict[str, Any]
"""What JSON may hold where a list is looked for."""


class Column(Struct, gc=False):
    """A documented column."""

    name: Any = None
    data_type: Any = None


class Config(Struct, gc=False):
    """A node's configuration."""

    materialized: Any = None
    tags: Any = None


class Checksum(Struct, gc=False):
    """How dbt tells that a node's file changed."""

    name: Any = None
    checksum: Any = None


class DependsOn(Struct, gc=False):
    """What a node reads."""

    nodes: Any = None


class ManifestNode(Struct, gc=False):
    """A node of any kind: models, snapshots, seeds and tests share their keys."""

    resource_type: Any = None
    unique_id: Any = None
    name: Any = None
    package_name: Any = None
    version: Any = None
    latest_version: Any = None
    relation_name: Any = None
    database: Any = None
    schema: Any = None
    alias: Any = None
    original_file_path: Any = None
    patch_path: Any = None
    tags: Any = None
    config: Config | Odd = None
    checksum: Checksum | Odd = None
    columns: dict[str, Column | Odd] | Odd = None
    depends_on: DependsOn | Odd = None


class ManifestFile(Struct, gc=False):
    """`manifest.json`."""

    metadata: Any = None
    nodes: dict[str, ManifestNode | Odd] | Odd = None
    disabled: dict[str, list[ManifestNode | Odd] | NoList] | Odd = None
    child_map: Any = None


class NodeOutcome(Struct, gc=False):
    """What became of one node."""

    unique_id: Any = None
    status: Any = None
    relation_name: Any = None
    failures: Any = None


class RunResultsFile(Struct, gc=False):
    """`run_results.json`."""

    metadata: Any = None
    args: Any = None
    results: list[NodeOutcome | Odd] | NoList = None


class CatalogColumn(Struct, gc=False):
    """A column as the warehouse has it."""

    name: Any = None
    type: Any = None
    index: Any = None


class CatalogNode(Struct, gc=False):
    """A relation as the warehouse has it."""

    columns: dict[str, CatalogColumn | Odd] | Odd = None


class CatalogFile(Struct, gc=False):
    """`catalog.json`."""

    nodes: dict[str, CatalogNode | Odd] | Odd = None
