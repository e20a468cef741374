"""What is published works on its own: the wheel carries the schemas, the types and the command."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import qsync
from qsync.schema_check import SCHEMA_KINDS


def _build(repository: Path, to: Path, target: str) -> Path:
    """Build with the backend that is installed here; nothing is downloaded."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(to)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (built,) = to.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(repository, tmp_path_factory.mktemp("wheel"), "wheel")


def test_the_wheel_has_every_schema_of_the_repository(repository: Path, wheel: Path) -> None:
    schemas = {path.name: path.read_bytes() for path in (repository / "schemas").iterdir()}

    with zipfile.ZipFile(wheel) as archive:
        shipped = {
            Path(name).name: archive.read(name)
            for name in archive.namelist()
            if name.startswith("qsync/_schemas/")
        }

    assert shipped == schemas
    assert {f"{kind}.schema.json" for kind in SCHEMA_KINDS} <= set(shipped)


def test_the_wheel_has_all_that_a_report_is_made_of(repository: Path, wheel: Path) -> None:
    folder = repository / "qsync" / "views" / "report"
    parts = {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for name in ("assets", "templates", "vendor")
        for path in (folder / name).iterdir()
    }

    with zipfile.ZipFile(wheel) as archive:
        assert {name: archive.read(name) for name in parts} == parts


def test_the_wheel_says_that_it_is_typed_and_has_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))

        assert "qsync/py.typed" in names
        assert b"qsync = qsync.cli." in archive.read(entry_points)


def test_the_wheel_holds_qsync_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert tops == {"qsync", f"qsync-{qsync.__version__}.dist-info"}


def test_an_unpacked_wheel_finds_its_own_schemas(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "from qsync.schema_check import schema_path; print(schema_path('sync'), end='')"

    # -P and a path of its own: neither the checkout nor the editable qsync comes first.
    found = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert Path(found) == tmp_path / "qsync" / "_schemas" / "sync.schema.json"


def test_the_source_archive_has_what_building_and_testing_need(
    repository: Path, tmp_path: Path
) -> None:
    with tarfile.open(_build(repository, tmp_path, "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "requirements.lock",
        "pyproject.toml",
        "qsync/__init__.py",
        "schemas/sync.schema.json",
        "tests/conftest.py",
        "docs/conf.py",
        "example_project/dbt_project.yml",
        "action.yml",
        ".github/action/apply.sh",
        ".pre-commit-hooks.yaml",
    } <= names
    assert [name for name in names if name.endswith((".duckdb", ".pyc"))] == []
