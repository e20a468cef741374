"""A team whose commands are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from tests.apply.kit import Team
from tests.support.dbt_project import built_project, project

__all__ = ["built_project", "project"]

Kill = tuple[str, str, int]
"""A label, `before` or `after` it, and the how-manieth time."""


@dataclass
class Victims:
    """Commands run in forked processes that can be killed at labelled points."""

    process: subprocess.Popen[str]

    def run(self, folder: Path, *words: str, kill: Kill | None = None) -> dict[str, int]:
        """Run a command: its exit code, or the signal that ended it."""
        order = {"cwd": str(folder), "words": words, "log": str(folder / "said.txt"), "kill": kill}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture
def team(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Team]:
    """The built example and an account of its own, at an address that the victims know."""
    with EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as qualified:
        monkeypatch.setenv("QSYNC_BASE_URL", qualified.base_url)
        monkeypatch.setenv("QUALIFIED_API_KEY", DEFAULT_KEY)
        monkeypatch.setenv("QSYNC_TARGET", "prod")
        yield Team(project, qualified, capfd)


@pytest.fixture
def victims(team: Team) -> Iterator[Victims]:
    """Started after the environment is set: the children inherit it."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("victim.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Victims(process)
        assert process.stdin is not None
        process.stdin.close()


def state(team: Team) -> dict[str, list[tuple[Any, ...]]]:
    """What state holds of every stream, but for when and by which run.

    Without records that are rejected: one of which a job was open keeps its place in state, so that
    it is never compared with what may not hold any more.
    """
    found = {}
    streams = team.sql("SELECT sync, object, state_table FROM qsync.qsync_streams")
    for sync, object_name, table in streams:
        rows = team.sql(
            f'SELECT * EXCLUDE (run_id, acked_at) FROM qsync."{table}" '
            "WHERE key NOT IN (SELECT key FROM qsync.qsync_rejects) ORDER BY key"
        )
        found[f"{sync} {object_name}"] = rows
    return found


def held(team: Team) -> dict[str, Any]:
    """What Qualified holds of every lead and company."""
    account = team.qualified.account
    return {
        **{lead.email: dict(lead.values) for lead in account.leads()},
        **{company.domain: dict(company.values) for company in account.companies()},
    }
