"""`qsync show`, and `plan --show-values`: what may be looked at where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat, sql


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "The plan cannot be read"),
        (b"", "it is no plan file"),
        (b"\xff\xfe", "it is no plan file"),
        (b'{"format": 1, "syncs": []}', "it is no plan file"),
        (b'{"sealed_format": 9}', "another version of qsync wrote it"),
        (b'{"sealed_format": 1, "id": "x"}', "it is not as qsync wrote it"),
    ],
)
@pytest.mark.parametrize("words", [("show",), ("apply",)])
def test_what_is_no_plan_is_refused_with_what_to_do(
    words: tuple[str, ...], content: bytes | None, why: str, tmp_path: Path, shell: Shell
) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    said = shell(*words, str(path))
    assert said.code is ExitCode.FAILED
    assert why in flat(said.err)
    assert "qsync plan --out FILE" in flat(said.err)
    assert "Traceback" not in said.err


def test_two_forms_at_once_are_refused(tmp_path: Path, shell: Shell) -> None:
    assert "name one" in shell("show", str(tmp_path / "x"), "--json", "--markdown").err


def test_a_plan_that_cannot_be_written_is_told_before_it_is_made(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    said = shell("plan", "-s", "companies", "--out", "nowhere/plan.json")
    assert said.code is ExitCode.FAILED
    assert said.out == ""  # before a plan is made for nothing
    assert "The plan cannot be written: No such file or directory" in flat(said.err)
    (applied / "folder").mkdir()
    assert "is a directory" in shell("plan", "--out", "folder").err
    os.mkfifo(applied / "pipe")
    assert "what stands there is no file" in flat(shell("plan", "--out", "pipe").err)
    assert shell("plan", "-s", "nobody*", "--out", "none.json").code is ExitCode.OK
    assert shell("show", "none.json").out.endswith("No changes.\n")
    assert shell("apply", "none.json", "--max-age", "1h").code is not ExitCode.OK  # no key here


@pytest.mark.parametrize(
    ("words", "environment", "why"),
    [
        ((), {"CI": "true"}, "a CI job is no place for them"),
        ((), {"GITHUB_ACTIONS": "true"}, "a CI job is no place for them"),
        ((), {}, "on a terminal only"),
        (("--json",), {}, "--show-values is for a person"),
        (("--markdown",), {}, "--show-values is for a person"),
    ],
)
def test_values_are_refused_where_somebody_else_would_read_them(
    words: tuple[str, ...],
    environment: dict[str, str],
    why: str,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = shell("plan", "--show-values", "3", *words)
    assert said.code in {ExitCode.FAILED, ExitCode.USAGE}
    assert why in flat(said.err)
    assert said.out == ""


def test_on_a_terminal_records_are_shown_before_and_after_and_the_file_has_none_of_it(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    sql(applied, "UPDATE prod.dim_companies SET industry = 'education' WHERE domain LIKE 'as%-l%'")
    said = shell("plan", "-s", "companies", "--show-values", "1", "--out", "plan.json")
    assert said.code is ExitCode.OK, said.err
    shown = flat(said.out)
    assert "companies, some of the records:" in shown
    assert "~ ashenford-labs.example changed" in shown
    assert "industry: software → education" in shown
    assert b"ashenford" not in (applied / "plan.json").read_bytes()
