"""The warehouse of a rehearsal: everything apply asks for, and nothing written.

The change set goes to temporary tables, which nobody else sees and which end with the session; they
take the right to read and, on PostgreSQL, the right to make temporary tables, which everybody has
unless it was taken away. All else that apply would write is left undone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from sqlglot import exp

from qsync.execution.ports import (
    Commit,
    CommitContext,
    DeadStream,
    LiveField,
    Stage,
    StagedRow,
)
from qsync.ledger.record import RunRecord
from qsync.planning.changes import ChangeSet
from qsync.planning.ports import DiffRequest
from qsync.warehouse.columns import column_reader
from qsync.warehouse.connection import Connection, Row
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.inventory import KnowsSchemas
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.sql import Expression, count_if, ident
from qsync.warehouse.staging import (
    NUMBER,
    chunk_select,
    is_sent,
    stage_select,
    staged_rows,
)
from qsync.warehouse.streams import create_index


class WriteRefusedError(Exception):
    """A statement that would write was about to be run: a bug."""


class ReadOnlyConnection:
    """Runs selects and what makes temporary tables; refuses every other statement.

    Args:
        connection: Where statements go; one session, or temporary tables would not last.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._temporary: set[str] = set()

    @property
    def dialect(self) -> Dialect:
        """The warehouse's ways."""
        return self._connection.dialect

    @property
    def database(self) -> str | None:
        """The database qsync's own tables live in."""
        return self._connection.database

    def has_schema(self, schema: str) -> bool:
        """Whether the profile's database has a schema, where the adapter has to be asked."""
        return isinstance(self._connection, KnowsSchemas) and self._connection.has_schema(schema)

    def rows(self, statement: Expression) -> list[Row]:
        """All rows of a select."""
        return self.run_and_read((), statement)

    def run(self, *statements: Expression) -> None:
        """Make temporary tables and their indexes."""
        for statement in statements:
            self._check(statement)
        self._connection.run(*statements)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        """Make temporary tables, then all rows of a select."""
        for statement in (*statements, read):
            self._check(statement)
        return self._connection.run_and_read(statements, read)

    def run_guarded(
        self,
        guard: Expression,  # noqa: ARG002 - the protocol's
        check: Expression,  # noqa: ARG002
        statements: Sequence[Expression],  # noqa: ARG002
    ) -> bool:
        """Refused: it is for commits."""
        raise WriteRefusedError("a rehearsal commits nothing")

    def _check(self, statement: Expression) -> None:
        if isinstance(statement, exp.Query):
            return
        if isinstance(statement, exp.Create):
            table = statement.find(exp.Table)
            name = "" if table is None or table.db else table.name
            if name and statement.find(exp.TemporaryProperty):
                self._temporary.add(name)
                return
            if statement.kind == "INDEX" and name in self._temporary:
                return
        raise WriteRefusedError(f"a rehearsal runs no {type(statement).__name__}")


class RehearsalWarehouse(ReadingWarehouse):
    """Implements `ExecutionWarehouse` without writing. All calls from one thread.

    Nobody's lock is taken or waited for, and nothing that earlier runs left is settled: a real
    apply, before or meanwhile, is in no rehearsal's way and the other way round.

    Args:
        connection: One session.
        schema: The state schema.
        relations: The relation of every model, snapshot and seed, by unique id.
    """

    def __init__(self, connection: Connection, schema: str, relations: Mapping[str, str]) -> None:
        reading = ReadOnlyConnection(connection)
        super().__init__(reading, schema, relations, column_reader(reading))
        self._secret = secrets.token_bytes(32)

    def stage(self, run_id: str, stream_id: str, request: DiffRequest) -> tuple[Stage, ChangeSet]:
        """Write the change set to a temporary table and count it from there, as apply does."""
        name = f"rehearsal_{run_id}_{stream_id[:8]}"
        table = exp.Table(this=ident(name))
        diff = self.diff(request)
        create = exp.Create(
            this=table,
            kind="TABLE",
            expression=diff.query(stage_select(request.stream)),
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        still = self.unstaged(request, diff, create, table)
        if self.connection.dialect.indexes:
            self.connection.run(create_index(table, f"{name}_n", NUMBER))
        rows = still + self.connection.rows(self.counting(request, table))
        change_set = self.counted(request, rows)
        change_set = self.imprinted(request, change_set, lambda: self.digest(table))
        sent = int(self.connection.rows(exp.select(count_if(is_sent())).from_(table))[0][0])
        return Stage(run_id, stream_id, name, request, sent), change_set

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """The staged records of a range of numbers, in order."""
        stream = stage.request.stream
        statement = chunk_select(stream, exp.Table(this=ident(stage.table)), first, last)
        return staged_rows(stream, self.connection.rows(statement))

    def secret(self) -> bytes:
        """A key of this rehearsal's own: no hash of it leaves the process."""
        return self._secret

    # --- what apply reads about other runs, which a rehearsal is not concerned with ----------

    def known_field_ids(self) -> frozenset[str]:
        """None: the emulated account has ids of its own."""
        return frozenset()

    def acquire_lock(self, lock_id: str, holder: str) -> int:  # noqa: ARG002 - the protocol's
        """An epoch of no lock."""
        return 0

    def dead_streams(self) -> tuple[DeadStream, ...]:
        """None: what earlier runs left is settled by the next apply."""
        return ()

    def run_of_plan(self, plan_id: str) -> str | None:  # noqa: ARG002 - the protocol's
        """None: no sealed plan is rehearsed."""
        return None

    def requests_since(self, moment: float) -> Sequence[tuple[float, int]]:  # noqa: ARG002
        """None: no request of a rehearsal is Qualified's."""
        return ()

    # --- what apply writes, and a rehearsal does not -----------------------------------------

    def prepare(self) -> None:
        """Make no tables."""

    def remember_fields(self, fields: Sequence[LiveField]) -> None:
        """Store no ids of an emulated account."""

    def renew_lock(self, epoch: int) -> None:
        """There is no lock."""

    def release_lock(self, epoch: int) -> None:
        """There is no lock."""

    def close_dead(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool = False,
    ) -> None:
        """Close nothing."""

    def note_requests(self, run_id: str, minute: float, requests: int) -> None:
        """Spend nothing of the team's quota."""

    def settle_requests(self, run_id: str, by_minute: Mapping[int, int], before: float) -> None:
        """Spend nothing of the team's quota."""

    def drop_stage(self, stage: Stage) -> None:
        """Temporary tables end with the session."""

    def begin(self, stage: Stage, context: CommitContext) -> None:
        """Leave state as it is."""

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Nothing is posted to anybody."""

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Leave state as it is."""

    def purge_removed(self, stage: Stage, before: str, context: CommitContext) -> None:
        """Leave tombstones and rejects as they are."""

    def keep_history(self, stage: Stage, before: str | None, context: CommitContext) -> None:
        """Nothing."""

    def settle_mapping(self, stage: Stage, context: CommitContext) -> None:
        """Leave state as it is."""

    def baseline(self, stage: Stage, context: CommitContext) -> None:
        """Leave state as it is."""

    def open_record(self, record: RunRecord) -> None:
        """Leave the ledger as it is."""

    def close_record(self, record: RunRecord, epoch: int) -> None:
        """Leave the ledger as it is."""
