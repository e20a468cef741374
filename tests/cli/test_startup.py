"""What a command imports: what feels instant must not wait for dbt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.dbt_project import EXAMPLE

HEAVY = ("dbt", "dbt_common", "duckdb", "httpx", "jsonschema", "rich", "sqlglot", "starlette")

_PROBE = """
import contextlib, io, sys
from qsync.cli.entry import run
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    code = run(sys.argv[1:])
print(int(code), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def _run(*words: str, cwd: Path = EXAMPLE) -> tuple[int, set[str]]:
    said = subprocess.run(
        [sys.executable, "-c", _PROBE, *words], cwd=cwd, capture_output=True, text=True, check=True
    )
    code, *modules = said.stdout.split()
    return int(code), set(modules)


@pytest.mark.parametrize("words", ["--help", "--version", "plan --help", "apply -h", "catalog -h"])
def test_help_imports_nothing_heavy(words: str) -> None:
    code, modules = _run(*words.split())
    assert code == 0
    assert modules.isdisjoint(HEAVY), modules & set(HEAVY)


def test_validating_the_example_imports_nothing_heavy(project: Path) -> None:
    code, modules = _run("validate", cwd=project)
    assert code == 0
    assert modules.isdisjoint(HEAVY), modules & set(HEAVY)


@pytest.mark.parametrize(
    "words", ["ls", "ls --select tag:hourly,object:lead", "catalog show", "validate"]
)
def test_what_is_offline_never_imports_dbt_or_a_client(project: Path, words: str) -> None:
    (project / "qsync.yml").write_text("version: 1\n")
    _, modules = _run(*words.split(), cwd=project)
    heavy = {"dbt", "dbt_common", "duckdb", "httpx", "sqlglot"}
    assert modules.isdisjoint(heavy), modules & heavy


def test_sync_tests_never_import_dbt_or_a_client(project: Path) -> None:
    code, modules = _run("test", cwd=project)
    assert code == 0
    assert modules.isdisjoint({"dbt", "dbt_common", "httpx"})


@pytest.mark.parametrize("words", ["catalog pull", "catalog diff"])
def test_what_needs_only_the_key_never_imports_dbt(project: Path, words: str) -> None:
    code, modules = _run(*words.split(), cwd=project)
    assert code == 1, "there is no key"
    assert modules.isdisjoint({"dbt", "dbt_common", "duckdb", "sqlglot"})
