"""What every test stands on: a clean environment, no network, the same examples every time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.warehouses import PostgresServer

OURS = ("QSYNC_", "DBT_", "QUALIFIED_", "NORTHWIND_")
"""Prefixes of variables that qsync, dbt and the example read."""

SURROUNDINGS = ("GITHUB_", "RUNNER_")
"""Prefixes of what a CI service sets, which would change what the views write."""

SINGLE = frozenset(
    {"CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"}
)

settings.register_profile(
    "qsync",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("qsync")


def leaks(environment: Mapping[str, str]) -> list[str]:
    """The variables that a developer's shell or a CI service must not hand to a test."""
    return [
        name
        for name in environment
        if name.upper().startswith(OURS + SURROUNDINGS) or name.upper() in SINGLE
    ]


def _isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in leaks(os.environ):
        patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("USERPROFILE", str(home))
    patch.setenv("TZ", "UTC")
    # dbt would report each of its runs.
    patch.setenv("DO_NOT_TRACK", "1")


@pytest.fixture(scope="session")
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home, for fixtures that outlive a test."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session", autouse=True)
def clean_session(session_home: Path) -> Iterator[None]:
    """Session and module fixtures (a built dbt project, a server) start clean too."""
    with pytest.MonkeyPatch.context() as patch:
        _isolate(patch, session_home)
        yield


@pytest.fixture(autouse=True)
def clean_environment(
    clean_session: None, monkeypatch: pytest.MonkeyPatch, session_home: Path
) -> None:
    """No variable of qsync, dbt, Qualified or a CI service reaches a test."""
    _isolate(monkeypatch, session_home)


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, as qsync does."""
    return "asyncio"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def postgres_server(session_home: Path) -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests that ask for it; they share no database."""
    # Imported late: most tests need no database driver.
    from tests.support.warehouses import PostgresServer

    if not PostgresServer.available():
        pytest.fail("PostgreSQL's binaries are missing: install Debian's `postgresql`")
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, Any]:
    """Cassettes tell requests apart by body too, and keep no key.

    Without the body, concurrent posts to one address get each other's answers.
    """
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "body"],
        "filter_headers": [("authorization", "Bearer REDACTED"), "cookie"],
        "decode_compressed_response": True,
    }
