"""A model made of given rows: the table that a sync test's sync reads.

Values become literals of SQL trees, each cast to its column's type. They are fixtures that stand in
the repository; rows of a real model never come here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from qsync.execution.ports import Stage
from qsync.planning.given import CellProblem, GivenColumn
from qsync.project.model import ObjectType
from qsync.warehouse.columns import column_reader
from qsync.warehouse.connection import WarehouseError
from qsync.warehouse.diff import op_is
from qsync.warehouse.folding import fold
from qsync.warehouse.memory import DATABASE, MemoryConnection
from qsync.warehouse.sql import Expression, as_, col, ident, number, text
from qsync.warehouse.sql import table as table_of
from qsync.warehouse.writing import WritingWarehouse

_SCHEMA = "main"


class FixtureWarehouse(WritingWarehouse):
    """The warehouse of one sync test: all that apply uses, over one model of given rows.

    Args:
        unique_id: The model's.
        model: Its name, which the table gets.
        project: The dbt project's name.

    Raises:
        UserError: DuckDB is not installed.
    """

    def __init__(self, unique_id: str, model: str, *, project: str) -> None:
        self._memory = MemoryConnection()
        self._model = table_of(model, _SCHEMA, DATABASE)
        self._relation = self._model.sql("duckdb")
        self._types: dict[str, exp.DataType] = {}
        super().__init__(
            self._memory,
            "qsync",
            {unique_id: self._relation},
            column_reader(self._memory),
            destination="sync tests",
            project=project,
        )

    def close(self) -> None:
        """Forget everything."""
        self._memory.close()

    def make_model(self, columns: Sequence[GivenColumn], dialect: str) -> tuple[str, ...]:
        """Make the model's table, empty; the declared columns whose type DuckDB does not have.

        A type that only dbt's artifacts tell and DuckDB does not have (an enumeration of another
        warehouse, say) gives way to that of the values.
        """
        unknown: list[str] = []
        for column in columns:
            found = None if column.type is None else self._type(column.type, dialect)
            if found is None and column.declared is not None:
                unknown.append(column.name)
            self._types[column.name] = found or exp.DataType.build(column.inferred, "duckdb")
        if not unknown:
            definitions = [
                exp.ColumnDef(this=ident(name), kind=kind) for name, kind in self._types.items()
            ]
            schema = exp.Schema(this=self._model.copy(), expressions=definitions)
            self._memory.run(exp.Create(this=schema, kind="TABLE"))
        return tuple(unknown)

    def fill(self, rows: Sequence[Mapping[str, object]]) -> tuple[CellProblem, ...]:
        """Make these the model's rows, in order; the values that do not fit their column."""
        statements: list[Expression] = [exp.delete(self._model.copy())]
        values = [tuple(self._cell(row, name) for name in self._types) for row in rows]
        if values:
            names = [ident(name) for name in self._types]
            statements.append(exp.insert(exp.values(values), self._model.copy(), columns=names))
        found = tuple(self._problems(rows, cast=False))
        try:
            self._memory.run(*statements)
        except WarehouseError:
            problems = tuple(self._problems(rows, cast=True))
            if not problems:
                raise
            return problems
        return found

    def match_keys(self, column: str, object_type: ObjectType) -> list[str | None]:
        """The folded key of each given row, in order."""
        key = fold(col(column), object_type, self._memory.dialect)
        place = exp.column("rowid")
        rows = exp.select(as_(key, "k")).from_(self._model.copy()).order_by(place)
        return [row[0] for row in self._memory.rows(rows)]

    def invalid_records(self, stage: Stage) -> list[tuple[str | None, str]]:
        """The staged records that are invalid: folded key and reason, ordered by key."""
        rows = (
            exp.select(col("key"), col("reason"))
            .from_(self.layout.table(stage.table))
            .where(op_is("invalid"))
            .order_by(col("key"), col("reason"))
        )
        return [(key, str(reason)) for key, reason in self._memory.rows(rows)]

    def _type(self, written: str, dialect: str) -> exp.DataType | None:
        """A type in DuckDB's words, or None where it has none like it."""
        for words in dict.fromkeys((dialect, "duckdb")):
            try:
                tree = parse_one(f"CAST(NULL AS {written})", dialect=words)
            except (SqlglotError, ValueError):  # ValueError: a warehouse sqlglot does not know
                continue
            if not isinstance(tree, exp.Cast) or not isinstance(tree.this, exp.Null):
                continue
            kind = _roomy(tree.to, words)
            try:
                self._memory.rows(exp.select(as_(exp.cast(exp.Null(), kind), "x")))
            except WarehouseError:
                continue
            return kind
        return None

    def _cell(self, row: Mapping[str, object], name: str) -> Expression:
        kind = self._types[name]
        return exp.cast(_literal(_value(row, name), kind), kind)

    def _problems(
        self, rows: Sequence[Mapping[str, object]], *, cast: bool
    ) -> Iterator[CellProblem]:
        """Cells that do not fit; `cast` asks DuckDB of each as well, which takes its time."""
        for place, row in enumerate(rows):
            for name, kind in self._types.items():
                fitting = _is_fitting(_value(row, name), kind)
                if not fitting or (cast and not self._is_castable(row, name)):
                    yield CellProblem(place, name, self._told(name))

    def _told(self, name: str) -> str:
        """A column's type in DuckDB's own words."""
        columns = self.columns(self._relation) or ()
        return next(column.type for column in columns if column.name == name)

    def _is_castable(self, row: Mapping[str, object], name: str) -> bool:
        try:
            self._memory.rows(exp.select(as_(self._cell(row, name), "x")))
        except WarehouseError:
            return False
        return True


def _roomy(kind: exp.DataType, dialect: str) -> exp.DataType:
    """A number without bounds keeps its digits: DuckDB's own `DECIMAL` has three places."""
    unbound = kind.is_type("decimal") and not kind.expressions and dialect != "duckdb"
    return exp.DataType.build("DECIMAL(38, 12)", "duckdb") if unbound else kind


def _value(row: Mapping[str, object], name: str) -> object:
    return next((value for own, value in row.items() if own.lower() == name.lower()), None)


def _is_fitting(value: object, kind: exp.DataType) -> bool:
    """Whether a value is what its column holds, where DuckDB's casts would take more.

    Lists and mappings are not made texts, nor `true` a number, and no number is rounded to a whole.
    """
    if kind.is_type("json") or value is None:
        return True
    if isinstance(value, list):
        return kind.is_type("array", "list")
    if isinstance(value, dict):
        return kind.is_type("struct", "map")
    if isinstance(value, bool):
        return kind.is_type("boolean")
    whole = not isinstance(value, float) or value.is_integer()
    return whole or not kind.is_type(*exp.DataType.INTEGER_TYPES)


def _literal(value: object, kind: exp.DataType) -> Expression:
    """A value of YAML as SQL, before it is cast to its column's type."""
    if value is None:
        return exp.Null()
    if kind.is_type("json"):
        return text(json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        # The shortest digits that read back as the number; `nan` and `inf` are texts.
        return text(repr(value))
    if isinstance(value, list | dict):
        return exp.cast(text(json.dumps(value, ensure_ascii=False)), "json")
    return text(str(value))
