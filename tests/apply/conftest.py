"""The built example beside an emulated Qualified on a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from tests.apply.kit import Team
from tests.support.dbt_project import built_project, project

__all__ = ["built_project", "project"]


@pytest.fixture
def qualified() -> Iterator[EmulatorServer]:
    """Qualified, with jobs that take no time worth mentioning."""
    with EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as server:
        yield server


@pytest.fixture
def team(
    project: object,
    qualified: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Team:
    """A team with the example, a key and an account."""
    monkeypatch.setenv("QSYNC_BASE_URL", qualified.base_url)
    monkeypatch.setenv("QUALIFIED_API_KEY", DEFAULT_KEY)
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    return Team(project, qualified, capfd)  # type: ignore[arg-type]
