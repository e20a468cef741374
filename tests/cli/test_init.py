"""`qsync init`: a dbt project gets what a first sync needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from qsync.ledger import LEDGER_COLUMN_NAMES
from tests.cli.kit import Shell, contents, flat
from tests.support.dbt_project import run_dbt

WRITTEN = [
    "qsync.yml",
    ".dbtignore",
    "seeds/qsync_runs.csv",
    "seeds/qsync_runs.yml",
    "models/sample.qsync.yml",
]


@pytest.fixture
def plain(project: Path) -> Path:
    """The example before anybody thought of qsync."""
    for name in ("qsync.yml", ".dbtignore", "seeds/qsync_runs.csv", "seeds/qsync_runs.yml"):
        (project / name).unlink()
    for path in project.glob("models/marts/*.qsync.yml"):
        path.unlink()
    (project / "packages.yml").unlink()
    (project / "package-lock.yml").unlink()
    shutil.rmtree(project / "dbt_packages")
    (project / "tests" / "qsync_health_no_sync_is_failing.sql").unlink()
    return project


def test_it_says_what_it_wrote_and_what_comes_next(plain: Path, shell: Shell) -> None:
    said = shell("init")
    assert said.code is ExitCode.OK
    for name in WRITTEN:
        assert (plain / name).exists()
        assert f"written  {name}" in flat(said.out).replace("written ", "written  ")
    assert (plain / ".qsync" / "schemas" / "sync.schema.json").exists()
    assert "Next: " in flat(said.out)
    assert "qsync catalog pull" in said.out
    assert "qsync new NAME --model M --object lead" in said.out


def test_again_it_changes_nothing_and_says_so(plain: Path, shell: Shell) -> None:
    shell("init")
    before = contents(plain)
    said = shell("init")
    assert contents(plain) == before
    assert "Everything was there; nothing was changed." in said.out


def test_what_exists_is_never_overwritten(project: Path, shell: Shell) -> None:
    before = contents(project)
    assert shell("init").code is ExitCode.OK
    after = contents(project)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith(".qsync/schemas/") for name in after.keys() - before.keys())


def test_dbt_reads_what_it_wrote(plain: Path, shell: Shell) -> None:
    shell("init")
    said = run_dbt(plain, "build", "--target", "prod", "--select", "qsync_runs")
    assert said.returncode == 0, said.stdout
    assert "qsync.yml" not in said.stdout, "dbt looks away from sync files"
    header = (plain / "seeds" / "qsync_runs.csv").read_text().strip()
    assert header == ",".join(LEDGER_COLUMN_NAMES)


def test_a_project_after_init_validates_with_a_warning_that_there_is_no_sync(
    plain: Path, shell: Shell
) -> None:
    shell("init")
    said = shell("validate")
    assert said.code is ExitCode.OK
    assert "warning QS133" in said.out


def test_json_lists_every_file_and_what_became_of_it(plain: Path, shell: Shell) -> None:
    files = shell("init", "--json").document["files"]
    outcomes = {file["path"]: file["outcome"] for file in files}
    assert {outcomes[name] for name in WRITTEN} == {"written"}
    again = shell("init", "--json").document["files"]
    assert {file["outcome"] for file in again} == {"left"}


def test_another_folder_may_be_named(
    plain: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plain.parent)
    assert shell("init", "--project-dir", plain.name).code is ExitCode.OK
    assert (plain / "qsync.yml").exists()
