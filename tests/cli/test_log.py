"""Standard error as JSON lines: whatever goes wrong is one event, and standard output stays."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from qsync.cli import entry
from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell
from tests.support.log_lines import log_lines

SECRET = "ada@example.com"


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, which is the current folder."""
    monkeypatch.chdir(project)
    return project


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """`qsync ls` has a mind of its own."""

    def ls() -> None:
        sys.stderr.write("a library has words\n")
        raise error

    command = click.Command("ls", callback=ls)
    module = SimpleNamespace(ls=command)
    monkeypatch.setattr(entry, "import_module", lambda _: module)


def test_a_wrong_command_line_is_an_event(shell: Shell) -> None:
    said = shell("validate", "--log-format", "json", "--nonsense")
    usage, end = log_lines(said.err)
    assert said.code is ExitCode.USAGE
    assert (usage["event"], usage["level"], usage["exit_code"]) == ("usage_error", "error", 64)
    assert "--nonsense" in usage["message"]
    assert (end["event"], end["exit_code"]) == ("command_finished", 64)


def test_each_problem_of_the_files_is_an_event_with_its_place(here: Path, shell: Shell) -> None:
    (here / "qsync.yml").write_text("version: 1\nnonsense: true\n")
    said = shell("status", "--log-format=json")
    lines = log_lines(said.err)
    found = next(line for line in lines if line["event"] == "diagnostic")
    assert (found["path"], found["line"], found["level"]) == ("qsync.yml", 2, "error")
    failed = next(line for line in lines if line["event"] == "command_failed")
    assert (failed["exit_code"], failed["command"]) == (ExitCode.FAILED, "qsync status")
    assert said.out == ""


@pytest.mark.parametrize("wanted", [False, True])
def test_a_bug_is_an_event_with_places_and_no_value_unless_asked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    raising(monkeypatch, RuntimeError(SECRET))
    monkeypatch.setenv("QSYNC_LOG_FORMAT", "json")
    if wanted:
        monkeypatch.setenv("QSYNC_TRACEBACK", "1")
    said = shell("ls")
    assert said.code is ExitCode.BUG
    words, bug, _ = log_lines(said.err)
    assert (words["event"], words["message"]) == ("stderr", "a library has words")
    assert (bug["event"], bug["error_type"]) == ("bug", "RuntimeError")
    assert bug["frames"][-1].endswith(" ls")
    assert ((SECRET in said.err), ("traceback" in bug)) == (wanted, wanted)


def test_an_interruption_is_an_event(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    monkeypatch.setenv("QSYNC_LOG_FORMAT", "json")
    said = shell("ls")
    assert [line["event"] for line in log_lines(said.err)][1:] == [
        "interrupted",
        "command_finished",
    ]


def test_standard_output_is_the_same_in_both_formats(here: Path, shell: Shell) -> None:
    words, lines = shell("validate"), shell("validate", "--log-format", "json")
    assert lines.out == words.out
    assert log_lines(lines.err)[-1]["exit_code"] == words.code


def test_standard_error_is_given_back(shell: Shell) -> None:
    before = sys.stderr
    shell("validate", "--log-format", "json")
    assert sys.stderr is before


def test_the_level_holds_for_standard_error_and_not_for_the_file(
    here: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_LOG_FILE", "qsync.log")
    said = shell("validate", "--log-format", "json", "--log-level", "error")
    assert said.err == ""
    shell("validate", "--quiet")
    kept = [line["event"] for line in log_lines((here / "qsync.log").read_text())]
    assert kept.count("command_started") == kept.count("command_finished") == 2


def test_a_log_file_in_no_folder_is_an_error(here: Path, shell: Shell) -> None:
    said = shell("validate", "--log-file", str(here / "nowhere" / "qsync.log"))
    assert said.code is ExitCode.FAILED
    assert "cannot be written" in said.err


@pytest.mark.parametrize("word", ["debug", "default"])
def test_dbts_other_formats_are_words(
    here: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("DBT_LOG_FORMAT", word)
    assert shell("validate").code is ExitCode.OK
    assert shell("validate", "--log-format", "nonsense").code is ExitCode.USAGE
