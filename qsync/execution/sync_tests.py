"""Running one sync test: the real compile, the real SQL, the real serialization; nothing is sent.

What apply would do with the given rows happens here step by step, as far as the bodies of its
requests: rows of an earlier run are staged and acknowledged, the given ones are staged and written
as items. Guards and gates are not asked: a handful of rows says nothing about shares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from qsync.artifacts import Node
from qsync.diagnostics import Diagnostic, Severity
from qsync.execution.items import Item, ItemWriter
from qsync.execution.ports import (
    Commit,
    CommitContext,
    ExecutionWarehouse,
    LockHolder,
    Outcome,
    Stage,
)
from qsync.fields.model import FieldCatalog
from qsync.planning.compile import compile_sync
from qsync.planning.compiled import CompiledStream, CompiledSync
from qsync.planning.given import CellProblem, GivenColumn, KnownColumns, given_columns
from qsync.planning.ports import DiffRequest
from qsync.project.model import COMPANY_NAME, ObjectType, Sync
from qsync.project.sync_tests import GivenRow, SyncTest, Values

_AT = "2026-01-01 00:00:00"
"""When everything happens in a test; nothing that is sent depends on it."""


class FixtureWarehouse(ExecutionWarehouse, Protocol):
    """The warehouse of one sync test: all that apply uses, over one model of given rows."""

    def make_model(self, columns: Sequence[GivenColumn], dialect: str) -> tuple[str, ...]:
        """Make the model's table, empty; the declared columns whose type there is not."""

    def fill(self, rows: Sequence[Mapping[str, object]]) -> tuple[CellProblem, ...]:
        """Make these the model's rows, in order; the values that do not fit their column."""

    def match_keys(self, column: str, object_type: ObjectType) -> Sequence[str | None]:
        """The folded key of each given row, in order."""

    def invalid_records(self, stage: Stage) -> Sequence[tuple[str | None, str]]:
        """The staged records that are invalid: folded key and reason, ordered by key."""


@dataclass(frozen=True, slots=True)
class SentItem:
    """One item as it would be sent: `values` by field, a company's name as `company_name`."""

    object: ObjectType
    key: str
    values: Values


@dataclass(frozen=True, slots=True)
class FoundInvalid:
    """One invalid record.

    Attributes:
        object: Lead or company.
        key: Its folded match key; None when it has none.
        rows: The given rows it may be, from 1; several for a company, whose rows are one record.
        reason: The code.
        field: The field whose value is the reason.
    """

    object: ObjectType
    key: str | None
    rows: tuple[int, ...]
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of the given rows.

    Attributes:
        items: What would be sent, companies first, by key.
        invalid: What would not, and why.
        given: The valid keys of the given rows, by object.
        sent_before: The keys that `before` sent, by object.
    """

    items: tuple[SentItem, ...]
    invalid: tuple[FoundInvalid, ...]
    given: Mapping[ObjectType, frozenset[str]]
    sent_before: Mapping[ObjectType, frozenset[str]]


def observe(
    test: SyncTest,
    sync: Sync,
    node: Node,
    known: KnownColumns,
    catalog: FieldCatalog,
    warehouse: FixtureWarehouse,
) -> Observed | list[Diagnostic]:
    """Run a test; the diagnostics that kept it from running otherwise.

    Args:
        test: The test.
        sync: Its sync.
        node: The sync's model.
        known: What dbt's artifacts tell of the model's columns.
        catalog: The field catalog.
        warehouse: One that no other test has used.
    """
    columns, problems = given_columns(test, sync, known, catalog)
    if problems:
        return problems
    run = _Run(test, sync, warehouse, columns)
    unknown = warehouse.make_model(columns, known.dialect)
    if unknown:
        return [run.unknown_type(name) for name in unknown]
    given, before = run.fill(test.given), run.fill(test.before)
    if given or before:
        return [*before, *given]
    compiled = run.compile(node, catalog)
    return compiled if isinstance(compiled, list) else run.observe(compiled)


@dataclass(slots=True)
class _Run:
    test: SyncTest
    sync: Sync
    warehouse: FixtureWarehouse
    columns: Sequence[GivenColumn]
    relation: str = ""
    epoch: int = 0

    def compile(self, node: Node, catalog: FieldCatalog) -> CompiledSync | list[Diagnostic]:
        self.relation = self.warehouse.relations()[node.unique_id]
        columns = self.warehouse.columns(self.relation) or ()
        compilation = compile_sync(self.sync, node, columns, catalog)
        if compilation.compiled is None:
            return [
                self._with_source(item)
                for item in compilation.diagnostics
                if item.severity is Severity.ERROR
            ]
        return compilation.compiled

    def observe(self, compiled: CompiledSync) -> Observed | list[Diagnostic]:
        """The earlier run, if there is one, and the one that is tested."""
        self.warehouse.prepare()
        taken = self.warehouse.acquire_lock("test", "a sync test")
        if isinstance(taken, LockHolder):
            raise TypeError("the lock of a database in memory is held")  # nobody else knows it
        self.epoch = taken
        sent_before: dict[ObjectType, frozenset[str]] = {}
        problems: list[Diagnostic] = []
        if self.test.before:
            # The rows are there already: they were filled in last.
            for stream in compiled.streams:
                stage, items, invalid = self._stage("before", stream)
                problems += [self._cannot_be_before(found) for found in invalid]
                sent_before[stream.object] = frozenset(item.key for item in items)
                self._acknowledge(stage)
        if problems:
            return problems
        self.warehouse.fill([row.values for row in self.test.given])
        sent: list[SentItem] = []
        wrong: list[FoundInvalid] = []
        given: dict[ObjectType, frozenset[str]] = {}
        for stream in compiled.streams:
            _, items, invalid = self._stage("now", stream)
            sent += items
            wrong += invalid
            keys = self.warehouse.match_keys(stream.match_column, stream.object)
            not_valid = {found.key for found in invalid}
            given[stream.object] = frozenset(
                key for key in keys if key is not None and key not in not_valid
            )
        return Observed(tuple(sent), tuple(wrong), given, sent_before)

    def fill(self, rows: Sequence[GivenRow]) -> list[Diagnostic]:
        problems = self.warehouse.fill([row.values for row in rows])
        return [self._misfit(problem, rows[problem.row]) for problem in problems]

    def unknown_type(self, column: str) -> Diagnostic:
        found = next(item for item in self.columns if item.name == column)
        position = found.declared or self.test.position
        hint = "write one of DuckDB's, as varchar, decimal(12, 2), timestamp, varchar[] or json"
        message = f"'{found.type}' is no type that DuckDB has"
        return Diagnostic("QS512", Severity.ERROR, position, message, hint, self.sync.name)

    def _stage(
        self, run_id: str, stream: CompiledStream
    ) -> tuple[Stage, list[SentItem], list[FoundInvalid]]:
        identity = f"{stream.object.value}_stream"
        state = self.warehouse.stream_state(identity)
        request = DiffRequest(stream, self.relation, state)
        stage, _ = self.warehouse.stage(run_id, identity, request)
        staged = self.warehouse.read_stage(stage, 1, stage.rows) if stage.rows else []
        written = ItemWriter(stream, run_id).write(staged)
        keys = {row.number: row.key for row in staged}
        records = [
            *self.warehouse.invalid_records(stage),
            *((keys[late.number], late.reason) for late in written.invalid_late),
        ]
        items = [_sent(stream.object, item) for item in written.items]
        return stage, items, list(self._invalid(stream, records))

    def _invalid(
        self, stream: CompiledStream, records: Iterable[tuple[str | None, str]]
    ) -> Iterator[FoundInvalid]:
        rows: dict[str | None, list[int]] = {}
        keys = self.warehouse.match_keys(stream.match_column, stream.object)
        for number, key in enumerate(keys, start=1):
            rows.setdefault(key, []).append(number)
        for key, reason in records:
            code, _, field = reason.partition(":")
            mine = rows.get(key, [])
            # Rows of one key are as many records of a lead, all invalid for the same reason.
            numbers = tuple(mine) if stream.grouped else tuple(mine[:1])
            rows[key] = mine if stream.grouped else mine[1:]
            yield FoundInvalid(stream.object, key, numbers, code, field or None)

    def _acknowledge(self, stage: Stage) -> None:
        """As if everything staged had been sent and confirmed."""
        context = CommitContext(stage.run_id, self.epoch, _AT)
        self.warehouse.begin(stage, context)
        if stage.rows:
            self.warehouse.commit(stage, Commit([Outcome(1, stage.rows)]), context)
        self.warehouse.drop_stage(stage)

    def _with_source(self, problem: Diagnostic) -> Diagnostic:
        """A type that does not fit, with where it is from when nobody told it."""
        untold = {column.name.lower() for column in self.columns if column.type is None}
        places = [(self.sync.match_column, self.sync.match_position)]
        fields = self.sync.fields
        if self.sync.company is not None:
            block = self.sync.company
            places.append((block.match_column, block.match_position))
            fields += block.fields
        places += [(item.column or "", item.column_position) for item in fields]
        for name, position in places:
            if position == problem.position and name.lower() in untold:
                hint = f"this type is that of the given values: `types: {{{name}: …}}` declares one"
                return replace(problem, hint=hint)
        return problem

    def _misfit(self, problem: CellProblem, row: GivenRow) -> Diagnostic:
        column = next(item for item in self.columns if item.name == problem.column)
        name = next(own for own in row.values if own.lower() == problem.column.lower())
        told = f" ({column.source} says so)" if column.source else ""
        return Diagnostic(
            "QS513",
            Severity.ERROR,
            row.cells[name],
            f"this is no value of column '{name}', which is {problem.type}{told}",
            "correct it, or declare another type under `types`",
            self.sync.name,
        )

    def _cannot_be_before(self, found: FoundInvalid) -> Diagnostic:
        row = self.test.before[found.rows[0] - 1]
        reason = found.reason if found.field is None else f"{found.reason}:{found.field}"
        return Diagnostic(
            "QS514",
            Severity.ERROR,
            row.position,
            f"this row cannot have been sent before: as a {found.object.value} it is invalid, "
            f"{reason}",
            "`before` holds rows that were sent: correct it, or leave it out",
            self.sync.name,
        )


def _sent(object_type: ObjectType, item: Item) -> SentItem:
    """An item read back from the body that would be sent; numbers keep their digits."""
    data = json.loads(item.body, parse_float=Decimal)["data"]
    values: dict[str, object] = dict(data["fields"])
    if "name" in data:
        values[COMPANY_NAME] = data["name"]
    return SentItem(object_type, data[object_type.match_field], values)
