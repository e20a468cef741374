"""What earlier runs left behind: found, and closed once it is known what became of their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from qsync.execution.ports import CommitContext, DeadStream, KnownJob, Stage
from qsync.ledger.record import RunStatus
from qsync.planning.compiled_json import stream_from_json
from qsync.planning.ports import DiffRequest, StreamState
from qsync.warehouse.commits import StateWriter
from qsync.warehouse.connection import Connection, Row
from qsync.warehouse.diff import UNSETTLED, op_in
from qsync.warehouse.jobs import Jobs
from qsync.warehouse.layout import REJECTS, RUNS, STAGES, STREAMS, Layout
from qsync.warehouse.records import is_record, literal
from qsync.warehouse.sql import (
    Expression,
    aliased,
    all_of,
    any_of,
    col,
    eq,
    not_null,
    text,
)
from qsync.warehouse.staging import between, forget_stage, is_sent

_Key = tuple[str, str]
"""Run id and stream id."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A staged table that was left behind, as the registry has it."""

    run_id: str
    stream_id: str
    table: str
    stream: str | None
    records: int | None
    posted: int | None
    journaled: bool
    sync: str | None
    object: str | None
    state: str | None
    fingerprint: str | None


class DeadRuns:
    """What is left of runs of a destination, of which none can be alive: the lock is ours."""

    def __init__(
        self, connection: Connection, layout: Layout, destination: str, tables: frozenset[str]
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._destination = destination
        self._tables = tables

    def streams(self) -> tuple[DeadStream, ...]:
        """Every stream with an open record or a staged table, oldest run first."""
        jobs = self._jobs()
        running = self._running()
        found: list[DeadStream] = []
        for item in self._stages():
            stage = self._stage(item)
            # A stream that was never begun is in no registry, but its stage says whose it is.
            sync = item.sync if stage is None else stage.request.stream.sync
            object_name = item.object if stage is None else stage.request.stream.object.value
            planned = running.pop((item.run_id, sync, object_name), None)
            of_stream = jobs.get((item.run_id, item.stream_id), ())
            found.append(
                DeadStream(
                    run_id=item.run_id,
                    sync=sync or "",
                    object=object_name or "",
                    planned=planned or 0,
                    running=planned is not None,
                    stage=stage,
                    posted=_posted(item, stage, planned or 0),
                    journaled=item.journaled,
                    jobs=tuple(of_stream),
                    table=item.table,
                )
            )
        # A record whose stage is gone: nobody knows what was sent.
        found += [
            DeadStream(run_id, str(sync), str(object_name), planned, running=True)
            for (run_id, sync, object_name), planned in running.items()
        ]
        # Run ids begin with the moment the run began.
        return tuple(sorted(found, key=lambda dead: (dead.run_id, dead.sync, dead.object)))

    def _stage(self, item: _Found) -> Stage | None:
        """The stage, if its table is there and this version can read what it means."""
        stream = None if item.stream is None else stream_from_json(item.stream)
        if stream is None or item.records is None or item.table not in self._tables:
            return None
        columns = frozenset(field.state_column for field in stream.fields)
        state = StreamState(item.stream_id, item.state, columns, item.fingerprint)
        request = DiffRequest(stream, "", state)
        return Stage(item.run_id, item.stream_id, item.table, request, item.records)

    def _running(self) -> dict[tuple[str, str | None, str | None], int]:
        names = ("run_id", "sync", "object", "rows_planned")
        rows = self._connection.rows(
            exp.select(*(col(name) for name in names))
            .from_(self._layout.table(RUNS))
            .where(all_of([self._mine(), eq(col("status"), text(RunStatus.RUNNING.value))]))
        )
        return {(row[0], row[1], row[2]): int(row[3]) for row in rows}

    def _stages(self) -> list[_Found]:
        of_stage = ("run_id", "stream_id", "table_name", "stream", "records", "posted", "journaled")
        of_stream = ("sync", "object", "state_table", "fingerprint")
        rows = self._connection.rows(
            exp.select(
                *(col(name, "stages") for name in of_stage),
                *(col(name, "streams") for name in of_stream),
            )
            .from_(aliased(self._layout.table(STAGES), "stages"))
            .join(
                aliased(self._layout.table(STREAMS), "streams"),
                on=eq(col("stream_id", "stages"), col("stream_id", "streams")),
                join_type="left",
            )
            .where(eq(col("destination", "stages"), text(self._destination)))
        )
        return [_found(row) for row in rows]

    def _jobs(self) -> dict[_Key, list[KnownJob]]:
        found: dict[_Key, list[KnownJob]] = {}
        for run_id, stream_id, job_id, first, last, at, lost in self._connection.rows(
            Jobs(self._layout, self._destination).of_destination()
        ):
            job = KnownJob(str(job_id), int(first), int(last), float(at), int(lost))
            found.setdefault((run_id, stream_id), []).append(job)
        return found

    def closing(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool,
    ) -> list[Expression]:
        """The statements that close what a run left behind.

        Everything about one stream goes into one transaction, so that dying here loses nothing.
        """
        statements: list[Expression] = []
        stage = dead.stage
        if stage is None or stage.request.state.table is None:
            # What is unknown is how much was sent, not whether it is in state: it is not.
            if dead.running:
                unknown = dead.planned if dead.table is None else dead.posted
                statements.append(self._close(dead, 0, 0, unknown, context))
        else:
            writer = StateWriter(self._layout, stage, stage.request.state.table, context)
            lost = any_of([between(first, last) for first, last in posted]) if posted else None
            if lost is not None:
                statements += writer.lose(lost, dead.run_id)
            if dead.running:
                state = stage.request.state.table
                succeeded = self._count_state(stage, state, ("synced", "removed"))
                rejected = self._count_rejected(stage)
                unknown = self._count_state(stage, state, UNSETTLED)
                if lost is not None:
                    unknown += self._count_lost(writer, lost, dead.run_id)
                statements.append(self._close(dead, succeeded, rejected, unknown, context))
        if dead.table is not None and not keep_stage:
            statements += forget_stage(self._layout, dead.table)
        return statements

    def _close(
        self, dead: DeadStream, succeeded: int, rejected: int, unknown: int, context: CommitContext
    ) -> Expression:
        succeeded = min(succeeded, dead.planned)
        rejected = min(rejected, dead.planned - succeeded)
        unknown = min(unknown, dead.planned - succeeded - rejected)
        values = {
            "status": literal(RunStatus.INTERRUPTED.value, "text"),
            "finished_at": literal(context.at, "timestamp"),
            "rows_succeeded": literal(succeeded, "bigint"),
            "rows_rejected": literal(rejected, "bigint"),
            "rows_unknown": literal(unknown, "bigint"),
            "rows_unsent": literal(dead.planned - succeeded - rejected - unknown, "bigint"),
        }
        return exp.Update(
            this=self._layout.table(RUNS),
            expressions=[
                exp.EQ(this=col(name), expression=value) for name, value in values.items()
            ],
            where=exp.Where(this=is_record(dead.run_id, dead.sync, dead.object)),
        )

    def _count_state(self, stage: Stage, state: str, statuses: Sequence[str]) -> int:
        """Records the run sent that state has such an answer of from this very run."""
        sent = exp.select(col("key")).from_(self._layout.table(stage.table)).where(is_sent())
        known = [
            eq(col("run_id"), text(stage.run_id)),
            op_in(col("status"), *statuses),
            exp.In(this=col("key"), query=sent.subquery()),
        ]
        return self._count(self._layout.table(state), all_of(known))

    def _count_rejected(self, stage: Stage) -> int:
        mine = [
            eq(col("run_id"), text(stage.run_id)),
            eq(col("stream_id"), text(stage.stream_id)),
        ]
        return self._count(self._layout.table(REJECTS), all_of(mine))

    def _count_lost(self, writer: StateWriter, where: Expression, run_id: str) -> int:
        stage = self._layout.table(writer.stage.table)
        return self._count(stage, all_of([not_null(col("key")), writer.unanswered(where, run_id)]))

    def _count(self, table: exp.Table, where: Expression) -> int:
        rows = self._connection.rows(
            exp.select(exp.Count(this=exp.Star())).from_(table).where(where)
        )
        return int(rows[0][0])

    def _mine(self) -> Expression:
        return eq(col("destination"), text(self._destination))


def _posted(item: _Found, stage: Stage | None, planned: int) -> int:
    if stage is not None and stage.request.state.table is None:
        return 0  # the state table is made before anything is posted
    # Before layout 2 nothing was noted of posting: all of it may have been.
    records = planned if stage is None else stage.rows
    return records if item.posted is None else min(item.posted, records)


def _found(row: Row) -> _Found:
    run_id, stream_id, table, stream, records, posted, journaled, *of_stream = row
    return _Found(
        run_id,
        stream_id,
        table,
        stream,
        None if records is None else int(records),
        None if posted is None else int(posted),
        bool(journaled),
        *of_stream,
    )
