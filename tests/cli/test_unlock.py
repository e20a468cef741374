"""`qsync unlock`, and commands that find the lock taken."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from qsync.execution import locking
from qsync.execution.ports import LockHolder
from qsync.exit_codes import ExitCode
from qsync.warehouse import WritingWarehouse
from tests.cli.kit import Shell, Terminal, flat, sql


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def _hold(folder: Path, lock_id: str = "run_7", expires: int = 9_999_999_999) -> int:
    """Somebody takes the lock and dies; the epoch."""
    sql(
        folder,
        f"UPDATE qsync.qsync_lock SET lock_id = '{lock_id}', epoch = epoch + 1, "
        f"holder = 'ann on laptop, process 12', since = 1793682000, expires = {expires}",
    )
    return int(sql(folder, "SELECT epoch FROM qsync.qsync_lock")[0][0])


def _lock(folder: Path) -> tuple[int, str | None]:
    ((epoch, lock_id),) = sql(folder, "SELECT epoch, lock_id FROM qsync.qsync_lock")
    return epoch, lock_id


def test_the_lock_is_freed_and_its_epoch_raised_after_saying_whose_it_was(
    applied: Path, shell: Shell
) -> None:
    epoch = _hold(applied)
    said = shell("unlock", "run_7", "--auto-approve")
    assert said.code is ExitCode.OK
    assert "ann on laptop, process 12 holds the lock of 127.0.0.1" in flat(said.err)
    assert "since 2026-11-03 05:00:00 UTC, until 2286-11-20 17:46:39 UTC" in flat(said.err)
    assert said.out.startswith("Freed the lock of 127.0.0.1")
    assert _lock(applied) == (epoch + 1, None)


def test_what_the_refused_command_says_is_enough_to_free_the_lock_and_go_on(
    applied: Path, shell: Shell
) -> None:
    _hold(applied, "3f9a")
    refused = flat(shell("state", "rm", "leads", "--auto-approve").err)
    assert "ann on laptop, process 12, since 2026-11-03 05:00:00 UTC (lock 3f9a)" in refused
    assert "expires at 2286-11-20 17:46:39 UTC" in refused
    found = re.search(r"`qsync (unlock \w+)`", refused)
    assert found is not None
    assert shell(*found[1].split(), "--auto-approve").code is ExitCode.OK
    assert shell("state", "rm", "leads", "--auto-approve").code is ExitCode.OK


def test_nothing_is_freed_when_nobody_holds_the_lock(applied: Path, shell: Shell) -> None:
    before = _lock(applied)
    said = shell("unlock", "run_7", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "Nothing to free: nobody holds the lock" in flat(said.err)
    assert _lock(applied) == before


def test_before_the_first_apply_there_is_nothing_to_free_and_nothing_is_made(
    project: Path, shell: Shell
) -> None:
    said = shell("unlock", "run_7", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "Nothing to free" in flat(said.err)
    schemas = sql(project, "SELECT schema_name FROM information_schema.schemata")
    assert ("qsync",) not in schemas


def test_the_lock_of_another_run_than_the_one_meant_stays(applied: Path, shell: Shell) -> None:
    epoch = _hold(applied, "run_8")
    said = shell("unlock", "run_7", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "has another ID, run_8: ann on laptop, process 12" in flat(said.err)
    assert _lock(applied) == (epoch, "run_8")


def test_without_a_terminal_unlocking_fails_at_once_instead_of_asking(
    applied: Path, shell: Shell
) -> None:
    epoch = _hold(applied)
    said = shell("unlock", "run_7")
    assert said.code is ExitCode.FAILED
    assert "give --auto-approve" in flat(said.err)
    assert _lock(applied) == (epoch, "run_7")


def test_only_yes_frees_the_lock(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = _hold(applied)
    for answer in ("\n", "y\n", ""):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        said = shell("unlock", "run_7")
        assert said.code is ExitCode.DECLINED
        assert "Declined: the lock stays." in said.err
        assert _lock(applied) == (epoch, "run_7")
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    assert shell("unlock", "run_7").code is ExitCode.OK
    monkeypatch.undo()


def test_a_command_that_waits_says_for_whom_and_goes_on_when_the_lock_is_free(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hold(applied)
    take, tries = WritingWarehouse.acquire_lock, []

    def until_the_other_ends(self: WritingWarehouse, lock_id: str, who: str) -> int | LockHolder:
        tries.append(lock_id)
        if len(tries) == 3:
            assert self.break_lock("run_7")
        return take(self, lock_id, who)

    monkeypatch.setattr(locking, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(WritingWarehouse, "acquire_lock", until_the_other_ends)
    said = shell("state", "rm", "leads", "--auto-approve", "--lock-timeout", "1m")
    assert said.code is ExitCode.OK
    assert "Removed the state of 'leads'" in said.out
    assert said.err.count("Waiting for another run: ann on laptop, process 12") == 1


def test_a_command_that_waited_in_vain_says_who_still_has_the_lock(
    applied: Path, shell: Shell
) -> None:
    _hold(applied)
    said = shell("state", "rm", "leads", "--auto-approve", "--lock-timeout", "0.1s")
    assert said.code is ExitCode.FAILED
    assert said.err.count("Waiting for another run: ann on laptop") == 1
    assert "Another run is writing to this destination: ann on laptop" in flat(said.err)
