"""An old job may run after newer values went; the newest stand all the same within two runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.emulator import Fault, JobFault
from qsync.execution.apply import ApplyResult
from tests.simulation.town import Death, Town
from tests.support.warehouses import duckdb_connection


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Two people who have arrived with their first values."""
    town = Town(duckdb_connection(), tmp_path)
    town.model = {f"p{n}@x.example": ("Ann", "CEO") for n in range(2)}
    assert isinstance(town.run(), ApplyResult)
    return town


def _change(town: Town, title: str) -> None:
    town.model = dict.fromkeys(town.model, ("Ann", title))


def _lose_first_answer(town: Town, late: float) -> None:
    town.account.set_faults([Fault(kind="submit", nth=1, cut="after", job=JobFault(late=late))])


def _titles(town: Town) -> set[object]:
    return {lead.values.get("job_title") for lead in town.account.leads()}


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
@pytest.mark.parametrize("label", ["accepted", "result", "committed"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_lost_copy_of_a_job_that_was_accepted_runs_long_after_a_crash(
    town: Town, label: str, moment: str
) -> None:
    _change(town, "CTO")
    _lose_first_answer(town, late=3_000.0)
    town.run(Death(label, moment))
    town.account.set_faults([])
    _change(town, "CFO")
    assert isinstance(town.run(), ApplyResult)
    town.settle()
    assert _titles(town) == {"CTO"}, "the old copy ran last"
    town.check_converged()


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_the_lost_copy_of_a_job_whose_rows_were_rejected_runs_after_the_model_went_back(
    town: Town,
) -> None:
    _change(town, "CTO")
    _lose_first_answer(town, late=3_000.0)
    town.account.add_fault(Fault(kind="submit", nth=2, job=JobFault(failing=(0, 1))))
    town.run()
    town.account.set_faults([])
    _change(town, "CEO")
    assert isinstance(town.run(), ApplyResult)
    town.settle()
    assert _titles(town) == {"CTO"}, "the old copy ran last"
    for _ in range(2):
        town.run()
    assert _titles(town) == {"CEO"}


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_a_value_that_comes_back_after_a_lost_answer_and_a_null_is_sent(town: Town) -> None:
    key = "p0@x.example"
    town.model[key] = ("Bo", "CEO")
    town.account.set_faults([Fault(kind="submit", cut="after")])
    town.run()
    town.account.set_faults([])
    town.model[key] = (None, "CEO")
    town.settle()
    town.check_converged()
    town.model[key] = ("Ann", "CEO")
    town.check_converged()


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_somebody_who_left_while_unsettled_and_comes_back_is_sent(town: Town) -> None:
    key = "p0@x.example"
    before = town.model[key]
    town.model[key] = ("Bo", "CTO")
    town.account.set_faults([Fault(kind="submit", cut="after")])
    town.run()
    town.account.set_faults([])
    town.model.pop(key)
    town.settle()
    town.check_converged()
    town.model[key] = before
    town.check_converged()
