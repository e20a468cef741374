"""Who uses a warehouse that qsync never ran on hears of it, once, wherever it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from qsync.warehouse.dialects import DIALECTS
from tests.apply.kit import Said, Team
from tests.cli.kit import Shell, flat

HEARD = "never run on"


@pytest.fixture(autouse=True)
def by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's own warehouse, as if it were one of those."""
    monkeypatch.setattr(DIALECTS["duckdb"], "by_text", True, raising=False)


def _times(said: Said) -> tuple[int, int]:
    """How often it is heard beside the result, and in it."""
    return flat(said.err).count(HEARD), flat(said.out).count(HEARD)


def test_a_plan_says_it_once_beside_its_result(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    assert project.is_dir()
    said = shell("plan", "--json", "-s", "companies")
    assert said.code is ExitCode.OK
    assert _times(said) == (1, 0)


def test_an_apply_says_it_once_although_it_plans_as_well(team: Team) -> None:
    said = team.apply("-s", "companies")
    assert said.code in {ExitCode.OK, ExitCode.PARTIAL}
    assert _times(said) == (1, 0)


def test_debug_warns_beside_the_connection(team: Team) -> None:
    said = team.qsync("debug", "--json")
    (connection,) = (item for item in said.document["checks"] if item["name"] == "connection")
    assert connection["outcome"] == "warning"
    assert HEARD in connection["said"]
    assert "plan first" in connection["todo"]
    assert sum(_times(said)) == 1
