"""Runs that died: their records are closed, and what they may have sent is sent again."""

from __future__ import annotations

from sqlglot import exp

from qsync.ledger.record import RunStatus
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import REJECTS, RUNS, STAGES, Layout
from qsync.warehouse.records import literal
from qsync.warehouse.sql import Expression, all_of, col, eq, text
from qsync.warehouse.staging import is_sent
from qsync.warehouse.streams import Streams, update


class DeadRuns:
    """Closes the runs of a destination that are `running` although nobody holds the lock."""

    def __init__(
        self, connection: Connection, layout: Layout, streams: Streams, destination: str
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._streams = streams
        self._destination = destination

    def close(self, at: str) -> tuple[str, ...]:
        """Close them; their ids.

        A record the dead run may have posted with a newer value than state knows is marked
        unsettled, so that the next plan sends its value of today even where it equals the
        acknowledged one.
        """
        records = self._running()
        died = {run_id for run_id, *_ in records}
        stages = self._connection.rows(
            exp.select(col("run_id"), col("stream_id"), col("table_name"))
            .from_(self._layout.table(STAGES))
            .where(self._mine())
        )
        states = {state.stream_id: state.table for state in self._streams.all()}
        for run_id, stream_id, table in stages:
            state = states.get(stream_id)
            statements: list[Expression] = []
            if run_id in died and state is not None:
                statements.append(self._unsettle(state, table, run_id))
            gone = eq(col("table_name"), text(table))
            statements += [
                self._layout.drop(table),
                exp.delete(self._layout.table(STAGES)).where(gone),
            ]
            self._connection.run(*statements)
        by_name = self._tables_by_name()
        for run_id, sync, object_name, planned in records:
            stream_id, table = by_name.get((sync, object_name), (None, None))
            self._close_record(run_id, sync, object_name, int(planned), stream_id, table, at)
        return tuple(sorted(died))

    def _running(self) -> list[tuple[str, str, str, int]]:
        rows = self._connection.rows(
            exp.select(col("run_id"), col("sync"), col("object"), col("rows_planned"))
            .from_(self._layout.table(RUNS))
            .where(all_of([self._mine(), eq(col("status"), text(RunStatus.RUNNING.value))]))
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def _tables_by_name(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {
            (state.sync, state.object): (state.stream_id, table)
            for state in self._streams.summaries()
            if state.destination == self._destination
            for table in [self._streams.table_of(state.stream_id)]
            if table is not None
        }

    def _unsettle(self, state: str, stage: str, run_id: str) -> Expression:
        sent = exp.select(col("key")).from_(self._layout.table(stage)).where(is_sent())
        return update(
            self._layout.table(state),
            {"status": "unsettled"},
            all_of(
                [
                    exp.In(this=col("key"), query=sent.subquery()),
                    exp.NEQ(this=col("run_id"), expression=text(run_id)),
                    eq(col("status"), text("synced")),
                ]
            ),
        )

    def _close_record(
        self,
        run_id: str,
        sync: str,
        object_name: str,
        planned: int,
        stream_id: str | None,
        table: str | None,
        at: str,
    ) -> None:
        succeeded = rejected = 0
        if table is not None and stream_id is not None:
            acked = all_of([eq(col("run_id"), text(run_id)), exp.Not(this=is_null_hash())])
            succeeded = self._count(table, acked)
            mine = all_of([eq(col("run_id"), text(run_id)), eq(col("stream_id"), text(stream_id))])
            rejected = self._count(REJECTS, mine)
        succeeded = min(succeeded, planned)
        rejected = min(rejected, planned - succeeded)
        values = {
            "status": literal(RunStatus.INTERRUPTED.value, "text"),
            "finished_at": literal(at, "timestamp"),
            "rows_succeeded": literal(succeeded, "bigint"),
            "rows_rejected": literal(rejected, "bigint"),
            "rows_unknown": literal(planned - succeeded - rejected, "bigint"),
            "rows_unsent": literal(0, "bigint"),
        }
        self._connection.run(
            exp.Update(
                this=self._layout.table(RUNS),
                expressions=[
                    exp.EQ(this=col(name), expression=value) for name, value in values.items()
                ],
                where=exp.Where(
                    this=all_of(
                        [
                            eq(col("run_id"), text(run_id)),
                            eq(col("sync"), text(sync)),
                            eq(col("object"), text(object_name)),
                        ]
                    )
                ),
            )
        )

    def _count(self, table: str, where: Expression) -> int:
        rows = self._connection.rows(
            exp.select(exp.Count(this=exp.Star())).from_(self._layout.table(table)).where(where)
        )
        return int(rows[0][0])

    def _mine(self) -> Expression:
        return eq(col("destination"), text(self._destination))


def is_null_hash() -> Expression:
    """State rows that were never acknowledged."""
    return exp.Is(this=col("row_hash"), expression=exp.Null())
