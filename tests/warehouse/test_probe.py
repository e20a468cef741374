"""Probing rights leaves the warehouse as it was, whatever the answer."""

from __future__ import annotations

import psycopg2
import pytest

from qsync.warehouse import ReadingWarehouse, WritingWarehouse
from qsync.warehouse.probe import probe_connection, probe_rights
from tests.support.warehouses import DirectConnection, PostgresServer

NAMES = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
SCHEMAS = "SELECT nspname FROM pg_catalog.pg_namespace ORDER BY 1"


def _warehouse(connection: DirectConnection) -> ReadingWarehouse:
    return ReadingWarehouse(connection, "qsync", {}, lambda _: None)


def _there(connection: DirectConnection) -> list[object]:
    return [connection.execute(statement).fetchall() for statement in (NAMES, SCHEMAS)]


def test_a_schema_that_is_missing_is_made_and_dropped(connection: DirectConnection) -> None:
    before = _there(connection)
    assert probe_rights(_warehouse(connection), "a1") is False
    assert _there(connection) == before


def test_a_schema_that_is_there_stays_with_what_is_in_it(connection: DirectConnection) -> None:
    connection.execute("CREATE SCHEMA qsync")
    connection.execute("CREATE TABLE qsync.theirs (one INTEGER)")
    before = _there(connection)
    assert probe_rights(_warehouse(connection), "a1") is True
    assert _there(connection) == before


def test_a_connection_that_answers_is_one(connection: DirectConnection) -> None:
    probe_connection(connection)


@pytest.mark.postgres
@pytest.mark.parametrize("schema", [True, False])
def test_who_may_not_create_is_refused_and_nothing_is_left(
    postgres_server: PostgresServer, schema: bool
) -> None:
    connection = postgres_server.connection()
    if schema:
        connection.execute("CREATE SCHEMA qsync")
    role = f"reader_{schema}".lower()
    connection.execute(f"CREATE ROLE {role}")
    connection.execute(f"GRANT USAGE ON SCHEMA qsync TO {role}" if schema else "SELECT 1")
    before = _there(connection)
    connection.execute(f"SET ROLE {role}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        probe_rights(_warehouse(connection), "a1")
    connection.execute("RESET ROLE")
    assert _there(connection) == before
    connection.raw.close()


@pytest.mark.postgres
def test_a_schema_somebody_made_for_qsync_is_enough_to_apply(
    postgres_server: PostgresServer,
) -> None:
    connection = postgres_server.connection()
    connection.execute("CREATE ROLE writer_of_state")
    connection.execute("CREATE SCHEMA qsync AUTHORIZATION writer_of_state")
    connection.execute("SET ROLE writer_of_state")
    warehouse = WritingWarehouse(
        connection, "qsync", {}, lambda _: None, destination="api.qualified.com", project="x"
    )
    assert probe_rights(warehouse, "a1") is True
    warehouse.prepare()
    assert warehouse.tables == set(warehouse.layout.own_tables())
    connection.raw.close()
