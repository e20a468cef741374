"""How statements go to an adapter that has no cursors, as BigQuery's: each as a job of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlglot import exp, parse_one

from qsync.warehouse.connection import AdapterConnection
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.engine import engine_of
from qsync.warehouse.inventory import has_schema, table_names
from qsync.warehouse.layout import Layout


class Jobs:
    """What there is of dbt-bigquery's connection manager: no `add_query`, and no transactions."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def raw_execute(self, sql: str) -> tuple[object, Iterator[list[object]]]:
        self.sent.append(sql)
        return object(), iter([["qsync_meta"], ["qsync_runs"]] if sql.startswith("SELECT") else [])


class Adapter:
    """What there is of dbt-bigquery's adapter."""

    def __init__(self, schemas: set[str]) -> None:
        self.connections = Jobs()
        self.config = SimpleNamespace(credentials=SimpleNamespace(database="acme"))
        self._schemas = schemas

    @contextlib.contextmanager
    def connection_named(self, name: str) -> Iterator[None]:
        assert name
        yield

    def check_schema_exists(self, database: str, schema: str) -> bool:
        assert database == "acme"
        return schema in self._schemas


@pytest.fixture
def adapter() -> Adapter:
    return Adapter({"qsync"})


@pytest.fixture
def connection(adapter: Adapter) -> AdapterConnection:
    return AdapterConnection(adapter, DIALECTS["bigquery"])


def _sql(text: str) -> exp.Expr:
    return parse_one(text, dialect="bigquery")


def test_each_statement_is_a_job_and_nothing_is_sent_around_them(
    adapter: Adapter, connection: AdapterConnection
) -> None:
    connection.run(_sql("DELETE FROM a WHERE x = 1"), _sql("DELETE FROM b WHERE x = 1"))
    assert adapter.connections.sent == ["DELETE FROM a WHERE x = 1", "DELETE FROM b WHERE x = 1"]


def test_rows_of_a_job_are_read_as_those_of_a_cursor(connection: AdapterConnection) -> None:
    assert connection.rows(_sql("SELECT 1")) == [("qsync_meta",), ("qsync_runs",)]


def test_tables_are_asked_of_the_schema_s_own_view(
    adapter: Adapter, connection: AdapterConnection
) -> None:
    layout = Layout("qsync", "acme", engine_of("bigquery"))
    assert table_names(connection, layout) == ["qsync_meta", "qsync_runs"]
    assert adapter.connections.sent == [
        "SELECT table_name FROM `acme`.`qsync`.INFORMATION_SCHEMA.TABLES"
    ]


def test_nothing_is_asked_of_a_schema_that_is_not_there(
    adapter: Adapter, connection: AdapterConnection
) -> None:
    layout = Layout("elsewhere", "acme", engine_of("bigquery"))
    assert not has_schema(connection, layout)
    assert table_names(connection, layout) == []
    assert adapter.connections.sent == []
