"""The sharpest cases, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.execution.apply import ApplyResult
from tests.simulation.town import Town
from tests.support.warehouses import duckdb_connection


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Eight people, nothing sent yet."""
    town = Town(duckdb_connection(), tmp_path)
    town.model = {f"p{n}@x.example": ("Ann", "CEO") for n in range(8)}
    return town


def test_undisturbed_everything_arrives(town: Town) -> None:
    assert isinstance(town.run(), ApplyResult)
    town.settle()
    town.check_converged()
