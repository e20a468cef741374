"""`qsync status`: how each sync stands, without a key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat
from tests.support.dbt_project import DATABASE

LEADS = "models/marts/leads.qsync.yml"


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def test_before_the_first_apply_it_says_that_there_was_none(project: Path, shell: Shell) -> None:
    said = shell("status")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert "No run is recorded yet." in said.out
    document = shell("status", "--json").document
    assert document["runs"] == document["rejects"] == []
    assert document["never_applied"] == ["companies", "leads", "product_usage"]


def test_the_last_run_of_each_sync_has_result_counts_and_rejects(
    applied: Path, shell: Shell
) -> None:
    said = shell("status")
    assert (said.code, said.err) == (ExitCode.OK, "")
    lines = [flat(line) for line in said.out.splitlines()]
    assert "leads lead partial 2,474 2,471 3 26" in lines
    assert "companies company succeeded 390 390 0 10" in lines
    assert "3 phone is invalid: …" in lines
    assert "@" not in said.out


def test_another_target_shows_the_same_because_state_is_not_a_targets(
    applied: Path, shell: Shell
) -> None:
    ids = [
        [(run["run_id"], run["sync"], run["object"], run["counts"]) for run in document["runs"]]
        for document in (
            shell("status", "--json", "--target", name).document for name in ("prod", "dev")
        )
    ]
    assert ids[0] == ids[1] != []


def test_state_without_a_sync_is_listed_and_a_new_sync_was_never_applied(
    applied: Path, shell: Shell
) -> None:
    path = applied / LEADS
    text = path.read_text().replace("- name: leads", "- name: people")
    path.write_text(text.replace("sync: leads", "sync: people"))
    said = shell("status")
    assert "Never applied: people." in said.out
    assert "State without a sync: leads (lead), 2,471 rows." in flat(said.out)
    assert {item["sync"] for item in shell("status", "--json").document["orphans"]} == {"leads"}


def test_a_renamed_sync_that_says_so_leaves_no_orphan(applied: Path, shell: Shell) -> None:
    path = applied / LEADS
    renamed = "- name: people\n    renamed_from: leads"
    path.write_text(path.read_text().replace("- name: leads", renamed))
    assert shell("status", "--json").document["orphans"] == []


def test_a_broken_sync_is_told_and_its_state_is_not_taken_for_nobodys(
    applied: Path, shell: Shell
) -> None:
    (applied / LEADS).write_text("version: [")
    said = shell("status", "--json")
    assert said.code is ExitCode.OK
    assert f"{LEADS}:1:" in said.err
    assert said.document["orphans"] == []
    assert {run["sync"] for run in said.document["runs"]} >= {"leads", "companies"}


def test_a_database_that_another_process_has_open_is_told(applied: Path, shell: Shell) -> None:
    holding = "import duckdb, sys; kept = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, DATABASE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        said = shell("status")
        other.communicate("\n")
    assert said.code is ExitCode.FAILED
    assert f"The DuckDB file '{DATABASE}' is open in" in flat(said.err)
    assert shell("status").code is ExitCode.OK
