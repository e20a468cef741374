"""The columns of a sync test's model: which there are, and of which type. Pure.

A type comes from the first that knows it: the test's own `types`, dbt's catalog.json, the model's
`data_type` in the manifest. Without any of them it is what the given values are; a column of nulls
gets the type that its field takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qsync.artifacts import Node
from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.fields.kinds import RULES, Written
from qsync.fields.model import FieldCatalog
from qsync.planning.resolve import closest
from qsync.project.model import ObjectType, Sync
from qsync.project.sync_tests import GivenRow, SyncTest


@dataclass(frozen=True, slots=True)
class KnownColumns:
    """What dbt's artifacts tell of a model's columns.

    Attributes:
        names: Documented or cataloged ones.
        types: By name, as the warehouse calls them.
        dialect: The warehouse's, in which the types are written.
    """

    names: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    dialect: str = "duckdb"


@dataclass(frozen=True, slots=True)
class GivenColumn:
    """A column of the table that stands for the model.

    Attributes:
        name: As the sync or the test writes it.
        inferred: DuckDB's type, by the given values.
        type: The type that was told, in the warehouse's words; None when nobody told.
        source: Who told: `types`, `catalog.json`, `the manifest`.
        declared: Where the test declares it, if it does.
    """

    name: str
    inferred: str
    type: str | None = None
    source: str = ""
    declared: Position | None = None


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A given value that does not fit its column.

    Attributes:
        row: Its row, from 0.
        column: The column.
        type: The column's type, as DuckDB calls it.
    """

    row: int
    column: str
    type: str


def known_columns(
    node: Node, cataloged: Mapping[str, Mapping[str, str]], adapter_type: str | None
) -> KnownColumns:
    """What dbt's artifacts tell of a model's columns: catalog.json, else the manifest.

    Args:
        node: The model.
        cataloged: Every node's column types of catalog.json, by unique id.
        adapter_type: The warehouse dbt last ran on.
    """
    own = cataloged.get(node.unique_id, {})
    return KnownColumns(
        names=tuple(dict.fromkeys((*node.columns, *own))),
        types={**dict(node.column_types), **own},
        dialect=adapter_type or "duckdb",
    )


def check_given(test: SyncTest, sync: Sync, known: KnownColumns) -> list[Diagnostic]:
    """A diagnostic for every column that the sync does not read and the model does not have.

    A warning only where nothing tells which columns the model has.
    """
    mapped = list(_mapped_columns(sync))
    there = {name.lower() for name in (*mapped, *known.names)}
    severity = Severity.ERROR if known.names else Severity.WARNING
    return [
        Diagnostic(
            "QS510",
            severity,
            position,
            f"sync '{sync.name}' reads no column '{name}'"
            + (f", and model '{sync.model}' has none" if known.names else ""),
            f"did you mean '{meant}'?"
            if (meant := closest(name, (*mapped, *known.names)))
            else "a value there has no effect: remove it",
            sync.name,
        )
        for name, position in _named(test)
        if name.lower() not in there
    ]


def given_columns(
    test: SyncTest, sync: Sync, known: KnownColumns, catalog: FieldCatalog
) -> tuple[tuple[GivenColumn, ...], list[Diagnostic]]:
    """The table's columns: those the sync maps and those the test names, and what is wrong."""
    spelt: dict[str, str] = {}
    for name in (*_mapped_columns(sync), *(name for name, _ in _named(test))):
        spelt.setdefault(name.lower(), name)
    told = {name.lower(): (kind, source) for name, kind, source in _told(test, known)}
    wanted = _wanted_types(sync, catalog)
    columns: list[GivenColumn] = []
    problems: list[Diagnostic] = []
    for low, name in spelt.items():
        kind, source = told.get(low, (None, ""))
        cells = list(_cells((*test.before, *test.given), low))
        inferred = _inferred([value for value, _ in cells], wanted.get(low, "VARCHAR"))
        if inferred is None and kind is None:
            problems.append(_mixed(name, cells, sync))
        declared = next((at for own, at in test.type_positions.items() if own.lower() == low), None)
        columns.append(GivenColumn(name, inferred or "VARCHAR", kind, source, declared))
    return tuple(columns), problems


def _mapped_columns(sync: Sync) -> Iterator[str]:
    """The columns a sync reads, in the order written; some twice."""
    yield sync.match_column
    yield from (item.column for item in sync.fields if item.column is not None)
    if sync.company is not None:
        yield sync.company.match_column
        yield from (item.column for item in sync.company.fields if item.column is not None)


def _named(test: SyncTest) -> Iterator[tuple[str, Position]]:
    """Each column a test names, where it does so first."""
    seen: set[str] = set()
    rows = [row.columns.items() for row in (*test.before, *test.given)]
    for names in (*rows, test.type_positions.items()):
        for name, position in names:
            if name not in seen:
                seen.add(name)
                yield name, position


def _told(test: SyncTest, known: KnownColumns) -> Iterator[tuple[str, str, str]]:
    """Types with their source; the last one for a name counts."""
    yield from ((name, kind, "dbt's artifacts") for name, kind in known.types.items())
    yield from ((name, kind, "`types`") for name, kind in test.types.items())


def _cells(rows: Iterable[GivenRow], low: str) -> Iterator[tuple[object, Position]]:
    """A column's values that are not null, with their places."""
    for row in rows:
        for name, value in row.values.items():
            if name.lower() == low and value is not None:
                yield value, row.cells[name]


def _wanted_types(sync: Sync, catalog: FieldCatalog) -> Mapping[str, str]:
    """DuckDB's type for a column of which nothing is known but the field it feeds."""
    found: dict[str, str] = {}
    parts = [(sync.object, sync.fields)]
    if sync.company is not None:
        parts.append((ObjectType.COMPANY, sync.company.fields))
    for object_type, mappings in parts:
        fields = catalog.of(object_type.value)
        for mapping in mappings:
            field = fields.get(mapping.field)
            if mapping.column is None or field is None or field.known_type is None:
                continue
            written = RULES[field.known_type].written
            if written is Written.BOOLEAN:
                found[mapping.column.lower()] = "BOOLEAN"
            elif written is Written.LIST:
                found[mapping.column.lower()] = "VARCHAR[]"
    return found


def _inferred(values: Sequence[object], otherwise: str) -> str | None:
    """DuckDB's type for values of YAML; None when they have more than one."""
    kinds = {type(value) for value in values}
    if not kinds:
        return otherwise
    if kinds == {list}:
        return _list_type(values)
    if kinds <= {int, float}:
        return _number_type(values)
    alone = {str: "VARCHAR", bool: "BOOLEAN", dict: "JSON"}
    return alone.get(next(iter(kinds))) if len(kinds) == 1 else None


def _list_type(values: Iterable[object]) -> str:
    entries = [entry for value in values if isinstance(value, list) for entry in value]
    texts = all(entry is None or isinstance(entry, str) for entry in entries)
    return "VARCHAR[]" if texts else "JSON"


def _number_type(values: Iterable[object]) -> str:
    numbers = [value for value in values if isinstance(value, int | float)]
    if any(isinstance(value, float) for value in numbers):
        return "DOUBLE"
    return "BIGINT" if all(-(2**63) <= value < 2**63 for value in numbers) else "HUGEINT"


def _mixed(name: str, cells: Sequence[tuple[object, Position]], sync: Sync) -> Diagnostic:
    first = cells[0][0]
    value, position = next(
        (value, at) for value, at in cells if _plain_kind(value) != _plain_kind(first)
    )
    return Diagnostic(
        "QS511",
        Severity.ERROR,
        position,
        f"column '{name}' holds {_plain_kind(first)} before, and here {_plain_kind(value)}",
        f"declare its type, as `types: {{{name}: varchar}}`, or write the values alike",
        sync.name,
    )


def _plain_kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a mapping"
