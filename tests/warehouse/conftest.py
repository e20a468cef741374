"""Every behaviour of the warehouse room is asked of each warehouse there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.warehouses import (
    DirectConnection,
    PostgresServer,
    duckdb_connection,
    emptied,
)
from tests.warehouse.not_there import reason_not_on_spark

WAREHOUSE = "QSYNC_TEST_WAREHOUSE"


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[DirectConnection]:
    """One database for most tests: emptying it is ten times faster than making another."""
    opened = postgres_server.connection()
    yield opened
    opened.raw.close()


@pytest.fixture(scope="session")
def sail_server() -> Iterator[Any]:
    """One Spark server; each test gets a session with a catalog of its own."""
    from tests.support.spark import SailServer

    server = SailServer()
    yield server
    server.stop()


_WAREHOUSES: list[Any] = ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)]
if os.environ.get(WAREHOUSE):
    # `make matrix` and `make test-slow` ask one warehouse in the environment made for it.
    _WAREHOUSES = [os.environ[WAREHOUSE]]


@pytest.fixture(params=_WAREHOUSES)
def connection(request: pytest.FixtureRequest) -> Iterator[DirectConnection]:
    """An empty database."""
    if request.param == "duckdb":
        opened = duckdb_connection()
        yield opened
        opened.raw.close()
    elif request.param == "spark":
        from tests.support.spark import SparkConnection

        reason = reason_not_on_spark(request.node.nodeid)
        if reason is not None:
            pytest.skip(f"not there: {reason}")
        session = request.getfixturevalue("sail_server").session()
        yield SparkConnection(session)
        session.stop()
    else:
        yield emptied(request.getfixturevalue("postgres_database"))
