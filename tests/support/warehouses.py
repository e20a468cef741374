"""Real warehouses for tests: DuckDB in memory, and a PostgreSQL server the tests start themselves.

Both give a `Connection` without dbt, so that a hundred tests of SQL cost no dbt start.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

from qsync.warehouse.connection import Row
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.sql import Expression


class _UnguardedError(Exception):
    """Rolls a transaction back whose guard found no row."""


class DirectConnection:
    """A `Connection` over a DB-API connection in autocommit mode."""

    def __init__(self, raw: Any, dialect: Dialect, database: str | None) -> None:
        self.raw = raw
        self._dialect = dialect
        self._database = database
        self.statements: list[str] = []
        for setting in dialect.session:
            self.execute(setting)

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    @property
    def database(self) -> str | None:
        return self._database

    def execute(self, sql: str) -> Any:
        # A DuckDB cursor is a connection of its own, outside this one's transaction.
        cursor = self.raw if self._dialect.name == "duckdb" else self.raw.cursor()
        cursor.execute(sql)
        return cursor

    def say(self, sql: str) -> list[Row]:
        """Run a statement of a test's own; the rows it finds, none for one that finds none."""
        return [tuple(row) for row in self.execute(sql).fetchall()]

    def views(self, schema: str) -> set[str]:
        """The names of the views in a schema."""
        told = f"SELECT table_name FROM information_schema.views WHERE table_schema = '{schema}'"
        return {str(name) for (name,) in self.say(told)}

    def make_model(self, columns: str) -> None:
        """Make the table `people` with these columns."""
        self.execute(f"CREATE TABLE people ({columns})")

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Put rows into a table."""
        marks = "?" if self._dialect.name == "duckdb" else "%s"
        places = ", ".join([marks] * len(rows[0]))
        cursor = self.raw.cursor()
        cursor.executemany(f"INSERT INTO {table} VALUES ({places})", [list(row) for row in rows])

    def rows(self, statement: Expression) -> list[Row]:
        return [tuple(row) for row in self._send(statement).fetchall()]

    def run(self, *statements: Expression) -> None:
        with self._transaction():
            for statement in statements:
                self._send(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        with self._transaction():
            for statement in statements:
                self._send(statement)
            return self.rows(read)

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        try:
            with self._transaction():
                self._send(guard)
                if not self.rows(check):
                    raise _UnguardedError
                for statement in statements:
                    self._send(statement)
        except _UnguardedError:
            return False
        return True

    def _send(self, statement: Expression) -> Any:
        sql = self._dialect.render(statement)
        self.statements.append(sql)
        return self.execute(sql)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")


def duckdb_connection() -> DirectConnection:
    """A new database in memory."""
    return DirectConnection(duckdb.connect(":memory:"), DIALECTS["duckdb"], "memory")


def emptied(connection: DirectConnection) -> DirectConnection:
    """A PostgreSQL connection over the same session, its database as empty as a new one."""
    cursor = connection.raw.cursor()
    cursor.execute("ROLLBACK")
    cursor.execute("DISCARD ALL")
    cursor.execute(
        "SELECT QUOTE_IDENT(nspname) FROM pg_namespace "
        "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
    )
    for (schema,) in cursor.fetchall():
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
    cursor.execute("CREATE SCHEMA public")
    return DirectConnection(connection.raw, connection.dialect, connection.database)


class PostgresServer:
    """A server of our own on a free port, in a folder that goes when it is stopped."""

    def __init__(self) -> None:
        self._bin = _postgres_bin()
        self._folder = Path(tempfile.mkdtemp(prefix="qsync-pg-"))
        self._user = _unprivileged()
        self.port = free_port()
        self._count = 0

    @staticmethod
    def available() -> bool:
        """Whether a PostgreSQL is installed."""
        return _postgres_bin() is not None

    def start(self, settings: str = "") -> None:
        """Start it, without care for what a crash would lose, and with more settings if given."""
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", "qsync", "-A", "trust", "-N", "-E", "UTF8")
        options = (
            f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off "
            f"-c full_page_writes=off -c synchronous_commit=off {settings}"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(data), "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def raw(self, database: str = "postgres") -> Any:
        raw = psycopg2.connect(host="127.0.0.1", port=self.port, user="qsync", dbname=database)
        raw.autocommit = True
        return raw

    def new_database(self) -> str:
        """The name of a new, empty database."""
        self._count += 1
        name = f"t{self._count}"
        with contextlib.closing(self.raw()) as raw:
            raw.cursor().execute(f"CREATE DATABASE {name}")
        return name

    def drop_databases(self) -> None:
        """Give back the room of every database made so far."""
        with contextlib.closing(self.raw()) as raw:
            for number in range(1, self._count + 1):
                raw.cursor().execute(f"DROP DATABASE IF EXISTS t{number}")

    @property
    def pid(self) -> int:
        """The postmaster's."""
        told = (self._folder / "data" / "postmaster.pid").read_text()
        return int(told.partition("\n")[0])

    def connection(self) -> DirectConnection:
        """A connection to a new, empty database."""
        name = self.new_database()
        return DirectConnection(self.raw(name), DIALECTS["postgres"], name)

    def _run(self, program: str, *arguments: str) -> None:
        assert self._bin is not None
        command = [str(self._bin / program), *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        with (self._folder.parent / f"{self._folder.name}.out").open("a") as out:
            subprocess.run(
                command,
                check=True,
                user=self._user,
                env=environment,
                stdout=out,
                stderr=out,
                cwd="/",
            )
        Path(out.name).unlink()


def _postgres_bin() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    return installed[-1].parent if installed else None


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: somebody else, when we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
