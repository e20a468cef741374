"""Requests made, by run and minute: a fresh machine learns here what the last hours spent.

While a run lives its notes are an upper bound, put down before the requests go; when it ends they
are replaced by what was made. The notes of a run that died stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from qsync.execution.ports import MINUTE
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import REQUESTS, Layout
from qsync.warehouse.sql import Expression, all_of, col, eq, ident, number, text


class Requests:
    """Reads and writes `qsync_requests` of one destination."""

    def __init__(self, connection: Connection, layout: Layout, destination: str) -> None:
        self._connection = connection
        self._table = layout.table(REQUESTS)
        self._destination = destination

    def note(self, run_id: str, by_minute: Mapping[int, int]) -> Expression:
        """Add requests of a run, by minute (epoch seconds of its beginning)."""
        rows = [
            (text(self._destination), text(run_id), number(minute), number(count))
            for minute, count in sorted(by_minute.items())
        ]
        columns = [ident(name) for name in ("destination", "run_id", "minute", "requests")]
        return exp.insert(exp.values(rows), self._table.copy(), columns=columns)

    def settle(self, run_id: str, by_minute: Mapping[int, int], before: int) -> list[Expression]:
        """Replace a run's notes; those of minutes before a moment go."""
        mine = eq(col("destination"), text(self._destination))
        past = exp.LT(this=col("minute"), expression=number(before))
        gone = exp.Or(this=eq(col("run_id"), text(run_id)), expression=past)
        statements: list[Expression] = [
            exp.delete(self._table.copy()).where(all_of([mine, exp.Paren(this=gone)]))
        ]
        if by_minute:
            statements.append(self.note(run_id, by_minute))
        return statements

    def since(self, moment: int, but: str | None = None) -> list[tuple[float, int]]:
        """Requests since a moment (epoch seconds), as `(epoch seconds, how many)`, oldest first.

        A minute's requests count as made at its end. Those of the run `but` do not count.
        """
        conditions = [
            eq(col("destination"), text(self._destination)),
            exp.GTE(this=col("minute"), expression=number(moment - MINUTE)),
        ]
        if but is not None:
            conditions.append(exp.NEQ(this=col("run_id"), expression=text(but)))
        rows = self._connection.rows(
            exp.select(col("minute"), exp.Sum(this=col("requests")))
            .from_(self._table.copy())
            .where(all_of(conditions))
            .group_by(col("minute"))
            .order_by(col("minute"))
        )
        return [(float(minute) + MINUTE, int(count)) for minute, count in rows]
