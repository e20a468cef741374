"""Runs that end before their time are resumed; rejects are sent again; bounds are kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Said, Team

KEEPS = ("succeeded", "rejected", "unknown", "invalid_late", "unsent")


def _words(said: Said) -> str:
    return " ".join((said.out + said.err).replace("│", " ").split())


def _row(team: Team, run_id: str, object_name: str = "lead") -> dict[str, int]:
    (row,) = (
        row for row in team.ledger() if row["run_id"] == run_id and row["object"] == object_name
    )
    return {name: int(row[f"rows_{name}"]) for name in ("planned", *KEEPS)}


def _last_run(team: Team) -> str:
    return max(row["run_id"] for row in team.ledger())


def _leads(team: Team) -> int:
    return len(team.qualified.account.leads())


@pytest.mark.proves(fault="quota spent by others", promise="no row lost")
@pytest.mark.slow
def test_a_bound_of_requests_ends_a_run_cleanly_and_a_series_of_runs_loads_everything(
    team: Team,
) -> None:
    # Two requests for the fields; a submit and a poll for each of the seven jobs.
    first = team.apply("-s", "leads", "--max-requests", "10")
    assert first.code in {ExitCode.OK, ExitCode.PARTIAL}, _words(first)
    assert "ended early: the run's --max-requests were reached" in _words(first)
    run = _last_run(team)
    assert f"qsync resume {run}" in first.err
    assert 0 < _leads(team) < 2_471
    assert "interrupted" in {row["status"] for row in team.ledger()}
    row = _row(team, run)
    assert row["unsent"] > 0
    assert row["planned"] == sum(row[name] for name in KEEPS)
    second = team.apply("-s", "leads", "--max-requests", "10")
    assert second.code is ExitCode.PARTIAL
    assert _leads(team) == 2_471
    spent = Counter[str]()
    for row_ in team.ledger():
        spent[row_["run_id"]] += int(row_["requests"] or 0)
    assert max(spent.values()) <= 10
    assert sum(spent.values()) == len(team.qualified.account.requests())


@pytest.mark.proves(fault="Ctrl-C", promise="newest value wins")
def test_resume_sends_what_is_left_where_it_still_equals_the_model(team: Team) -> None:
    team.apply("-s", "leads", "--max-requests", "9")
    stopped, before = _last_run(team), _leads(team)
    left = _row(team, stopped)["unsent"]
    ((stage,),) = team.sql(
        "SELECT table_name FROM qsync.qsync_stages WHERE run_id = ? AND records > 1000", stopped
    )
    ((last,),) = team.sql(f"SELECT max_by(key, number) FROM qsync.{stage}")
    team.sql("UPDATE prod.dim_leads SET first_name = 'Else' WHERE lower(trim(email)) = ?", last)
    said = team.qsync("resume", stopped, "--auto-approve")
    assert said.code is ExitCode.PARTIAL, _words(said)
    resumed = _row(team, _last_run(team))
    assert resumed["planned"] == left - 1
    assert resumed["planned"] == sum(resumed[name] for name in KEEPS)
    assert _leads(team) == before + resumed["succeeded"]
    (row,) = (
        row for row in team.ledger() if row["run_id"] == _last_run(team) and row["object"] == "lead"
    )
    assert f'"parent":"{stopped}"' in row["details"]
    again = team.qsync("resume", stopped, "--auto-approve")
    assert again.code is ExitCode.FAILED
    assert "nothing of run" in _words(again)
    plan = team.qsync("plan", "-s", "leads")
    assert "Plan: 4 to add" in plan.out, "what changed since, and the three that were rejected"


def test_an_unknown_run_is_named_as_such(team: Team) -> None:
    team.apply("-s", "companies")
    for command in ("resume", "retry"):
        said = team.qsync(command, "20260101t000000_aaaaaa", "--auto-approve")
        assert said.code is ExitCode.FAILED
        assert "There is no run '20260101t000000_aaaaaa'" in _words(said)


@pytest.mark.proves(fault="row rejected", promise="no row lost")
def test_retry_sends_resting_rejects_at_once_and_nothing_else(team: Team) -> None:
    for _ in range(3):
        team.apply("-s", "leads")
    assert "No changes" in team.qsync("plan", "-s", "leads").out
    rejected = team.sql("SELECT count(*) FROM qsync.qsync_rejects WHERE attempts >= 2")
    assert rejected == [(3,)]
    team.sql(
        "UPDATE prod.dim_leads SET first_name = 'Renamed' WHERE email IN "
        "(SELECT email FROM prod.dim_leads WHERE email LIKE '%@%.%' "
        "ORDER BY email LIMIT 20)"
    )
    before = team.submitted()
    said = team.qsync("retry", "-s", "leads", "--auto-approve")
    assert said.code is ExitCode.PARTIAL, _words(said)
    assert team.submitted() == before + 1
    assert _row(team, _last_run(team))["planned"] == 3


@pytest.mark.proves(fault="429 or 503", promise="ends cleanly")
def test_a_wait_beyond_the_runs_patience_ends_it_cleanly_and_says_what_to_do(team: Team) -> None:
    account = team.qualified.account
    limits = replace(account.settings.limits, per_15m=6)
    account.configure(replace(account.settings, limits=limits))
    said = team.apply("-s", "leads", "--max-time", "20s")
    assert said.code is ExitCode.OK, _words(said)
    assert "unsent" in _words(said)
    assert {row["status"] for row in team.ledger()} >= {"interrupted"}
    assert {row["rows_unknown"] for row in team.ledger()} == {"0"}


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_the_run_after_a_killed_one_settles_its_jobs_and_sends_none_of_their_rows_again(
    team: Team,
) -> None:
    account = team.qualified.account
    account.configure(replace(account.settings, job_base_seconds=8.0))
    process = subprocess.Popen(
        [sys.executable, "-m", "qsync", "apply", "--auto-approve", "-s", "companies"],
        cwd=team.project,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    end = time.monotonic() + 60
    journal = team.project / "target" / "qsync" / "journal"
    while not (journal.exists() and any(b"accepted" in f.read_bytes() for f in journal.iterdir())):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    account.configure(replace(account.settings, job_base_seconds=0.0))
    team.sql("UPDATE qsync.qsync_lock SET expires = 0")  # its fifteen minutes have passed
    submitted = team.submitted()
    said = team.apply("-s", "companies")
    assert said.code is ExitCode.OK, _words(said)
    assert "Closed 1 earlier run that had died" in _words(said)
    assert team.submitted() == submitted == 1
    assert len(account.companies()) == 390
    (dead,) = (row["run_id"] for row in team.ledger() if row["status"] == "interrupted")
    assert _row(team, dead, "company")["succeeded"] == 390
    assert list(journal.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("apply", "--limit", "5"), "limit"),
        (("apply", "--baseline"), "baseline"),
        pytest.param(
            ("apply", "--full-refresh", "--max-requests", "8"),
            "full refresh",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_run_that_was_asked_for_something_else_is_not_resumed(
    team: Team, words: tuple[str, ...], told: str
) -> None:
    team.qsync(*words, "--auto-approve", "-s", "leads")
    sent = team.submitted()
    said = team.qsync("resume", _last_run(team), "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert f"a resume would not do: {told}" in _words(said)
    assert team.submitted() == sent


def test_a_wait_before_the_plan_ends_a_run_in_little_time_cleanly(team: Team) -> None:
    account = team.qualified.account
    limits = replace(account.settings.limits, per_15m=2)
    account.configure(replace(account.settings, limits=limits))
    assert team.apply("-s", "companies", "--max-time", "3s").code is ExitCode.OK
    said = team.apply("-s", "companies", "--max-time", "3s")
    assert said.code is ExitCode.OK, _words(said)
    assert "Nothing was sent within --max-time" in said.err
