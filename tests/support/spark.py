"""Spark, live: a Sail server of our own (Spark Connect without Java) and a connection to it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one

from qsync.warehouse.connection import Row
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.sequential import run_guarded_one_by_one
from qsync.warehouse.sql import Expression
from tests.support.warehouses import DirectConnection, free_port

ANSWER_WITHIN = 30
"""Seconds the server has to come up."""


def available() -> bool:
    """Whether this environment has Sail and Spark's client (`make .venv-spark`)."""
    return all(importlib.util.find_spec(name) is not None for name in ("pysail", "pyspark"))


class SailServer:
    """A server on a free port; its tables lie in a folder that goes with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qsync-sail-"))
        self.port = free_port()
        self._log = (self.folder / "log").open("w")
        self._process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "sail"),
                *("spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**os.environ, "RUST_LOG": "error"},
        )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + ANSWER_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def session(self) -> Any:
        """A new session; each has a catalog of its own."""
        from pyspark.sql import SparkSession

        remote = f"sc://127.0.0.1:{self.port}/;session_id={uuid.uuid4()}"
        session = SparkSession.builder.remote(remote).create()
        warehouse = self.folder / f"warehouse-{uuid.uuid4().hex}"
        warehouse.mkdir()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        session.conf.set("spark.sql.warehouse.dir", str(warehouse))
        return session

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Fetched:
    """What a statement found, as a cursor tells it."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def fetchall(self) -> list[Row]:
        return self._rows


class SparkConnection(DirectConnection):
    """A `Connection` over a Spark session: no transactions, statement by statement."""

    def __init__(self, session: Any) -> None:
        super().__init__(session, DIALECTS["spark"], None)

    def send(self, sql: str) -> Any:
        """Run a statement of Spark's."""
        return _Fetched([tuple(row) for row in self.raw.sql(sql).collect()])

    def execute(self, sql: str) -> Any:
        """Run a statement that a test has for every warehouse: it is put into Spark's words."""
        said = parse_one(sql, dialect="postgres")
        if isinstance(said, exp.Create) and said.kind == "TABLE":
            using = exp.FileFormatProperty(this=exp.var("ICEBERG"))
            said.set("properties", exp.Properties(expressions=[using]))
        return self.send(said.sql(dialect="spark"))

    def views(self, schema: str) -> set[str]:
        return {str(row[0]) for row in self.send(f"SHOW VIEWS IN {schema}").fetchall()}

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        values = exp.values([tuple(row) for row in rows]).sql(dialect="spark")
        self.send(f"INSERT INTO {table} {values}")

    def _send(self, statement: Expression) -> Any:
        sql = self._dialect.render(statement)
        self.statements.append(sql)
        return self.send(sql)

    def run(self, *statements: Expression) -> None:
        for statement in statements:
            self._send(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        self.run(*statements)
        return self.rows(read)

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        return run_guarded_one_by_one(self._send, guard, check, statements)
