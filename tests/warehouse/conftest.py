"""Every behaviour of the warehouse room is asked of each warehouse there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.warehouses import (
    DirectConnection,
    PostgresServer,
    duckdb_connection,
    emptied,
)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[DirectConnection]:
    """One database for most tests: emptying it is ten times faster than making another."""
    opened = postgres_server.connection()
    yield opened
    opened.raw.close()


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def connection(request: pytest.FixtureRequest) -> Iterator[DirectConnection]:
    """An empty database."""
    if request.param == "duckdb":
        opened = duckdb_connection()
        yield opened
        opened.raw.close()
    else:
        yield emptied(request.getfixturevalue("postgres_database"))
