"""The Dagster example, materialized by Dagster: an asset per sync, downstream of its model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from tests.support.dbt_project import REPOSITORY, built_project, project

__all__ = ["built_project", "project"]

pytestmark = pytest.mark.slow

BIN = REPOSITORY / ".venv-dagster" / "bin"
PLAY = Path(__file__).with_name("dagster_play.py")


@pytest.fixture
def qualified() -> Iterator[EmulatorServer]:
    """A local Qualified."""
    with EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as server:
        yield server


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def _materialize(folder: Path, server: EmulatorServer, *syncs: str) -> dict[str, Any]:
    if not (BIN / "dagster").exists():
        pytest.fail(
            "the environment of the Dagster example is not there: `make test-slow` makes it"
        )
    out = folder.parent / "said.json"
    done = subprocess.run(
        [str(BIN / "python"), str(PLAY), str(out), *syncs],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{BIN}:/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "DBT_PROFILES_DIR": str(folder),
            "QSYNC_BASE_URL": server.base_url,
            "QUALIFIED_API_KEY": DEFAULT_KEY,
            "DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert DEFAULT_KEY not in done.stdout + done.stderr
    said: dict[str, Any] = json.loads(out.read_text())
    return said


def test_dagster_sees_success_rejects_and_failure_of_each_sync(
    project: Path, qualified: EmulatorServer
) -> None:
    guarded = project / "models" / "marts" / "companies.qsync.yml"
    _edit(guarded, "      guards:\n", "      guards:\n        max_added_rows: 5\n")
    first = _materialize(project, qualified, "companies", "leads", "product_usage")
    assert first["upstream"] == {
        "companies": ["dim_companies"],
        "leads": ["dim_leads"],
        "product_usage": ["dim_product_users"],
    }
    assert first["success"] is False, "a guard of one sync is broken"
    assert first["failures"]
    assert "companies: stopped" in first["failures"][0]
    assert first["materialized"] == {"leads": "partial and succeeded", "product_usage": "partial"}
    assert first["checks"] == {"leads": False, "product_usage": False}, "some were rejected"

    _edit(guarded, "max_added_rows: 5\n", "max_added_rows: 5000\n")
    second = _materialize(project, qualified, "companies")
    assert (second["success"], second["failures"]) == (True, [])
    assert second["materialized"] == {"companies": "succeeded"}
    assert second["checks"] == {"companies": True}
