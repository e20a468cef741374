"""What qsync keeps of dbt's artifacts, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

ResourceType = Literal["model", "snapshot", "seed"]

MANIFEST_PATH = "manifest.json"


class ModelReference(Protocol):
    """How a sync names its model (`qsync.project.model.ModelRef` is one)."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def package(self) -> str | None:
        """The dbt package, when written."""

    @property
    def version(self) -> str | None:
        """The model's version, when written; the latest otherwise."""


@dataclass(frozen=True, slots=True)
class Node:
    """A model, snapshot or seed.

    Attributes:
        unique_id: dbt's, e.g. `model.shop.dim_leads.v2`.
        version: A versioned model's version as text.
        latest_version: The version a `ref` without one means.
        relation_name: Quoted as the adapter does, for the target dbt last ran for; None for an
            ephemeral model.
        columns: The documented ones only (dbt.md, "Profile, target, adapter").
        column_types: `(column, data_type)` of those whose documentation or contract says a type.
        original_file_path: Relative to the package's root.
        patch_path: The properties file, e.g. `shop://models/_models.yml`.
        checksum: SHA-256 of the file's stripped contents, or None when dbt compares in another way.
        disabled: True for a node dbt knows but does not build.
    """

    unique_id: str
    name: str
    package: str
    resource_type: ResourceType
    version: str | None = None
    latest_version: str | None = None
    relation_name: str | None = None
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    materialized: str | None = None
    columns: tuple[str, ...] = ()
    original_file_path: str = ""
    patch_path: str | None = None
    checksum: str | None = None
    tags: tuple[str, ...] = ()
    disabled: bool = False
    column_types: tuple[tuple[str, str], ...] = ()

    @property
    def is_latest(self) -> bool:
        """True for an unversioned model and for the version a plain `ref` means."""
        return self.version is None or self.version == self.latest_version


@dataclass(frozen=True, slots=True)
class DataTest:
    """A data test. Unit tests are none: they run on made-up rows.

    Attributes:
        unique_id: dbt's.
        name: As dbt prints it.
        path: The file that declares it, relative to its package's root.
    """

    unique_id: str
    name: str
    path: str = ""


@dataclass(frozen=True)  # without slots: it keeps an index of its nodes
class Manifest:
    """What dbt wrote about the project when it last parsed it.

    Attributes:
        path: The file, as shown to the user.
        schema_version: 10 to 12.
        nodes: Models, snapshots and seeds by unique id, disabled ones among them.
        tests: The data tests of each of them by its unique id, as its children in dbt's graph: a
            test between two models is a test of both. Disabled ones are left out.
    """

    path: str
    schema_version: int
    dbt_version: str
    generated_at: str
    invocation_id: str | None
    project_name: str
    adapter_type: str | None
    nodes: Mapping[str, Node] = field(default_factory=dict)
    tests: Mapping[str, tuple[DataTest, ...]] = field(default_factory=dict)

    def named(self, name: str) -> tuple[Node, ...]:
        """Every node of that name, in all packages and versions, disabled ones too."""
        return self._by_name.get(name, ())

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            found.setdefault(node.name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}
