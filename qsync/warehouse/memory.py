"""A DuckDB in memory, without dbt and without a profile: where sync tests run.

It reaches nothing outside: no file, no extension, no network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from qsync.errors import UserError
from qsync.warehouse.connection import Row, WarehouseError
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.refusals import is_conflict, is_driver_error, refusal
from qsync.warehouse.sql import Expression

DATABASE = "memory"
"""How DuckDB calls a database that is in no file."""

_CLOSED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",
}


class _UnguardedError(Exception):
    """Rolls a transaction back whose guard found no row."""


class MemoryConnection:
    """A `Connection` over a DuckDB of its own, empty at first.

    Raises:
        UserError: DuckDB is not installed.
    """

    def __init__(self) -> None:
        self._raw = _driver().connect(":memory:", config=_CLOSED)
        self._dialect = DIALECTS["duckdb"]
        for setting in self._dialect.session:
            self._raw.execute(setting)

    @property
    def dialect(self) -> Dialect:
        """DuckDB's ways."""
        return self._dialect

    @property
    def database(self) -> str | None:
        """The database's name."""
        return DATABASE

    def rows(self, statement: Expression) -> list[Row]:
        """All rows of a select."""
        return self.run_and_read((), statement)

    def run(self, *statements: Expression) -> None:
        """Run statements in one transaction."""
        with self._transaction():
            for statement in statements:
                self._send(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        """Run statements and a select in one transaction."""
        with self._transaction():
            for statement in statements:
                self._send(statement)
            return [tuple(row) for row in self._send(read).fetchall()]

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        """Run a guard and, only if `check` then finds a row, the statements; all or none."""
        try:
            with self._transaction():
                self._send(guard)
                if not self._send(check).fetchall():
                    raise _UnguardedError
                for statement in statements:
                    self._send(statement)
        except _UnguardedError:
            return False
        return True

    def close(self) -> None:
        """Forget everything."""
        self._raw.close()

    def _send(self, statement: Expression) -> Any:
        return self._raw.execute(self._dialect.render(statement))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._raw.begin()
        try:
            yield
        except BaseException as error:
            self._raw.rollback()
            if not isinstance(error, Exception) or not is_driver_error(error):
                raise
            message, hint = refusal(error)
            raise WarehouseError(message, hint=hint, conflict=is_conflict(error)) from None
        self._raw.commit()


def _driver() -> ModuleType:
    """DuckDB, imported late: most commands need none, and PostgreSQL's users may have none."""
    try:
        import duckdb
    except ImportError:
        raise UserError(
            "Sync tests run on DuckDB in memory, and DuckDB is not installed",
            hint="install it beside qsync: `pip install 'qsync[duckdb]'`; the project's own "
            "warehouse does not change",
        ) from None
    return duckdb
