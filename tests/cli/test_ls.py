"""`qsync ls`: what is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat


def test_every_sync_is_listed_with_object_model_fields_and_tags(
    project: Path, shell: Shell
) -> None:
    said = shell("ls")
    assert said.code is ExitCode.OK
    lines = [flat(line) for line in said.out.splitlines()]
    assert lines[0] == "sync object model fields tags enabled"
    assert lines[2] == "leads lead + company dim_leads 13 hourly yes"
    assert len(lines) == 4


def test_json_holds_every_mapping(project: Path, shell: Shell) -> None:
    document = shell("ls", "--json").document
    leads = next(sync for sync in document["syncs"] if sync["name"] == "leads")
    assert [part["object"] for part in leads["objects"]] == ["lead", "company"]
    assert {"field": "job_title", "column": "job_title", "on_null": "clear"} in leads["objects"][0][
        "fields"
    ]


def test_verbose_shows_where_each_field_comes_from(project: Path, shell: Shell) -> None:
    said = shell("ls", "--verbose")
    assert "models/marts/leads.qsync.yml" in said.out
    assert "a constant" in said.out


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (["--select", "leads companies"], {"leads", "companies"}),
        (["--select", "tag:hourly", "--exclude", "leads"], {"product_usage"}),
        (["--select", "+dim_compan*"], {"companies"}),
        (["--exclude", "stg_product__usage+ models/marts/leads.qsync.yml"], {"companies"}),
    ],
)
def test_a_selection_takes_what_plan_takes(
    project: Path, shell: Shell, words: list[str], listed: set[str]
) -> None:
    document = shell("ls", "--json", *words).document
    assert {sync["name"] for sync in document["syncs"]} == listed


def test_a_disabled_sync_is_listed_unless_something_is_selected(
    project: Path, shell: Shell
) -> None:
    path = project / "models" / "marts" / "leads.qsync.yml"
    path.write_text(path.read_text().replace("owner: growth-eng", "enabled: false"))
    assert "leads lead + company dim_leads 13 hourly no" in flat(shell("ls").out)
    said = shell("ls", "--select", "lea*")
    assert said.code is ExitCode.OK
    assert "matches no sync" in said.err


def test_a_selector_dbt_does_not_know_is_told(project: Path, shell: Shell) -> None:
    said = shell("ls", "--select", "path:nowhere,fusions_own:x")
    assert said.code is ExitCode.FAILED
    assert "'fusions_own' is not a valid method name" in flat(said.err)
    assert "reference/node-selection/methods" in flat(said.err)


def test_a_broken_file_is_told_instead_of_being_left_out(project: Path, shell: Shell) -> None:
    (project / "models" / "marts" / "leads.qsync.yml").write_text("version: [")
    said = shell("ls")
    assert said.code is ExitCode.FAILED
    assert "models/marts/leads.qsync.yml:1:" in said.err
    assert said.out == ""
