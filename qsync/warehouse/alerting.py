"""What was alerted and is not over, and how syncs stand, in the warehouse.

`qsync_alerts` is made by the first alert that goes out: who has no rules pays nothing for it. It
holds names of rules and syncs, and times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from qsync.ledger import record_of, row_from_cells
from qsync.ledger.alerts import OpenAlert, Trouble
from qsync.ledger.record import SUCCESS, RunRecord, RunStatus
from qsync.ledger.rows import moment
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import ALERT_COLUMNS, ALERTS, META, RUNS, Layout
from qsync.warehouse.records import Records
from qsync.warehouse.sql import (
    Expression,
    all_of,
    any_of,
    as_,
    as_text,
    case,
    col,
    eq,
    null,
    one_of,
    text,
)
from qsync.warehouse.streams import insert_row

_SYNCED = sorted(status.value for status in SUCCESS | {RunStatus.PARTIAL})


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """When a stream's first run began, and when it was last synced, wholly or in part."""

    began_at: datetime
    synced_at: datetime | None


class AlertBook:
    """Reads and keeps one project's alerts at one destination.

    Args:
        connection: Where statements go.
        layout: The state schema.
        destination: Whose syncs.
        project: The dbt project's name.
        tables: The tables there are.
    """

    def __init__(
        self,
        connection: Connection,
        layout: Layout,
        destination: str,
        project: str,
        *,
        tables: frozenset[str],
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._destination = destination
        self._project = project
        self._tables = tables

    @property
    def usable(self) -> bool:
        """Whether qsync has tables here: an alert makes its own one, and no schema."""
        return META in self._tables

    def last_records(self) -> list[RunRecord]:
        """The newest record of each stream."""
        if RUNS not in self._tables:
            return []
        records = Records(self._connection, self._layout)
        rows = records.last(self._destination, self._project)
        return [record_of(row_from_cells(cells)) for cells in rows]

    def times(self) -> dict[tuple[str, str], StreamTimes]:
        """Of each stream, by sync and object."""
        if RUNS not in self._tables:
            return {}
        ended = exp.Coalesce(this=col("finished_at"), expressions=[col("started_at")])
        some = exp.GT(this=col("rows_succeeded"), expression=exp.Literal.number(0))
        synced = any_of([one_of(col("status"), _SYNCED), some])
        statement = (
            exp.select(
                col("sync"),
                col("object"),
                as_(_to_the_second(exp.Min(this=col("started_at"))), "began"),
                as_(
                    _to_the_second(
                        exp.Max(this=case([(synced, ended)], exp.cast(null(), "timestamp")))
                    ),
                    "synced",
                ),
            )
            .from_(self._layout.table(RUNS))
            .where(self._mine())
            .group_by(col("sync"), col("object"))
        )
        return {
            (str(sync), str(object_name)): StreamTimes(
                moment(began), None if last is None else moment(last)
            )
            for sync, object_name, began, last in self._connection.rows(statement)
        }

    def opened(self) -> frozenset[OpenAlert]:
        """What was told and is not over; kinds of trouble that another version knows are left."""
        if ALERTS not in self._tables:
            return frozenset()
        known = [trouble.value for trouble in Trouble]
        columns = [col(name) for name in ("rule", "sync", "trouble", "since")]
        statement = (
            exp.select(*columns)
            .from_(self._layout.table(ALERTS))
            .where(all_of([self._mine(), one_of(col("trouble"), known)]))
        )
        return frozenset(
            OpenAlert(rule, sync, Trouble(trouble), since)
            for rule, sync, trouble, since in self._connection.rows(statement)
        )

    def keep(self, begun: Iterable[OpenAlert], over: Iterable[OpenAlert]) -> None:
        """Put down what was told, and strike out what is over, in one transaction."""
        table = self._layout.table(ALERTS)
        statements: list[Expression] = []
        if ALERTS not in self._tables:
            statements.append(self._layout.create(ALERTS, ALERT_COLUMNS))
        begun = sorted(begun)
        statements += [
            exp.delete(table.copy()).where(
                all_of(
                    [
                        self._mine(),
                        eq(col("rule"), text(alert.rule)),
                        eq(col("sync"), text(alert.sync)),
                        eq(col("trouble"), text(alert.trouble.value)),
                    ]
                )
            )
            for alert in (*begun, *sorted(over))
        ]
        statements += [
            insert_row(
                table.copy(),
                {
                    "destination": self._destination,
                    "project": self._project,
                    "rule": alert.rule,
                    "sync": alert.sync,
                    "trouble": alert.trouble.value,
                    "since": alert.since,
                },
            )
            for alert in begun
        ]
        if statements:
            self._connection.run(*statements)

    def _mine(self) -> Expression:
        return all_of(
            [
                eq(col("destination"), text(self._destination)),
                eq(col("project"), text(self._project)),
            ]
        )


def _to_the_second(value: Expression) -> Expression:
    return exp.Substring(
        this=as_text(value), start=exp.Literal.number(1), length=exp.Literal.number(19)
    )
