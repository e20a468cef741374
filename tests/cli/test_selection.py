"""Choosing syncs by what changed and by how they ended: real dbt, real records."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat, sql

DECLARED = "qsync_syncs.json"
COMPANIES = "models/marts/companies.qsync.yml"


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def _selected(shell: Shell, *words: str) -> set[str]:
    said = shell("ls", "--json", *words)
    assert said.code is ExitCode.OK, said.err
    return {sync["name"] for sync in said.document["syncs"]}


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _saved(project: Path, shell: Shell, folder: str = "base") -> Path:
    """What a deployment keeps: the manifest, and the declarations beside it."""
    assert shell("validate").code is ExitCode.OK
    base = project / folder
    base.mkdir()
    for name in ("manifest.json", DECLARED):
        shutil.copy(project / "target" / name, base / name)
    return base


def test_modified_is_what_changed_in_a_model_or_in_a_sync_file(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = _saved(project, shell)
    marts = project / "models" / "marts"
    _append(marts / "leads.qsync.yml", "\n# a comment is no change\n")
    _edit(project / COMPANIES, "description: ", "description: Other ")
    _append(marts / "dim_product_users.sql", "\n-- another model, to dbt\n")
    assert _selected(shell, "-s", "state:modified", "--state", "base") == {
        "companies",
        "product_usage",
    }
    monkeypatch.setenv("DBT_STATE", "base")
    assert _selected(shell, "-s", "state:modified,object:company") == {"companies"}
    assert _selected(shell, "--exclude", "state:modified.body+") == {"companies", "leads"}

    (base / DECLARED).unlink()
    said = shell("ls", "--json", "-s", "state:modified")
    assert [sync["name"] for sync in said.document["syncs"]] == ["product_usage"]
    assert said.err.count("changes of sync files cannot be seen") == 1


def test_a_checkout_is_compared_by_its_own_sync_files(project: Path, shell: Shell) -> None:
    base = project.parent / "main"
    shutil.copytree(project, base)
    _edit(base / COMPANIES, "- name: companies", "- name: others")
    found = _selected(shell, "-s", "state:new", "--state", "../main")
    assert found == {"companies"}
    (base / "target" / "manifest.json").unlink()
    said = shell("plan", "-s", "state:new", "--state", "../main")
    assert said.code is ExitCode.FAILED
    assert "run `dbt parse` there first" in flat(said.err)


def test_results_are_those_of_the_last_run_at_this_destination(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "qsync.qsync_runs"
    sql(applied, f"UPDATE {table} SET status = 'failed' WHERE sync = 'companies'")
    sql(applied, f"UPDATE {table} SET rows_rejected = 2 WHERE sync = 'leads' AND object = 'lead'")
    sql(applied, f"UPDATE {table} SET rows_rejected = 0 WHERE sync <> 'leads'")
    assert _selected(shell, "-s", "result:error") == {"companies"}
    words = ("-s", "result:rejected result:error", "--exclude", "object:company,object:lead")
    assert _selected(shell, *words) == {"companies"}
    plan = shell("plan", "--json", "-s", "result:rejected").document
    assert {sync["name"] for sync in plan["syncs"]} == {"leads"}
    monkeypatch.setenv("QSYNC_BASE_URL", "https://api.qualified.com")
    assert _selected(shell, "-s", "result:error") == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-s", "state:modified"], "with another manifest, and none is named"),
        (["-s", "state:new", "--state", "nowhere"], "no manifest.json in nowhere"),
        (["-s", "objct:lead"], "did you mean `object:lead`?"),
        (["--exclude", "result:fail"], "did you mean `result:failed`?"),
    ],
)
def test_a_selection_that_cannot_be_understood_is_told_before_dbt_is_started(
    project: Path,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    monkeypatch.setattr("qsync.warehouse.open_dbt", None)
    for command in ("ls", "plan"):
        said = shell(command, *words)
        assert said.code is ExitCode.FAILED
        assert message in flat(said.err)


def test_declarations_that_cannot_be_read_are_refused_with_their_file(
    project: Path, shell: Shell
) -> None:
    base = _saved(project, shell)
    for content, why in (("{", "no valid JSON"), ('{"format": 9}', "another version of qsync")):
        (base / DECLARED).write_text(content)
        said = shell("plan", "-s", "state:modified", "--state", "base")
        assert said.code is ExitCode.FAILED
        assert why in flat(said.err)
        assert f"base/{DECLARED}" in flat(said.err).replace(" ", "")


def test_validating_puts_down_what_is_declared_and_a_broken_project_does_not(
    project: Path, shell: Shell
) -> None:
    path = project / "target" / DECLARED
    _edit(project / COMPANIES, "object: company", "object: compny")
    assert shell("validate").code is ExitCode.FAILED
    assert not path.exists()
    _edit(project / COMPANIES, "object: compny", "object: company")
    assert shell("validate").code is ExitCode.OK
    written = orjson.loads(path.read_bytes())
    assert set(written["syncs"]) == {"companies", "leads", "product_usage"}
    assert written["syncs"]["leads"]["model"] == "model.northwind_saas.dim_leads"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [item.name for item in path.parent.glob(".*")] == []


def test_a_folder_that_is_compared_with_is_left_as_it_is(project: Path, shell: Shell) -> None:
    """Else a plan would make nothing modified for the apply after it."""
    path = project / "target" / DECLARED
    shell("validate")
    before = path.read_bytes()
    _edit(project / COMPANIES, "description: ", "description: Other ")
    plan = shell("plan", "--json", "-s", "state:modified", "--state", "target").document
    assert [sync["name"] for sync in plan["syncs"]] == ["companies"]
    assert path.read_bytes() == before
    shell("plan", "-s", "companies")
    assert path.read_bytes() != before


def test_declarations_that_cannot_be_written_stop_nothing_and_are_told(
    project: Path, shell: Shell
) -> None:
    (project / "target" / DECLARED).mkdir()
    said = shell("validate")
    assert said.code is ExitCode.OK
    assert "qsync_syncs.json cannot be written" in flat(said.err)
    assert [item.name for item in (project / "target").glob(".*")] == []
