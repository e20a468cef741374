"""`qsync state`: what qsync remembers, moved and forgotten under the lock."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, Terminal, flat, sql

LEADS = "models/marts/leads.qsync.yml"


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def _states(shell: Shell) -> dict[tuple[str, str], int]:
    states = shell("state", "ls", "--json").document["states"]
    return {(item["sync"], item["object"]): item["rows"] for item in states}


FIRST = {
    ("companies", "company"): 390,
    ("leads", "company"): 370,
    ("leads", "lead"): 2_471,
    ("product_usage", "lead"): 1_415,
}


def test_before_the_first_apply_there_is_none(project: Path, shell: Shell) -> None:
    said = shell("state", "ls")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert said.out == "No state: nothing has been sent yet.\n"


def test_every_state_is_listed_with_its_rows(applied: Path, shell: Shell) -> None:
    assert _states(shell) == FIRST
    assert "leads lead 2,471 0" in flat(shell("state", "ls").out)


def test_both_objects_of_a_sync_move_together_and_nothing_is_sent_anew(
    applied: Path, shell: Shell
) -> None:
    path = applied / LEADS
    text = path.read_text().replace("- name: leads", "- name: people")
    path.write_text(text.replace("sync: leads", "sync: people"))
    said = shell("state", "mv", "leads", "people", "--auto-approve")
    assert said.code is ExitCode.OK
    assert said.out == (
        "Moved: 370 company records and 2,471 lead records, from 'leads' to 'people'.\n"
    )
    moved = {("people" if sync == "leads" else sync, kind): n for (sync, kind), n in FIRST.items()}
    assert _states(shell) == moved
    plan = shell("plan", "--select", "people", "--json").document
    (people,) = plan["syncs"]
    assert [stream["counts"]["added"] for stream in people["streams"]] == [0, 3]
    assert [stream["counts"]["retried"] for stream in people["streams"]] == [0, 3]


def test_a_state_that_was_removed_counts_as_never_sent(applied: Path, shell: Shell) -> None:
    said = shell("state", "rm", "leads", "--auto-approve")
    assert said.code is ExitCode.OK
    assert "Every row counts as never sent" in flat(said.err)
    assert "Nothing is deleted in Qualified" in flat(said.err)
    assert ("leads", "lead") not in _states(shell)
    plan = shell("plan", "--select", "leads", "--json").document
    assert plan["syncs"][0]["streams"][1]["counts"]["added"] == 2_474
    left = shell("status", "--json").document["rejects"]
    assert {reject["sync"] for reject in left} == {"product_usage"}


def test_a_name_with_state_of_its_own_is_not_overwritten(applied: Path, shell: Shell) -> None:
    said = shell("state", "mv", "leads", "product_usage", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "'product_usage' has state of its own" in flat(said.err)
    assert _states(shell) == FIRST, "the company half did not move either"


@pytest.mark.parametrize("words", ["mv nobody people", "rm nobody"])
def test_a_sync_without_state_is_told_with_those_that_have_some(
    applied: Path, shell: Shell, words: str
) -> None:
    said = shell("state", *words.split(), "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "There is no state of a sync 'nobody'" in flat(said.err)
    assert "companies, leads, product_usage" in flat(said.err)


@pytest.mark.parametrize("words", ["mv leads people", "rm leads"])
def test_before_the_first_apply_nothing_is_made_to_be_changed(
    project: Path, shell: Shell, words: str
) -> None:
    said = shell("state", *words.split(), "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "nothing has been sent there yet" in flat(said.err)
    schemas = sql(project, "SELECT schema_name FROM information_schema.schemata")
    assert ("qsync",) not in schemas


@pytest.mark.parametrize("words", ["mv leads people", "rm leads"])
def test_without_a_terminal_it_fails_at_once_instead_of_asking(
    applied: Path, shell: Shell, words: str
) -> None:
    said = shell("state", *words.split())
    assert said.code is ExitCode.FAILED
    assert "give --auto-approve" in flat(said.err)
    assert _states(shell) == FIRST


@pytest.mark.parametrize("words", ["mv leads people", "rm leads"])
def test_only_yes_goes_on(
    applied: Path, shell: Shell, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in ("\n", "y\n", "no\n", ""):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        said = shell("state", *words.split())
        assert said.code is ExitCode.DECLINED
        assert "Declined: nothing was changed." in said.err
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    assert shell("state", *words.split()).code is ExitCode.OK
    monkeypatch.undo()


@pytest.mark.parametrize("words", ["mv leads people", "rm leads"])
def test_nothing_changes_while_another_run_holds_the_lock(
    applied: Path, shell: Shell, words: str
) -> None:
    sql(
        applied,
        "UPDATE qsync.qsync_lock SET lock_id = 'other', holder = 'somebody else', "
        "since = 0, expires = 9999999999",
    )
    said = shell("state", *words.split(), "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "Another run is writing to this destination: somebody else" in flat(said.err)
    assert _states(shell) == FIRST


def test_the_lock_is_given_back(applied: Path, shell: Shell) -> None:
    shell("state", "rm", "leads", "--auto-approve")
    assert sql(applied, "SELECT lock_id FROM qsync.qsync_lock") == [(None,)]


def test_the_state_of_another_destination_is_left_alone(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_BASE_URL", "http://localhost:1")
    said = shell("state", "rm", "leads", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "There is no state of a sync 'leads' at localhost:1" in flat(said.err)
    assert _states(shell) == FIRST
