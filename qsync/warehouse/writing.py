"""The warehouse while applying: staging, state and records. Implements `ExecutionWarehouse`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from qsync.execution.ports import (
    Commit,
    CommitContext,
    DeadStream,
    LiveField,
    LockHolder,
    Purged,
    Stage,
    StagedRow,
)
from qsync.ledger.record import RunRecord
from qsync.planning.changes import ChangeSet
from qsync.planning.compiled_json import stream_json
from qsync.planning.movement import mapping_text
from qsync.planning.ports import DiffRequest, StreamState
from qsync.warehouse.columns import ColumnReader
from qsync.warehouse.commits import StateWriter, acknowledged, numbered
from qsync.warehouse.connection import Connection
from qsync.warehouse.deadruns import DeadRuns
from qsync.warehouse.diff import op_is
from qsync.warehouse.forgetting import Purge, Suppressions, key_hash, long_gone
from qsync.warehouse.history import History
from qsync.warehouse.inventory import has_schema
from qsync.warehouse.jobs import Jobs
from qsync.warehouse.layout import (
    FIELDS,
    LAYOUT,
    LAYOUT_VERSION,
    LOCK,
    META,
    RUNS,
    SECRET,
    STAGE_POSTING,
    STAGES,
    SUPPRESSED,
    Layout,
)
from qsync.warehouse.lock import Lock, LockLostError
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.rejected import ensure_view
from qsync.warehouse.requests import Requests
from qsync.warehouse.sql import Expression, any_of, col, count_if, eq, ident, number, text
from qsync.warehouse.staging import (
    NUMBER,
    chunk_select,
    forget_stage,
    is_sent,
    stage_select,
    staged_rows,
)
from qsync.warehouse.streams import add_column, create_index, insert_row, update

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

    Attributes:
        destination: As given.
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
        self.destination = destination
        self._project = project
        self._lock = Lock(connection, self.layout, destination)
        self._states: dict[str, StreamState] = {}
        self._requests = Requests(connection, self.layout, destination)
        self._history = History(connection, self.layout, destination)

    def prepare(self) -> None:
        """Create the state schema and qsync's own tables where they are missing."""
        missing = [name for name in Layout.own_tables() if name not in self.tables]
        self._migrate(missing)
        if missing:
            # Who may not create schemas may not say `IF NOT EXISTS` either (PostgreSQL).
            if not has_schema(self.connection, self.layout):
                self.connection.run(self.layout.create_schema())
            # The settings last: where they are, everything is (no transaction need say so).
            others = [name for name in missing if name != META]
            statements: list[Expression] = [self.layout.create_own(name) for name in others]
            if META in missing:
                meta = self.layout.table(META)
                layout = {"name": LAYOUT, "value": str(LAYOUT_VERSION)}
                key = {"name": SECRET, "value": secrets.token_hex(32)}
                statements.append(self.layout.create_own(META))
                statements += [insert_row(meta, layout), insert_row(meta.copy(), key)]
            self.connection.run(*statements)
            self.refresh()
        ensure_view(self.connection, self.layout)
        self._lock.make()

    def _migrate(self, missing: Sequence[str]) -> None:
        """Bring tables of an older layout up to this one."""
        if META in missing or self.layout_version >= LAYOUT_VERSION:
            return
        meta = self.layout.table(META)
        self.connection.run(
            *(add_column(self.layout.table(STAGES), name, kind) for name, kind in STAGE_POSTING),
            update(meta, {"value": str(LAYOUT_VERSION)}, eq(col("name"), text(LAYOUT))),
            insert_row(meta.copy(), {"name": SECRET, "value": secrets.token_hex(32)}),
        )
        self.refresh()

    def destinations(self) -> list[str]:
        """Every destination that anything in this schema is about."""
        rows = exp.select(col("destination")).from_(self.layout.table(LOCK))
        return sorted(str(row[0]) for row in self.connection.rows(rows))

    def at(self, destination: str) -> WritingWarehouse:
        """The same schema, for another destination."""
        relations, columns = self._relations, self._columns
        return WritingWarehouse(
            *(self.connection, self.layout.schema, relations, columns),
            destination=destination,
            project=self._project,
        )

    def secret(self) -> bytes:
        """The key of hashes that leave the warehouse; made with the tables."""
        rows = self.connection.rows(
            exp.select(col("value"))
            .from_(self.layout.table(META))
            .where(eq(col("name"), text(SECRET)))
        )
        return bytes.fromhex(str(rows[0][0]))

    def refresh(self) -> None:
        """Look again which tables there are."""
        self.__dict__.pop("tables", None)

    # --- who writes -------------------------------------------------------------------------

    def known_field_ids(self) -> frozenset[str]:
        """Ids of the live fields seen at this destination before."""
        if FIELDS not in self.tables:
            return frozenset()
        rows = self.connection.rows(
            exp.select(col("field_id"))
            .from_(self.layout.table(FIELDS))
            .where(eq(col("destination"), text(self.destination)))
        )
        return frozenset(str(row[0]) for row in rows)

    def remember_fields(self, fields: Sequence[LiveField]) -> None:
        """Store the live fields' ids."""
        table = self.layout.table(FIELDS)
        statements: list[Expression] = [
            exp.delete(table.copy()).where(eq(col("destination"), text(self.destination)))
        ]
        if fields:
            values = [
                tuple(text(part) for part in (self.destination, item.object, item.name, item.id))
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

    def dead_streams(self) -> tuple[DeadStream, ...]:
        """What earlier runs left behind, oldest run first; called under the lock."""
        self.refresh()
        return self._dead().streams()

    def close_dead(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool = False,
    ) -> None:
        """Close what a run left behind, in one transaction under the lock."""
        theirs = replace(context, run_id=dead.run_id)
        statements = self._dead().closing(dead, posted, theirs, keep_stage=keep_stage)
        statements += self._history.lost(dead, posted, context.at)
        self._commit_under(context.epoch, statements)

    def close_dead_runs(self, context: CommitContext) -> tuple[str, ...]:
        """Close what earlier runs left without asking Qualified; the ids of those that had died.

        For commands that have no key: all that may have been posted and was not answered is open.
        """
        found = self.dead_streams()
        for dead in found:
            lost = [(1, dead.posted)] if dead.running and dead.posted else []
            self.close_dead(dead, lost, context)
        return tuple(dict.fromkeys(dead.run_id for dead in found if dead.running))

    def _dead(self) -> DeadRuns:
        return DeadRuns(self.connection, self.layout, self.destination, self.tables)

    # --- people who are forgotten -----------------------------------------------------------

    def suppress(self, object_name: str, keys: Sequence[str], context: CommitContext) -> int:
        """Have folded keys never sent again, anywhere; how many had been suppressed before."""
        hashes = [key_hash(self.secret(), object_name, key) for key in keys]
        suppressions = Suppressions(self.connection, self.layout)
        if SUPPRESSED not in self.tables:
            made = suppressions.making(self.secret(), context.at)
            made += suppressions.adding(object_name, hashes, context.at)
            self._commit_under(context.epoch, made)
            self.refresh()
            return 0
        suppressions.check()
        known = suppressions.known(object_name, hashes)
        new = [item for item in hashes if item not in known]
        self._commit_under(context.epoch, suppressions.adding(object_name, new, context.at))
        return len(known)

    def purge_suppressed(self, object_name: str, epoch: int) -> Purged:
        """Delete what is left of suppressed keys: this destination's state, rejects and stages."""
        self.refresh()
        purge = Purge(self.connection, self.layout, self.destination, self.tables, object_name)
        purged, statements = purge.plan()
        self._commit_under(epoch, statements)
        return purged

    # --- the staged table -------------------------------------------------------------------

    def stage(self, run_id: str, stream_id: str, request: DiffRequest) -> tuple[Stage, ChangeSet]:
        """Write the change set to a table and count it from there.

        Only what is simply unchanged (and not staged) is counted from the model.
        """
        stream = request.stream
        name = f"stage_{run_id}_{stream_id[:8]}"
        table = self.layout.table(name)
        diff = self.diff(request)
        create = self.layout.create_from(name, diff.query(stage_select(stream)))
        note = {
            "run_id": run_id,
            "destination": self.destination,
            "stream_id": stream_id,
            "table_name": name,
            "stream": stream_json(stream),
        }
        # Noted first: a stage nobody knows of would never be dropped.
        self.connection.run(insert_row(self.layout.table(STAGES), note))
        still = self.unstaged(request, diff, create, table)
        if self.connection.dialect.indexes:
            self.connection.run(create_index(table, f"{name}_n", NUMBER))
        rows = still + self.connection.rows(self.counting(request, table))
        change_set = self.counted(request, rows)
        change_set = self.imprinted(request, change_set, lambda: self.digest(table))
        sent = int(self.connection.rows(exp.select(count_if(is_sent())).from_(table))[0][0])
        records = exp.EQ(this=col("records"), expression=number(sent))
        posted = exp.EQ(this=col("posted"), expression=number(0))
        mine = exp.Where(this=eq(col("table_name"), text(name)))
        self.connection.run(
            exp.Update(this=self.layout.table(STAGES), expressions=[records, posted], where=mine)
        )
        return Stage(run_id, stream_id, name, request, sent), change_set

    def drop_stage(self, stage: Stage) -> None:
        """Drop a stage's table."""
        self.connection.run(*forget_stage(self.layout, stage.table))

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """The staged records of a range of numbers, in order."""
        stream = stage.request.stream
        statement = chunk_select(stream, self.layout.table(stage.table), first, last)
        return staged_rows(stream, self.connection.rows(statement))

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
            (self.destination, self._project),
            context.at,
        )
        self._states[stage.stream_id] = state
        writer = self._writer(stage, context)
        statements = writer.acknowledge(op_is("rehash"))
        statements += writer.entomb()
        self._commit_under(context.epoch, statements)

    def purge_removed(self, stage: Stage, before: str, context: CommitContext) -> None:
        """Delete tombstones, and rejects of keys that left the model, older than a time."""
        state = self._states.get(stage.stream_id, stage.request.state)
        # Of a run that is about some records only, the stage does not say who is in the model.
        if state.table is None or stage.request.only is not None:
            return
        purging = long_gone(self.layout, state.table, stage.table, state.stream_id, before)
        self._commit_under(context.epoch, purging)

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Put down, under the lock, that records up to `last` may be posted from now on."""
        marking = exp.Update(
            this=self.layout.table(STAGES),
            expressions=[
                exp.EQ(this=col("posted"), expression=number(last)),
                exp.EQ(this=col("journaled"), expression=number(int(journaled))),
            ],
            where=exp.Where(this=eq(col("table_name"), text(stage.table))),
        )
        self._commit_under(context.epoch, [marking])

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Bring state up to date with outcomes, in SQL, in one transaction."""
        writer = self._writer(stage, context)
        statements: list[Expression] = []
        for unresolved in (False, True):
            outcomes = [item for item in changes.outcomes if item.unresolved is unresolved]
            succeeded = acknowledged(outcomes)
            if succeeded is not None:
                statements += writer.acknowledge(succeeded, unresolved=unresolved)
                statements.append(writer.forget_rejects(succeeded))
            unknown = [row for outcome in outcomes for row in outcome.unknown]
            if unresolved:
                # The job that may still run need not reject what this one did.
                unknown += [item.number for outcome in outcomes for item in outcome.rejects]
            if unknown:
                statements += writer.unsettle(numbered(unknown), unresolved=unresolved)
        rejects = [reject for outcome in changes.outcomes for reject in outcome.rejects]
        if rejects:
            statements += writer.reject(rejects)
        jobs = Jobs(self.layout, self.destination)
        if changes.accepted:
            statements.append(jobs.note(stage, changes.accepted))
        if changes.resolved:
            statements.append(jobs.forget(stage, changes.resolved))
        statements += self._history.ended(stage, changes, context.at)
        self._commit_under(context.epoch, statements)

    def keep_history(self, stage: Stage, before: str | None, context: CommitContext) -> None:
        """Put down which records are about to be sent, and let go of older runs'."""
        statements = self._history.outdated(stage.stream_id, before)
        if before is not None and stage.rows:
            statements += self._history.begun(stage, context.at)
        if statements:
            self._commit_under(context.epoch, statements)

    def settle_mapping(self, stage: Stage, context: CommitContext) -> None:
        """Put down that all records of a stream are up to date under its mapping.

        What a later plan finds changed is compared with it: `planning.movement`.
        """
        known, now = stage.request.state, mapping_text(stage.request.stream)
        begun = self._states.get(stage.stream_id, known)
        if begun.table is None or (known.mapping == now and known.stream_id == begun.stream_id):
            return
        self._commit_under(context.epoch, self.streams.settling(begun.stream_id, now))

    def baseline(self, stage: Stage, context: CommitContext) -> None:
        """Acknowledge every staged record without sending."""
        writer = self._writer(stage, context)
        where = any_of([op_is("added", "changed"), is_sent()])
        self._commit_under(
            context.epoch, [*writer.acknowledge(where), writer.forget_rejects(where)]
        )

    def _writer(self, stage: Stage, context: CommitContext) -> StateWriter:
        # A stage of an earlier run has its state table already, as that run left it.
        begun = self._states.get(stage.stream_id, stage.request.state)
        if begun.table is None:
            raise ValueError("begin() makes the state table")
        return StateWriter(self.layout, stage, begun.table, context)

    def _commit_under(self, epoch: int, statements: Sequence[Expression]) -> None:
        """Commit under the lock: renewed in the same transaction, which fails when it was lost."""
        renewing = self._lock.renewing(epoch, LOCK_SECONDS)
        if not self.connection.run_guarded(renewing, self._lock.holding(epoch), statements):
            raise LockLostError

    # --- records ----------------------------------------------------------------------------

    def note_requests(self, run_id: str, minute: float, requests: int) -> None:
        """Put down that up to so many more requests are made in a minute (epoch seconds)."""
        self.own_run = run_id
        self.connection.run(self._requests.note(run_id, {int(minute): requests}))

    def settle_requests(self, run_id: str, by_minute: Mapping[int, int], before: float) -> None:
        """Replace a run's notes by what was really made; all notes of before a moment go."""
        self.connection.run(*self._requests.settle(run_id, by_minute, int(before)))

    def requests_since(self, moment: float) -> list[tuple[float, int]]:
        """Requests by earlier runs since a moment: `(epoch seconds, how many)`, oldest first."""
        return self._requests.since(int(moment))

    def run_details(self, run_id: str) -> list[dict[str, Any]]:
        """The details of a run's records, of this project at this destination; none, no run."""
        if RUNS not in self.tables:
            return []
        return self.records.details(self.destination, self._project, run_id)

    def run_of_plan(self, plan_id: str) -> str | None:
        """The run that applied a sealed plan; None when nobody has."""
        return self.records.of_plan(self.destination, self._project, plan_id)

    def open_record(self, record: RunRecord) -> None:
        """Insert a run record as it stands."""
        self.records.open(self.destination, self._project, record)

    def close_record(self, record: RunRecord, epoch: int) -> None:
        """Replace the run record with its end, under the lock.

        Raises:
            LockLostError: Somebody else has it, and has closed the record.
        """
        self._commit_under(epoch, [self.records.closing(record)])
