"""Every promise that is taken out of the source makes a test fail."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from tests.mutations.catalogue import MUTATIONS, Mutation

COPIED = ("qsync", "tests", "schemas", "example_project", "dbt_package")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "mutations", "target", "logs", "*.duckdb")

ASSERTED = ("AssertionError", "assert ", "Failed: ")
"""How the message of a failure begins that an assertion, or a missing exception, has made."""


@dataclass(frozen=True)
class Copy:
    """The package and its tests in a folder of their own."""

    folder: Path
    counter: itertools.count[int] = field(default_factory=itertools.count)

    def run(self, tests: Sequence[str]) -> tuple[int, dict[str, str], str]:
        """Run tests of the copy: the exit code, what each said that failed, and the output."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = (sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider")
        done = subprocess.run(
            [*command, "-p", "no:xdist", f"--junitxml={report}", *tests],
            cwd=self.folder,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PYTEST_", "COV_"))
            }
            | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        failed: dict[str, str] = {}
        if report.exists():
            for case in ET.parse(report).getroot().iter("testcase"):
                path = str(case.get("classname")).replace(".", "/") + ".py"
                name = f"{path}::{case.get('name')}"
                for found in (*case.findall("failure"), *case.findall("error")):
                    failed[name] = str(found.get("message"))
        return done.returncode, failed, done.stdout + done.stderr

    def write(self, path: Path, text: str) -> None:
        """Write a module so that no compiled one is taken for it, however short the time."""
        path.write_text(text, encoding="utf-8")
        stamp = 1_700_000_000 + next(self.counter)
        os.utime(path, (stamp, stamp))


@pytest.fixture(scope="module")
def copy(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The checkout is never touched."""
    folder = tmp_path_factory.mktemp("mutated")
    for name in COPIED:
        shutil.copytree(repository / name, folder / name, ignore=LEFT_OUT)
    shutil.copy(repository / "pyproject.toml", folder)
    return Copy(folder)


@pytest.fixture(scope="module")
def sound(copy: Copy, request: pytest.FixtureRequest) -> None:
    """Unchanged, the copy passes every test that is going to fail."""
    chosen = [
        cast(Mutation, item.callspec.params["mutation"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
        if "sound" in item.fixturenames
    ]
    tests = sorted({test for mutation in chosen for test in mutation.tests})
    code, failed, output = copy.run(tests)
    assert (code, failed) == (0, {}), output


def _check(copy: Copy, mutation: Mutation) -> None:
    path = copy.folder / "qsync" / mutation.file
    source = path.read_text(encoding="utf-8")
    places = source.count(mutation.old)
    assert places == 1, f"the code has moved: what this mutation replaces is there {places} times"
    copy.write(path, source.replace(mutation.old, mutation.new))
    try:
        code, failed, output = copy.run(mutation.tests)
    finally:
        copy.write(path, source)
    assert code == 1, output
    assert sorted(failed) == sorted(mutation.tests), output
    by_accident = [said for said in failed.values() if not said.startswith(ASSERTED)]
    assert by_accident == [], output


def _named(quick: bool) -> list[object]:
    return [
        pytest.param(mutation, id=mutation.name)
        for mutation in MUTATIONS
        if mutation.quick is quick
    ]


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("mutation", _named(quick=True))
def test_a_broken_promise_is_noticed(copy: Copy, mutation: Mutation) -> None:
    _check(copy, mutation)


@pytest.mark.slow
@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("mutation", _named(quick=False))
def test_every_broken_promise_is_noticed(copy: Copy, mutation: Mutation) -> None:
    _check(copy, mutation)


def test_each_mutation_is_another() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    assert len({(m.file, m.old, m.new) for m in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_the_text_a_mutation_replaces_is_there_once(repository: Path, mutation: Mutation) -> None:
    source = (repository / "qsync" / mutation.file).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1, "the code has moved: look at the mutation again"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_the_tests_a_mutation_names_are_there(repository: Path, mutation: Mutation) -> None:
    for test in mutation.tests:
        file, _, name = test.partition("[")[0].partition("::")
        assert f"def {name}(" in (repository / file).read_text(encoding="utf-8"), test
