"""`qsync forget`: whom it takes, what it asks, what it says, and what it never repeats."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import duckdb
import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Said
from tests.cli.kit import Shell, flat, sql
from tests.support.typing_in import standard_input, terminal

ASKED = "Forget them? Only 'yes' goes on: "


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def _forget(
    shell: Shell, keys: str | bytes, *words: str, answer: str | None = None, approve: bool = True
) -> Said:
    with standard_input(keys), terminal(answer):
        return shell("forget", *(["--auto-approve"] if approve else []), *words)


def _state(project: Path, sync: str = "leads", kind: str = "lead") -> str:
    ((table,),) = sql(
        project,
        f"SELECT state_table FROM qsync.qsync_streams WHERE sync = '{sync}' AND object = '{kind}'",
    )
    return f"qsync.{table}"


def _known(project: Path, count: int, table: str | None = None) -> list[str]:
    found = sql(project, f"SELECT key FROM {table or _state(project)} ORDER BY 1 LIMIT {count}")
    return [key for (key,) in found]


def _suppressed(project: Path) -> int:
    """How many keys are; the table's first row is its mark."""
    try:
        ((count,),) = sql(project, "SELECT COUNT(*) FROM qsync.qsync_suppressed")
    except duckdb.CatalogException:
        return 0
    return int(count) - 1


@pytest.mark.parametrize(
    "words",
    [
        ["jane@canary.example"],
        ["--jane@canary.example"],
        ["--object", "jane@canary.example"],
        ["--object=jane@canary.example"],
        ["--gdpr=jane@canary.example"],
        ["--lock-timeout", "jane@canary.example"],
        ["--auto-approve", "lead", "jane@canary.example"],
    ],
)
def test_what_is_typed_behind_the_command_is_refused_and_not_repeated(
    shell: Shell, words: list[str]
) -> None:
    said = _forget(shell, "", *words)
    assert said.code is ExitCode.USAGE
    assert "jane" not in said.out + said.err
    assert "Error: " in said.err


def test_who_gives_a_key_as_an_argument_is_told_where_keys_belong(shell: Shell) -> None:
    said = _forget(shell, "", "jane@canary.example")
    assert "Keys are read from standard input" in flat(said.err)


def test_any_spelling_will_do_and_forgetting_twice_is_forgetting_once(
    applied: Path, shell: Shell
) -> None:
    one, two = _known(applied, 2)
    rejected = sql(applied, "SELECT MIN(key) FROM qsync.qsync_rejects")[0][0]
    theirs = (one, two, rejected)
    tables = [_state(applied), _state(applied, "product_usage")]
    known = sum(key in _known(applied, 9_999, table) for table in tables for key in theirs)
    refused = sum(key in theirs for (key,) in sql(applied, "SELECT key FROM qsync.qsync_rejects"))
    assert known >= 2
    assert refused >= 1
    keys = f"\ufeff {one.upper()}\t\r\n\r\n{two}\n{one}\n{rejected}"
    said = _forget(shell, keys)
    assert said.code is ExitCode.OK, said.err
    assert said.out == (
        f"Forgot 3 leads: purged from state ({known} records), rejects ({refused}), stages (0), "
        "history (4); suppressed from now on.\n"
    )
    assert not {one, two} & set(_known(applied, 9_999))
    again = _forget(shell, f"{one}\n{two}\n{rejected}\n")
    assert again.out == (
        "Forgot 3 leads: purged from state (0 records), rejects (0), stages (0), "
        "history (0); suppressed before.\n"
    )
    some = _forget(shell, f"{one}\nnobody@nowhere.example")
    assert some.out == (
        "Forgot 2 leads: purged from state (0 records), rejects (0), stages (0), "
        "history (0); suppressed from now on (1 of them were before).\n"
    )
    assert _suppressed(applied) == 4
    assert sql(applied, "SELECT lock_id FROM qsync.qsync_lock") == [(None,)]


def test_one_line_that_is_no_key_refuses_all_and_is_named_by_its_number(
    applied: Path, shell: Shell
) -> None:
    (known,) = _known(applied, 1)
    said = _forget(shell, f"{known}\nbroken canary\n\n{known}\nj\u00fcrg@canary.example\n")
    assert said.code is ExitCode.FAILED
    assert "Lines 2, 5 are no addresses" in flat(said.err)
    assert "nobody was forgotten" in flat(said.err)
    assert "canary" not in said.out + said.err
    assert (known in _known(applied, 1), _suppressed(applied)) == (True, 0)


def test_what_is_no_text_is_a_wrong_line_and_no_bug(applied: Path, shell: Shell) -> None:
    said = _forget(shell, b"\xff\xfe\x00j\x00a\n")
    assert said.code is ExitCode.FAILED
    assert "Line 1 is none of the addresses there can be" in flat(said.err)
    many = _forget(shell, "broken\n" * 1_000)
    assert "18, 19, 20 and 980 more are no addresses" in flat(many.err)


@pytest.mark.parametrize("keys", ["", "\n \n\t\r\n"])
def test_nobody_on_standard_input_is_a_mistake(applied: Path, shell: Shell, keys: str) -> None:
    said = _forget(shell, keys)
    assert said.code is ExitCode.FAILED
    assert "There are no addresses on standard input" in flat(said.err)


def test_domains_are_companies(applied: Path, shell: Shell) -> None:
    (domain,) = _known(applied, 1, _state(applied, "leads", "company"))
    said = _forget(shell, f"https://www.{domain}/about", "--object", "company")
    assert said.code is ExitCode.OK
    assert "Forgot 1 company: purged from state (" in said.out
    assert domain not in _known(applied, 999, _state(applied, "leads", "company"))
    assert domain not in _known(applied, 999, _state(applied, "companies", "company"))
    wrong = _forget(shell, "jane@canary.example", "--object", "company")
    assert "none of the domains there can be" in flat(wrong.err)


class _Untouched:
    """Standard input that must not be read."""

    def isatty(self) -> bool:
        return False


def test_where_nobody_can_be_asked_it_fails_before_it_reads_anybody(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Untouched())
    with terminal(None):
        said = shell("forget")
    assert said.code is ExitCode.FAILED
    assert "There is no terminal to ask at" in flat(said.err)
    assert "give --auto-approve" in flat(said.err)


@pytest.mark.parametrize("answer", ["", "y", "1", "no"])
def test_only_yes_at_the_terminal_goes_on(applied: Path, shell: Shell, answer: str) -> None:
    (known,) = _known(applied, 1)
    said = _forget(shell, known, answer=answer, approve=False)
    assert said.code is ExitCode.DECLINED
    assert ASKED in said.err
    assert "Qualified keeps what it has" in flat(said.err)
    assert "Declined: nothing was changed." in said.err
    assert (_known(applied, 1), _suppressed(applied)) == ([known], 0)


def test_keys_come_from_standard_input_and_the_answer_from_the_terminal(
    applied: Path, shell: Shell
) -> None:
    (known,) = _known(applied, 1)
    said = _forget(shell, known, answer="yes", approve=False)
    assert said.code is ExitCode.OK
    assert _known(applied, 1) != [known]


def test_who_types_keys_at_a_terminal_is_told_how(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, place = pty.openpty()
    os.write(person, b"nobody@nowhere.example\n\x04")
    with os.fdopen(place) as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        said = shell("forget", "--auto-approve")
        monkeypatch.undo()
    os.close(person)
    assert "Type or paste addresses, one to a line; Ctrl-D ends:" in said.err
    assert said.out.startswith("Forgot 1 lead: ")


def test_every_destination_of_the_schema_is_purged(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (known,) = _known(applied, 1)
    monkeypatch.setenv("QSYNC_BASE_URL", "http://localhost:1")
    said = _forget(shell, known)
    assert said.code is ExitCode.OK, said.err
    assert known not in _known(applied, 9_999)


def test_while_a_run_writes_to_any_destination_nothing_is_forgotten(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (known,) = _known(applied, 1)
    ((busy,),) = sql(applied, "SELECT destination FROM qsync.qsync_lock")
    sql(
        applied,
        "UPDATE qsync.qsync_lock SET lock_id = 'other', holder = 'somebody else', "
        "since = 0, expires = 9999999999",
    )
    for address in (None, "http://localhost:1"):
        if address is not None:
            monkeypatch.setenv("QSYNC_BASE_URL", address)
        said = _forget(shell, known)
        assert said.code is ExitCode.FAILED
        assert "Another run is writing to this destination: somebody else" in flat(said.err)
        assert (f"({busy})" in flat(said.err)) is (address is not None)
    assert (_known(applied, 1), _suppressed(applied)) == ([known], 0)
    free = "SELECT lock_id FROM qsync.qsync_lock WHERE destination = 'localhost:1'"
    assert sql(applied, free) == [(None,)], "the one that could be had is given back"


def test_before_the_first_apply_people_can_be_forgotten_too(project: Path, shell: Shell) -> None:
    said = _forget(shell, "nobody@nowhere.example")
    assert said.code is ExitCode.OK
    assert _suppressed(project) == 1


# --- --gdpr ------------------------------------------------------------------------------------


def test_qualified_deletes_no_companies(shell: Shell) -> None:
    said = _forget(shell, "x.example", "--gdpr", "--object", "company")
    assert said.code is ExitCode.USAGE
    assert "--gdpr is about people" in flat(said.err)


def test_without_a_key_nothing_is_read_or_purged(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUALIFIED_API_KEY", raising=False)
    monkeypatch.setattr(sys, "stdin", _Untouched())
    said = shell("forget", "--gdpr", "--auto-approve")
    assert said.code is ExitCode.FAILED
    assert "QUALIFIED_API_KEY" in said.err
    assert _suppressed(applied) == 0


def test_a_target_that_may_not_write_may_not_delete(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALIFIED_API_KEY", "any")
    (known,) = _known(applied, 1)
    said = _forget(shell, known, "--gdpr", "--target", "dev")
    assert said.code is ExitCode.FAILED
    assert "Target 'dev' may not write to Qualified" in flat(said.err)
    assert (_known(applied, 1), _suppressed(applied)) == ([known], 0)
