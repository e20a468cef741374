"""Run records in the warehouse: the ledger's truth, and what became of runs that died."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlglot import exp

from qsync.ledger.columns import LEDGER_COLUMNS
from qsync.ledger.record import SUCCESS, RunRecord, RunStatus
from qsync.planning.cost import Pace
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import RUNS, Layout
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    as_text,
    col,
    eq,
    ident,
    null,
    one_of,
    text,
    under,
)

_PINS: tuple[frozenset[RunStatus], ...] = (
    frozenset(RunStatus),
    frozenset(RunStatus) - {RunStatus.RUNNING},
    SUCCESS | {RunStatus.PARTIAL},
    SUCCESS,
)
"""The kinds of which the seed keeps each stream's newest (`ledger.seed.keep`): run, ended,
complete, success. A test holds the two against each other."""

_TYPES = {column.name: column.type for column in LEDGER_COLUMNS}


_NOT_APPLIED = [RunStatus.STOPPED.value, RunStatus.NOTHING_TO_DO.value]

_LOOK_BACK = 20
"""Records looked at for a measured pace: some were interrupted before they had any."""


class Records:
    """Reads and writes `qsync_runs`."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self._connection = connection
        self._layout = layout

    def open(self, destination: str, project: str, record: RunRecord) -> None:
        """Insert a record as it stands."""
        names = ["destination", "project", *_TYPES]
        cells: list[Expression] = [text(destination), text(project)]
        cells += [
            literal(cell, _TYPES[name]) for name, cell in zip(_TYPES, record.cells(), strict=True)
        ]
        self._connection.run(
            exp.insert(
                # Named: Spark on Sail refuses two cells that are called by the same literal.
                exp.select(*(as_(cell, name) for cell, name in zip(cells, names, strict=True))),
                self._layout.table(RUNS),
                columns=[ident(name) for name in names],
            )
        )

    def closing(self, record: RunRecord) -> Expression:
        """The statement that replaces a record."""
        cells = zip(_TYPES, record.cells(), strict=True)
        return exp.Update(
            this=self._layout.table(RUNS),
            expressions=[
                exp.EQ(this=col(name), expression=literal(cell, _TYPES[name]))
                for name, cell in cells
            ],
            where=exp.Where(this=is_record(record.run_id, record.sync, record.object)),
        )

    def details(self, destination: str, project: str, run_id: str) -> list[dict[str, Any]]:
        """The details of each record of a project's run at a destination."""
        mine = [
            eq(col("destination"), text(destination)),
            eq(col("project"), text(project)),
            eq(col("run_id"), text(run_id)),
        ]
        found = exp.select(col("details")).from_(self._layout.table(RUNS)).where(all_of(mine))
        return [orjson.loads(row[0]) for row in self._connection.rows(found)]

    def of_plan(self, destination: str, project: str, plan_id: str) -> str | None:
        """The run whose records say that it sent, or may have sent, what a sealed plan says.

        A plan whose syncs were all stopped is not used up.
        """
        mine = [
            eq(col("destination"), text(destination)),
            eq(col("project"), text(project)),
            exp.Like(this=col("details"), expression=text(f'%"plan":"{plan_id}"%')),
            exp.Not(this=one_of(col("status"), _NOT_APPLIED)),
        ]
        found = (
            exp.select(col("run_id")).from_(self._layout.table(RUNS)).where(all_of(mine)).limit(1)
        )
        rows = self._connection.rows(found)
        return str(rows[0][0]) if rows else None

    def pace(self, destination: str) -> Pace | None:
        """What the last of a destination's runs measured that sent anything."""
        sent = exp.GT(this=col("jobs"), expression=exp.Literal.number(0))
        newest = (
            exp.select(col("details"))
            .from_(self._layout.table(RUNS))
            .where(all_of([eq(col("destination"), text(destination)), sent]))
            .order_by(exp.Ordered(this=col("started_at"), desc=True, nulls_first=False))
            .limit(_LOOK_BACK)
        )
        for (details,) in self._connection.rows(newest):
            pace = orjson.loads(details).get("pace")
            if pace is not None:
                return Pace(float(pace["job_seconds"]), float(pace["request_seconds"]))
        return None

    def ledger(self, limit: int, project: str) -> list[tuple[str, ...]]:
        """The newest rows of a project and what says how each stream stands, oldest first.

        All cells are texts; an empty cell is an empty text.
        """
        names = list(_TYPES)
        newest = (
            exp.select(*(self._cell(name) for name in names))
            .from_(self._layout.table(RUNS))
            .where(eq(col("project"), text(project)))
            .order_by(
                exp.Ordered(this=col("started_at"), desc=True, nulls_first=False),
                exp.Ordered(this=col("run_id"), desc=True, nulls_first=False),
            )
            .limit(limit)
        )
        rows = self._connection.rows(newest)
        kept = {(row[0], row[1], row[2]) for row in rows}
        rows += [
            row for row in self._latest(names, project) if (row[0], row[1], row[2]) not in kept
        ]
        place = names.index("started_at")
        rows.sort(key=lambda row: (row[place], row[0], row[1], row[2]))
        return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]

    def _latest(self, names: Sequence[str], project: str) -> list[tuple[str, ...]]:
        """Of each stream what says how it stands: the newest record of every kind."""
        found = []
        for statuses in _PINS:
            condition = one_of(col("status"), sorted(status.value for status in statuses))
            mine = all_of([eq(col("project"), text(project)), condition])
            found += self._connection.rows(self._newest(names, mine))
        return list(dict.fromkeys(found))

    def last(self, destination: str, project: str) -> list[tuple[str, ...]]:
        """Of each of a project's streams at a destination the newest record, as `ledger` has it."""
        mine = [eq(col("destination"), text(destination)), eq(col("project"), text(project))]
        rows = self._connection.rows(self._newest(list(_TYPES), all_of(mine)))
        return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]

    def _newest(self, names: Sequence[str], condition: Expression) -> Expression:
        """Of each stream the newest record among those of which the condition is true."""
        last = exp.Window(
            this=exp.RowNumber(),
            partition_by=[col("sync"), col("object")],
            order=exp.Order(
                expressions=[
                    exp.Ordered(this=col("started_at"), desc=True, nulls_first=False),
                    exp.Ordered(this=col("run_id"), desc=True, nulls_first=False),
                ]
            ),
        )
        ranked = (
            exp.select("*", exp.Alias(this=last, alias=ident("place")))
            .from_(self._layout.table(RUNS))
            .where(condition)
            .subquery(under("ranked"))
        )
        return (
            exp.select(*(self._cell(name) for name in names))
            .from_(ranked)
            .where(exp.EQ(this=col("place"), expression=exp.Literal.number(1)))
        )

    def _cell(self, name: str) -> Expression:
        """A cell as text; times to the second, as the seed has them."""
        value: Expression = col(name)
        if _TYPES[name] == "timestamp":
            value = exp.Substring(
                this=as_text(value), start=exp.Literal.number(1), length=exp.Literal.number(19)
            )
            return exp.Alias(this=value, alias=ident(name + "_text"))
        return exp.Alias(this=as_text(value), alias=ident(name + "_text"))


def is_record(run_id: str, sync: str, object_name: str) -> Expression:
    """The condition for one record."""
    return all_of(
        [
            eq(col("run_id"), text(run_id)),
            eq(col("sync"), text(sync)),
            eq(col("object"), text(object_name)),
        ]
    )


def literal(cell: str | int | None, kind: str) -> Expression:
    """A ledger cell as a literal of its column's type."""
    if cell is None:
        return exp.cast(null(), kind)
    if isinstance(cell, int):
        return exp.Literal.number(cell)
    return text(cell) if kind == "text" else exp.cast(text(cell), kind)
