"""An apply that dies loses nothing: the next one closes it and brings everything to its end."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team


def _start(team: Team) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "qsync", "apply", "--auto-approve", "-s", "leads"],
        cwd=team.project,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for something a process of its own does; it has to be a real one to be killed."""
    end = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)


def _slow_jobs(team: Team, *, concurrency: int | None) -> None:
    account = team.qualified.account
    account.configure(replace(account.settings, job_base_seconds=0.2, job_concurrency=concurrency))


@pytest.mark.proves(fault="process killed", promise="no row lost")
@pytest.mark.slow
def test_after_a_kill_the_next_apply_ends_where_an_undisturbed_one_would(team: Team) -> None:
    _slow_jobs(team, concurrency=0)
    process = _start(team)
    _until(lambda: team.submitted() >= 1, process)
    process.kill()
    process.communicate()
    _slow_jobs(team, concurrency=None)

    locked = team.apply("-s", "leads")
    assert locked.code is ExitCode.FAILED
    assert "Another run is writing to this destination" in " ".join(locked.err.split())
    assert "expires" in locked.err
    team.sql("UPDATE qsync.qsync_lock SET expires = 0")  # its fifteen minutes have passed

    said = team.apply("-s", "leads")
    assert said.code is ExitCode.PARTIAL, said.out
    assert "Closed 1 earlier run that had died" in " ".join(said.err.split())
    statuses = [row["status"] for row in team.ledger()]
    assert statuses.count("interrupted") == 1
    for row in team.ledger():
        ended = [
            int(row[f"rows_{name}"])
            for name in ("succeeded", "rejected", "unknown", "invalid_late", "unsent")
        ]
        assert int(row["rows_planned"]) == sum(ended)
    assert len(team.qualified.account.leads()) == 2_471
    team.apply("-s", "leads")
    assert "No changes." in team.qsync("plan", "-s", "leads").out
    stages = "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'stage_%'"
    assert team.sql(stages) == [(0,)]


def _at_a_terminal(team: Team) -> tuple[subprocess.Popen[bytes], int, bytes]:
    """An apply that waits at its prompt, the terminal's other end, and what it said so far."""
    theirs, ours = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "qsync", "apply", "-s", "companies"],
        cwd=team.project,
        env=dict(os.environ),
        stdin=ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.close(ours)
    said = b""
    assert process.stdout is not None
    while b"Only 'yes' goes on: " not in said:
        more = os.read(process.stdout.fileno(), 65_536)
        assert more, said
        said += more
    return process, theirs, said


@pytest.mark.proves(fault="Ctrl-C", promise="ends cleanly")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_prompt_leaves_nothing_behind(team: Team, sent: signal.Signals) -> None:
    process, terminal, _ = _at_a_terminal(team)
    process.send_signal(sent)
    said = process.communicate(timeout=60)[0].decode()
    os.close(terminal)
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert team.submitted() == 0
    stages = "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'stage_%'"
    assert team.sql(stages) == [(0,)]
    assert team.sql("SELECT count(*) FROM qsync.qsync_lock WHERE lock_id IS NOT NULL") == [(0,)]


def test_yes_at_the_prompt_goes_on(team: Team) -> None:
    process, terminal, shown = _at_a_terminal(team)
    assert b"Plan: 390 to add" in shown, "the plan is shown before the question"
    os.write(terminal, b"yes\n")
    said = process.communicate(timeout=60)[0].decode()
    os.close(terminal)
    assert process.returncode == ExitCode.OK, said
    assert len(team.qualified.account.companies()) == 390


@pytest.mark.proves(fault="Ctrl-C", promise="every row accounted for")
def test_ctrl_c_awaits_what_is_open_and_records_what_is_left(team: Team) -> None:
    _slow_jobs(team, concurrency=1)
    process = _start(team)
    _until(lambda: team.submitted() >= 2, process)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[0].decode()
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert "Stopping: nothing more is submitted" in said
    rows = team.ledger()
    assert {row["status"] for row in rows} <= {"interrupted", "succeeded", "partial"}
    assert "interrupted" in {row["status"] for row in rows}
    assert {row["rows_unknown"] for row in rows} == {"0"}
    _slow_jobs(team, concurrency=None)
    assert team.apply("-s", "leads").code is ExitCode.PARTIAL
    assert len(team.qualified.account.leads()) == 2_471
