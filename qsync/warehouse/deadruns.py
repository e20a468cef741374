"""Runs that died: their records are closed, and what they may have sent is sent again.

Everything about one stream happens in one transaction, so that dying here loses nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from qsync.ledger.record import RunStatus
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import REJECTS, RUNS, STAGES, STREAMS, Layout
from qsync.warehouse.records import is_record, literal
from qsync.warehouse.sql import Expression, all_of, col, eq, not_null, one_of, text
from qsync.warehouse.staging import is_sent
from qsync.warehouse.streams import update


@dataclass(frozen=True, slots=True)
class _Stage:
    """A staged table that was left behind, and the state of its stream if there is any."""

    run_id: str
    stream_id: str
    table: str
    project: str | None
    sync: str | None
    object: str | None
    state: str | None


@dataclass(frozen=True, slots=True)
class _Running:
    """A run record nobody closed."""

    run_id: str
    project: str
    sync: str
    object: str
    planned: int


class DeadRuns:
    """Closes the runs of a destination that are `running` although nobody holds the lock."""

    def __init__(
        self, connection: Connection, layout: Layout, destination: str, tables: frozenset[str]
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._destination = destination
        self._tables = tables

    def close(self, at: str) -> tuple[str, ...]:
        """Close them; their ids.

        A record the dead run may have posted with a newer value than state knows is marked
        unsettled, so that the next plan sends its value of today even where it equals the
        acknowledged one. Streams the dead run had ended, or not begun, are left as they are.
        """
        running = self._running()
        open_records = {(item.run_id, item.project, item.sync, item.object) for item in running}
        streams = self._streams()
        left: dict[tuple[str, str, str, str], _Stage] = {}
        for stage in self._stages():
            key = (stage.run_id, stage.project or "", stage.sync or "", stage.object or "")
            if key in open_records:
                left[key] = stage
            else:
                self._connection.run(*self._drop(stage))
        for record in running:
            mine = left.get((record.run_id, record.project, record.sync, record.object))
            # The state table is made before anything is posted.
            begun = (record.project, record.sync, record.object) in streams
            self._connection.run(*self._close(record, mine, begun, at))
        return tuple(sorted({item.run_id for item in running}))

    def _running(self) -> list[_Running]:
        names = ("run_id", "project", "sync", "object", "rows_planned")
        rows = self._connection.rows(
            exp.select(*(col(name) for name in names))
            .from_(self._layout.table(RUNS))
            .where(all_of([self._mine(), eq(col("status"), text(RunStatus.RUNNING.value))]))
        )
        return [_Running(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]

    def _stages(self) -> list[_Stage]:
        rows = self._connection.rows(
            exp.select(
                *(col(name, "stages") for name in ("run_id", "stream_id", "table_name")),
                *(col(name, "streams") for name in ("project", "sync", "object", "state_table")),
            )
            .from_(exp.alias_(self._layout.table(STAGES), "stages", table=True))
            .join(
                exp.alias_(self._layout.table(STREAMS), "streams", table=True),
                on=eq(col("stream_id", "stages"), col("stream_id", "streams")),
                join_type="left",
            )
            .where(eq(col("destination", "stages"), text(self._destination)))
        )
        return [_Stage(*row) for row in rows]

    def _streams(self) -> set[tuple[str, str, str]]:
        rows = self._connection.rows(
            exp.select(col("project"), col("sync"), col("object"))
            .from_(self._layout.table(STREAMS))
            .where(self._mine())
        )
        return {(row[0], row[1], row[2]) for row in rows}

    def _close(
        self, record: _Running, stage: _Stage | None, begun: bool, at: str
    ) -> list[Expression]:
        """Close a record, and its stage if there is one: without, nobody knows what was sent."""
        if stage is None or stage.state is None or stage.table not in self._tables:
            closing = self._closing(record, 0, 0, at, begun=begun)
            return [closing, *([] if stage is None else self._drop(stage))]
        succeeded = min(self._acknowledged(stage, stage.state), record.planned)
        rejected = min(self._rejected(stage), record.planned - succeeded)
        return [
            self._closing(record, succeeded, rejected, at),
            self._unsettle(stage, stage.state),
            *self._drop(stage),
        ]

    def _acknowledged(self, stage: _Stage, state: str) -> int:
        """Records this run sent and has the answer of; not those whose hash alone is newer."""
        known = [
            eq(col("run_id"), text(stage.run_id)),
            one_of(col("status"), ("synced", "removed")),
            self._staged(stage),
        ]
        return self._count(state, all_of(known))

    def _rejected(self, stage: _Stage) -> int:
        mine = [
            eq(col("run_id"), text(stage.run_id)),
            eq(col("stream_id"), text(stage.stream_id)),
        ]
        return self._count(REJECTS, all_of(mine))

    def _staged(self, stage: _Stage) -> Expression:
        """Whether a record was to be sent."""
        sent = exp.select(col("key")).from_(self._layout.table(stage.table)).where(is_sent())
        return exp.In(this=col("key"), query=sent.subquery())

    def _unsettle(self, stage: _Stage, state: str) -> Expression:
        """Mark what it may have posted; a tombstone too, for its row had come back."""
        open_ = [
            self._staged(stage),
            exp.NEQ(this=col("run_id"), expression=text(stage.run_id)),
            not_null(col("row_hash")),
        ]
        return update(self._layout.table(state), {"status": "unsettled"}, all_of(open_))

    def _drop(self, stage: _Stage) -> list[Expression]:
        return [
            self._layout.drop(stage.table),
            exp.delete(self._layout.table(STAGES)).where(eq(col("table_name"), text(stage.table))),
        ]

    def _closing(
        self, record: _Running, succeeded: int, rejected: int, at: str, *, begun: bool = True
    ) -> Expression:
        rest = record.planned - succeeded - rejected
        values = {
            "status": literal(RunStatus.INTERRUPTED.value, "text"),
            "finished_at": literal(at, "timestamp"),
            "rows_succeeded": literal(succeeded, "bigint"),
            "rows_rejected": literal(rejected, "bigint"),
            "rows_unknown": literal(rest if begun else 0, "bigint"),
            "rows_unsent": literal(0 if begun else rest, "bigint"),
        }
        return exp.Update(
            this=self._layout.table(RUNS),
            expressions=[
                exp.EQ(this=col(name), expression=value) for name, value in values.items()
            ],
            where=exp.Where(this=is_record(record.run_id, record.sync, record.object)),
        )

    def _count(self, table: str, where: Expression) -> int:
        rows = self._connection.rows(
            exp.select(exp.Count(this=exp.Star())).from_(self._layout.table(table)).where(where)
        )
        return int(rows[0][0])

    def _mine(self) -> Expression:
        return eq(col("destination"), text(self._destination))
