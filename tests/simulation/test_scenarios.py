"""The sharpest cases, one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qsync.emulator import Fault, JobFault
from qsync.execution.apply import ApplyResult
from qsync.execution.recovery import Recovery
from tests.simulation.town import Death, Town
from tests.support.warehouses import duckdb_connection


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Eight people, nothing sent yet."""
    town = Town(duckdb_connection(), tmp_path)
    town.model = {f"p{n}@x.example": ("Ann", "CEO") for n in range(8)}
    return town


def _promote(town: Town, title: str) -> None:
    town.model = dict.fromkeys(town.model, ("Ann", title))


def test_undisturbed_everything_arrives(town: Town) -> None:
    assert isinstance(town.run(), ApplyResult)
    town.settle()
    town.check_converged()


def test_a_mapping_is_put_down_once_all_it_changed_is_sent(tmp_path: Path) -> None:
    connection = duckdb_connection()
    town = Town(connection, tmp_path)
    town.model = {f"p{n}@x.example": ("Ann", "CEO") for n in range(8)}

    def put_down() -> int:
        rows = connection.execute("SELECT count(*) FROM qsync.qsync_mappings").fetchall()
        return int(rows[0][0])

    assert town.run(Death("accepted", "after", 1)) is None
    assert put_down() == 0
    assert isinstance(town.run(), ApplyResult)
    assert put_down() == 1


@pytest.mark.proves(fault="process killed", promise="newest value wins")
def test_nothing_new_goes_before_a_dead_runs_known_jobs_have_ended(town: Town) -> None:
    town.account.configure(replace(town.account.settings, job_base_seconds=90.0))
    assert town.run(Death("accepted", "after", 4)) is None
    _promote(town, "CTO")
    assert town.waiting_jobs()
    assert isinstance(town.run(), ApplyResult)
    town.settle()
    town.check_converged()


def test_the_simulation_sees_it_when_a_dead_runs_jobs_are_not_asked(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_asking(self: Recovery, *_: object) -> None:
        return None

    monkeypatch.setattr(Recovery, "_settle", not_asking)
    town.account.configure(replace(town.account.settings, job_base_seconds=90.0))
    assert town.run(Death("accepted", "after", 4)) is None
    _promote(town, "CTO")
    with pytest.raises(AssertionError, match="another payload goes"):
        town.run()


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_an_old_job_whose_id_is_lost_is_overwritten_within_two_runs(town: Town) -> None:
    town.account.set_faults(
        [Fault(kind="submit", nth=2, cut="after", reset=True, job=JobFault(late=500.0))]
    )
    assert isinstance(town.run(), ApplyResult)
    town.account.set_faults([])
    _promote(town, "CTO")
    assert isinstance(town.run(), ApplyResult)
    assert town.waiting_jobs(), "the old one has not run yet"
    town.settle()
    town.check_converged()
