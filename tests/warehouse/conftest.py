"""Every behaviour of the warehouse room is asked of each warehouse there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.warehouses import DirectConnection, PostgresServer, duckdb_connection


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests; each test gets a database of its own."""
    if not PostgresServer.available():
        pytest.fail("PostgreSQL's binaries are missing: install Debian's `postgresql`")
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def connection(request: pytest.FixtureRequest) -> Iterator[DirectConnection]:
    """An empty database."""
    if request.param == "duckdb":
        opened = duckdb_connection()
    else:
        opened = request.getfixturevalue("postgres_server").connection()
    yield opened
    opened.raw.close()
