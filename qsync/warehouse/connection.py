"""A connection as this room uses it, and the one dbt's adapter gives.

Connections belong to a thread, and helpers for transactions differ between adapters (`begin` after
`commit` on one PostgreSQL connection opens none), so every call here takes a connection of its own
name and every transaction a fresh one.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from qsync.errors import UserError
from qsync.warehouse.answers import sender
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.engine import Transactions, engine_of
from qsync.warehouse.refusals import is_conflict, is_driver_error, refusal
from qsync.warehouse.sequential import run_guarded_one_by_one
from qsync.warehouse.sql import Expression

Row = tuple[Any, ...]


class Connection(Protocol):
    """Runs statements given as trees."""

    @property
    def dialect(self) -> Dialect:
        """The warehouse's ways."""

    @property
    def database(self) -> str | None:
        """The database qsync's own tables live in."""

    def rows(self, statement: Expression) -> list[Row]:
        """All rows of a select; for counts and for chunks, never for a whole model."""

    def run(self, *statements: Expression) -> None:
        """Run statements in one transaction: all or none."""

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        """Run statements and a select in one transaction; the rows of the select."""

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        """Run a guard and, only if `check` then finds a row, the statements; all or none.

        False, and nothing changed, when it finds none.
        """


class WarehouseError(UserError):
    """The warehouse refused a statement. The message holds no value (`refusals`).

    `conflict` is true when two transactions got into each other's way.
    """

    def __init__(self, message: str, *, hint: str | None = None, conflict: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.conflict = conflict


class _UnguardedError(Exception):
    """Rolls a transaction back whose guard found no row."""


class AdapterConnection:
    """A connection through dbt's adapter."""

    def __init__(self, adapter: Any, dialect: Dialect) -> None:
        self._adapter = adapter
        self._dialect = dialect
        self._names = itertools.count()
        self._engine = engine_of(dialect.name)

    @property
    def dialect(self) -> Dialect:
        """The warehouse's ways."""
        return self._dialect

    @property
    def database(self) -> str | None:
        """The profile's database."""
        database = self._adapter.config.credentials.database
        return None if database is None else str(database)

    def rows(self, statement: Expression) -> list[Row]:
        """All rows of a select."""
        return self.run_and_read((), statement)

    def run(self, *statements: Expression) -> None:
        """Run statements in one transaction."""
        with self._transaction() as execute:
            for statement in statements:
                execute(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        """Run statements and a select in one transaction."""
        with self._transaction() as execute:
            for statement in statements:
                execute(statement)
            return [tuple(row) for row in execute(read).fetchall()]

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        """Run a guard and, only if `check` then finds a row, the statements; all or none."""
        if not self._engine.atomic:
            with self._transaction() as execute:
                return run_guarded_one_by_one(execute, guard, check, statements)
        try:
            with self._transaction() as execute:
                execute(guard)
                if not execute(check).fetchall():
                    raise _UnguardedError
                for statement in statements:
                    execute(statement)
        except _UnguardedError:
            return False
        return True

    def has_schema(self, schema: str) -> bool:
        """Whether the profile's database has a schema, as the adapter finds out (`inventory`)."""
        with translated(self._engine.conflicts), self._connected():
            return bool(self._adapter.check_schema_exists(self.database, schema))

    def text(self, statement: Expression) -> str:
        """The statement in this warehouse's SQL."""
        return self._dialect.render(statement)

    def close(self) -> None:
        """Close every connection of the adapter.

        dbt-duckdb keeps its database open for the whole process, under the path as the profile has
        it: one more call lets go of it, and of the file's lock.
        """
        self._adapter.cleanup_connections()
        close_all = getattr(self._adapter.connections, "close_all_connections", None)
        if close_all is not None:
            close_all()

    def session(self) -> SessionConnection:
        """The same warehouse, for one thread and in one session, so that temporary tables last."""
        return SessionConnection(self._adapter, self._dialect)

    def _connected(self) -> contextlib.AbstractContextManager[None]:
        """While a connection is this thread's."""
        named: contextlib.AbstractContextManager[None] = self._adapter.connection_named(
            f"qsync-{next(self._names)}"
        )
        return named

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Any]:
        connections = self._adapter.connections

        send = sender(connections, self._engine)

        def execute(statement: Expression) -> Any:
            return send(self.text(statement))

        with translated(self._engine.conflicts), self._connected():
            if self._engine.transactions is not Transactions.HELPERS:
                with self._by_statement(send):
                    yield execute
                return
            connections.begin()
            try:
                for setting in self._dialect.session:
                    send(setting)
                yield execute
            except BaseException:
                connections.rollback_if_open()
                raise
            connections.commit()

    @contextlib.contextmanager
    def _by_statement(self, send: Callable[[str], Any]) -> Iterator[None]:
        """A transaction made of statements, where there are any: dbt's helpers do nothing here."""
        for setting in self._dialect.session:
            send(setting)
        if not self._engine.atomic:
            yield
            return
        send("BEGIN")
        try:
            yield
        except BaseException:
            # The first error is the one to tell, also where the session is lost.
            with contextlib.suppress(Exception):
                send("ROLLBACK")
            raise
        send("COMMIT")


class SessionConnection(AdapterConnection):
    """One session for all calls, which must come from one thread; it ends with the adapter's own.

    On PostgreSQL its first transaction is the only one that is whole: after that each statement is
    committed by itself (see above), and no lock outlives its statement. So it is for reading.
    """

    def _connected(self) -> contextlib.AbstractContextManager[None]:
        named: contextlib.AbstractContextManager[None] = self._adapter.connection_named(
            "qsync-session", should_release_connection=False
        )
        return named


@contextlib.contextmanager
def translated(conflicts: Sequence[str] = ()) -> Iterator[None]:
    """Turn what dbt and its drivers raise into an error a person can mend, without values.

    `conflicts` are words by which the engine says that two writers met.
    """
    from dbt_common.exceptions import DbtBaseException

    try:
        yield
    except Exception as error:
        # Opening a connection, dbt lets the driver's own errors through (a DuckDB file that another
        # process has open, say).
        if not isinstance(error, DbtBaseException) and not is_driver_error(error):
            raise
        message, hint = refusal(error)
        met = is_conflict(error) or any(words in str(error) for words in conflicts)
        raise WarehouseError(message, hint=hint, conflict=met) from None
