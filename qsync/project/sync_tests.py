"""Sync tests as frozen data: rows that are given, and everything that must be sent for them.

They stand under `tests:` of a `*.qsync.yml`. `qsync.project.tests_reader` makes them of what the
schema found no fault with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qsync.diagnostics import Position
from qsync.project.model import ObjectType

Values = Mapping[str, object]
"""YAML's values by name: of a column, of a field."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row of the model.

    Attributes:
        values: YAML's values by column; a column that is not named is null.
        position: Where the row begins.
        cells: Where each value stands.
        columns: Where each column's name stands.
    """

    values: Values
    position: Position
    cells: Mapping[str, Position]
    columns: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class ExpectedItem:
    """One item, as Qualified must get it.

    Attributes:
        object: Lead or company.
        key: The match key.
        values: Every field that is sent; a company's name is among them as `company_name`. None
            means that null is sent.
        position: Where it stands.
    """

    object: ObjectType
    key: str
    values: Values
    position: Position


@dataclass(frozen=True, slots=True)
class ExpectedInvalid:
    """One invalid record. What is None is not asked.

    Attributes:
        reason: The code.
        field: The field whose value is the reason.
        row: Which row of `given`, from 1.
        object: Lead or company, when it is named by its key.
        key: Its match key, folded or not.
        position: Where it stands.
    """

    reason: str
    position: Position
    field: str | None = None
    row: int | None = None
    object: ObjectType | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """All that must happen, and nothing else.

    Attributes:
        items: What is sent.
        invalid: The invalid records, or None when only their numbers are told.
        invalid_counts: Numbers by reason: a code, or `code:field`.
    """

    items: tuple[ExpectedItem, ...] = ()
    invalid: tuple[ExpectedInvalid, ...] | None = ()
    invalid_counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyncTest:
    """One test of one sync.

    Attributes:
        name: Unique among the tests of its sync.
        sync: The sync's name.
        given: The model's rows.
        before: Rows that an earlier run has sent.
        types: Column types as the warehouse calls them, by column.
        type_positions: Where each of them stands.
        expect: What must be sent.
        position: Where the test's name stands.
    """

    name: str
    sync: str
    given: tuple[GivenRow, ...]
    before: tuple[GivenRow, ...]
    types: Mapping[str, str]
    type_positions: Mapping[str, Position]
    expect: Expectation
    position: Position
    description: str = ""

    @property
    def path(self) -> str:
        """The file that holds it, relative to the project directory."""
        return self.position.path

    @property
    def label(self) -> str:
        """How people name it."""
        return f"{self.sync}: {self.name}"
