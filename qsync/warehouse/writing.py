"""The warehouse while applying: staging, state and records. Implements `ExecutionWarehouse`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from qsync.execution.ports import (
    CommitContext,
    LiveField,
    LockHolder,
    Outcome,
    Stage,
    StagedRow,
)
from qsync.ledger.record import RunRecord
from qsync.planning.changes import ChangeSet
from qsync.planning.ports import DiffRequest, StreamState
from qsync.project.model import OnNull
from qsync.warehouse.columns import ColumnReader
from qsync.warehouse.commits import StateWriter, acknowledged
from qsync.warehouse.connection import Connection
from qsync.warehouse.deadruns import DeadRuns
from qsync.warehouse.diff import op_is
from qsync.warehouse.layout import FIELDS, LAYOUT_VERSION, LOCK, META, STAGES, Layout
from qsync.warehouse.lock import Lock, LockLostError
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.sql import Expression, any_of, col, count_if, eq, ident, text
from qsync.warehouse.staging import NUMBER, chunk_select, is_sent, stage_select
from qsync.warehouse.streams import create_index, insert_row

LOCK_SECONDS = 900
"""How long the lock holds without a commit."""


class WritingWarehouse(ReadingWarehouse):
    """Everything apply needs. One object per run; all calls from one thread.

    Args:
        connection: Where statements go.
        schema: The state schema.
        relations: The relation of every model, snapshot and seed, by unique id.
        columns: Reads a relation's columns.
        destination: Whose state this is.
        project: The dbt project's name.
    """

    def __init__(
        self,
        connection: Connection,
        schema: str,
        relations: Mapping[str, str],
        columns: ColumnReader,
        *,
        destination: str,
        project: str,
    ) -> None:
        super().__init__(connection, schema, relations, columns)
        self._destination = destination
        self._project = project
        self._lock = Lock(connection, self.layout, destination)
        self._states: dict[str, StreamState] = {}

    def prepare(self) -> None:
        """Create the state schema and qsync's own tables where they are missing."""
        missing = [name for name in Layout.own_tables() if name not in self.tables]
        if missing:
            # Who may not create schemas may not say `IF NOT EXISTS` either (PostgreSQL).
            if not self.connection.rows(self.layout.existing_schema()):
                self.connection.run(self.layout.create_schema())
            statements: list[Expression] = [self.layout.create_own(name) for name in missing]
            if META in missing:
                row = {"name": "layout", "value": str(LAYOUT_VERSION)}
                statements.append(insert_row(self.layout.table(META), row))
            self.connection.run(*statements)
            self.refresh()
        self._lock.make()

    def refresh(self) -> None:
        """Look again which tables there are."""
        self.__dict__.pop("tables", None)

    # --- who writes -------------------------------------------------------------------------

    def known_field_ids(self) -> frozenset[str]:
        """Ids of the live fields seen at this destination before."""
        rows = self.connection.rows(
            exp.select(col("field_id"))
            .from_(self.layout.table(FIELDS))
            .where(eq(col("destination"), text(self._destination)))
        )
        return frozenset(str(row[0]) for row in rows)

    def remember_fields(self, fields: Sequence[LiveField]) -> None:
        """Store the live fields' ids."""
        table = self.layout.table(FIELDS)
        statements: list[Expression] = [
            exp.delete(table.copy()).where(eq(col("destination"), text(self._destination)))
        ]
        if fields:
            values = [
                tuple(text(part) for part in (self._destination, item.object, item.name, item.id))
                for item in fields
            ]
            columns = ("destination", "object", "name", "field_id")
            statements.append(
                exp.insert(exp.values(values), table, columns=[ident(name) for name in columns])
            )
        self.connection.run(*statements)

    def acquire_lock(self, lock_id: str, holder: str) -> int | LockHolder:
        """Take the destination's lock: its epoch, or who has it."""
        return self._lock.acquire(lock_id, holder, LOCK_SECONDS)

    def renew_lock(self, epoch: int) -> None:
        """Keep the lock for longer.

        Raises:
            LockLostError: Somebody else has it.
        """
        self._commit_under(epoch, [])

    def release_lock(self, epoch: int) -> None:
        """Give the lock back, if it is still ours."""
        self._lock.release(epoch)

    def lock_holder(self) -> LockHolder | None:
        """Who holds the destination's lock, even if it has expired; None when it is free."""
        return self._lock.holder() if LOCK in self.tables else None

    def break_lock(self, lock_id: str) -> bool:
        """Free the lock held under this ID, so that its holder can commit nothing more.

        False, and nothing changed, when nobody holds it under this ID.
        """
        return self._lock.break_(lock_id)

    def close_dead_runs(self, at: str) -> tuple[str, ...]:
        """Close runs that died; called under the lock. Their ids."""
        self.refresh()
        return DeadRuns(self.connection, self.layout, self._destination, self.tables).close(at)

    # --- the staged table -------------------------------------------------------------------

    def stage(self, run_id: str, stream_id: str, request: DiffRequest) -> tuple[Stage, ChangeSet]:
        """Write the change set to a table and count it from there.

        Only what is simply unchanged (and not staged) is counted from the model.
        """
        stream = request.stream
        name = f"stage_{run_id}_{stream_id[:8]}"
        table = self.layout.table(name)
        diff = self.diff(request)
        create = exp.Create(this=table, kind="TABLE", expression=diff.query(stage_select(stream)))
        note = {
            "run_id": run_id,
            "destination": self._destination,
            "stream_id": stream_id,
            "table_name": name,
        }
        # Noted first: a stage nobody knows of would never be dropped.
        self.connection.run(insert_row(self.layout.table(STAGES), note))
        unchanged = diff.query(self.counting(request).where(op_is("unchanged")))
        still = self.connection.run_and_read([create], unchanged)
        if self.connection.dialect.indexes:
            self.connection.run(create_index(table, f"{name}_n", NUMBER))
        rows = still + self.connection.rows(self.counting(request, table))
        counts = self.counts_of(request, rows)
        fields = self.fields(request, counts, self.histogram(request, table))
        sent = self.connection.rows(exp.select(count_if(is_sent())).from_(table))
        return Stage(run_id, stream_id, name, request, int(sent[0][0])), ChangeSet(counts, fields)

    def drop_stage(self, stage: Stage) -> None:
        """Drop a stage's table."""
        mine = eq(col("table_name"), text(stage.table))
        self.connection.run(
            self.layout.drop(stage.table), exp.delete(self.layout.table(STAGES)).where(mine)
        )

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """The staged records of a range of numbers, in order."""
        stream = stage.request.stream
        statement = chunk_select(stream, self.layout.table(stage.table), first, last)
        # Only a conflict leaves out a field that null would otherwise clear.
        may_leave_out = stream.grouped and any(
            field.on_null is OnNull.CLEAR for field in stream.fields
        )
        found = []
        for number, key, op, kinds, *values in self.connection.rows(statement):
            left_out: frozenset[int] = frozenset()
            if op == "removed":
                # Only what this sync wrote is cleared; the rest is not its business.
                left_out = frozenset(place for place, kind in enumerate(kinds) if kind != "x")
            elif "-" in kinds or "!" in kinds:
                values = [
                    None if kind in "-!" else value
                    for kind, value in zip(kinds, values, strict=True)
                ]
                if may_leave_out:
                    left_out = frozenset(place for place, kind in enumerate(kinds) if kind == "!")
            found.append(StagedRow(int(number), key, tuple(values), op == "removed", left_out))
        return found

    # --- state ------------------------------------------------------------------------------

    def begin(self, stage: Stage, context: CommitContext) -> None:
        """Make the stream's state table fit, and write what needs no sending.

        New hashes of equal records, tombstones of records that left the model and are kept.
        """
        stream = stage.request.stream
        state = self.streams.ensure(
            stream,
            stage.stream_id,
            stage.request.state,
            (self._destination, self._project),
            context.at,
        )
        self._states[stage.stream_id] = state
        writer = self._writer(stage, context)
        statements = writer.acknowledge(op_is("rehash"))
        statements.append(writer.entomb())
        self._commit_under(context.epoch, statements)

    def commit(self, stage: Stage, outcomes: Sequence[Outcome], context: CommitContext) -> None:
        """Bring state up to date with outcomes, in SQL, in one transaction."""
        writer = self._writer(stage, context)
        statements: list[Expression] = []
        succeeded = acknowledged(outcomes)
        if succeeded is not None:
            statements += writer.acknowledge(succeeded)
            statements.append(writer.forget_rejects(succeeded))
        rejects = [reject for outcome in outcomes for reject in outcome.rejects]
        if rejects:
            statements += writer.reject(rejects)
        unknown = [number for outcome in outcomes for number in outcome.unknown]
        if unknown:
            statements += writer.unsettle(unknown)
        self._commit_under(context.epoch, statements)

    def baseline(self, stage: Stage, context: CommitContext) -> None:
        """Acknowledge every staged record without sending."""
        writer = self._writer(stage, context)
        where = any_of([op_is("added", "changed"), is_sent()])
        self._commit_under(
            context.epoch, [*writer.acknowledge(where), writer.forget_rejects(where)]
        )

    def _writer(self, stage: Stage, context: CommitContext) -> StateWriter:
        state = self._states[stage.stream_id]
        if state.table is None:
            raise ValueError("begin() makes the state table")
        return StateWriter(self.layout, stage, state.table, context)

    def _commit_under(self, epoch: int, statements: Sequence[Expression]) -> None:
        """Commit under the lock: renewed in the same transaction, which fails when it was lost."""
        renewing = self._lock.renewing(epoch, LOCK_SECONDS)
        if not self.connection.run_guarded(renewing, self._lock.holding(epoch), statements):
            raise LockLostError

    # --- records ----------------------------------------------------------------------------

    def open_record(self, record: RunRecord) -> None:
        """Insert a run record as it stands."""
        self.records.open(self._destination, self._project, record)

    def close_record(self, record: RunRecord) -> None:
        """Replace the run record with its end."""
        self.records.close(record)
