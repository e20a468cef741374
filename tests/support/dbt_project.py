"""The example as a dbt project that was built for prod on DuckDB: once per test run, then copied.

Import both fixtures in a folder's `conftest.py`. Building takes dbt several seconds, so it
happens once, whichever folder asks first.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "example_project"
DATABASE = "northwind.duckdb"
"""The database's file in a built project's folder."""

_LEFT = shutil.ignore_patterns("target", "logs", "dbt_packages", "*.duckdb*", "__pycache__")


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory, session_home: Path) -> Path:
    """The example after `dbt build --target prod`. Never written to: copy it (`project`)."""
    return _build(tmp_path_factory.getbasetemp() / "northwind", session_home)


@pytest.fixture
def project(built_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built example, which is the current folder; dbt's profile is found in it."""
    copied = tmp_path / "northwind"
    shutil.copytree(built_project, copied)
    monkeypatch.chdir(copied)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(copied))
    return copied


def run_dbt(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """dbt's own command line in the folder, in a process of its own, with the folder's profile."""
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *words],
        cwd=project,
        env={**os.environ, "DBT_PROFILES_DIR": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


@functools.cache
def _build(folder: Path, home: Path) -> Path:
    built = folder.with_suffix(".built")
    if built.exists():
        # This module is imported twice in one run, by tests and by the documentation's.
        return folder
    shutil.copytree(EXAMPLE, folder, ignore=_LEFT)
    assert Path.home() == home
    # Its packages.yml names `../dbt_package`. What is installed is a link, which copies follow.
    shutil.copytree(REPOSITORY / "dbt_package", folder.parent / "dbt_package", dirs_exist_ok=True)
    for words in (["deps"], ["build", "--target", "prod"]):
        said = run_dbt(folder, *words)
        assert said.returncode == 0, said.stdout + said.stderr
    shutil.rmtree(folder / "logs", ignore_errors=True)
    built.touch()
    return folder
