"""`qsync plan`: needs no key, writes nothing, says what apply would do."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import orjson
import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, contents, flat, sql


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def test_a_first_plan_counts_every_row_of_every_sync(project: Path, shell: Shell) -> None:
    said = shell("plan")
    assert said.code is ExitCode.OK
    assert "+ 2,474 added  ! 26 invalid" in said.out
    assert "First load: 390 never sent by qsync" in said.out
    assert said.out.splitlines()[-1].startswith("Plan: 4,6")


def test_planning_writes_nothing_anywhere(project: Path, shell: Shell) -> None:
    before, tables = contents(project), _tables(project)
    shell("plan")
    assert contents(project) == before
    assert _tables(project) == tables


def test_the_document_satisfies_its_schema_and_holds_no_address(
    project: Path, shell: Shell, repository: Path
) -> None:
    said = shell("plan", "--json")
    schema = orjson.loads((repository / "schemas" / "plan.schema.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(said.document)
    assert "@" not in said.out


def test_changes_end_with_2_only_when_asked_for(applied: Path, shell: Shell) -> None:
    assert shell("plan", "--detailed-exitcode", "-s", "companies").code is ExitCode.OK
    sql(applied, "UPDATE prod.dim_companies SET industry = 'retail' WHERE domain LIKE 'a%'")
    assert shell("plan", "-s", "companies").code is ExitCode.OK
    assert shell("plan", "--detailed-exitcode", "-s", "companies").code is ExitCode.CHANGES


@pytest.mark.parametrize(
    ("words", "planned"),
    [
        (["--select", "leads"], {"leads"}),
        (["--select", "lea*"], {"leads"}),
        (["--select", "tag:hourly"], {"leads", "product_usage"}),
        (["--select", "tag:hourly", "--exclude", "leads"], {"product_usage"}),
        (["--select", "stg_product__usage+"], {"product_usage"}),
        (["--exclude", "dim_companies dim_leads"], {"product_usage"}),
    ],
)
def test_a_selection_takes_names_globs_tags_and_dbts_selectors(
    project: Path, shell: Shell, words: list[str], planned: set[str]
) -> None:
    document = shell("plan", "--json", *words).document
    assert {sync["name"] for sync in document["syncs"]} == planned


def test_a_selection_that_matches_nothing_is_said_and_is_no_failure(
    project: Path, shell: Shell
) -> None:
    said = shell("plan", "--select", "nobody*")
    assert (said.code, said.out) == (ExitCode.OK, "")
    assert "matches no sync. Enabled syncs: " in said.err
    assert shell("plan", "--select", "nobody*", "--json").document["syncs"] == []


def test_a_manifest_of_another_target_stops_the_plan(project: Path, shell: Shell) -> None:
    said = shell("plan", "--target", "dev")
    assert said.code is ExitCode.FAILED
    assert "dbt last ran for another target" in flat(said.err)
    assert said.out == ""


def test_a_profile_that_does_not_exist_is_told_as_dbt_tells_it(project: Path, shell: Shell) -> None:
    said = shell("plan", "--profile", "nobody")
    assert said.code is ExitCode.FAILED
    assert "dbt cannot read the project" in flat(said.err)
    assert "Traceback" not in said.err


def test_a_missing_catalog_stops_the_plan(project: Path, shell: Shell) -> None:
    (project / "qualified_fields.yml").unlink()
    said = shell("plan")
    assert said.code is ExitCode.FAILED
    assert "error QS401" in said.err
    assert "`qsync catalog pull` writes it" in said.err


def _tables(project: Path) -> list[tuple[object, ...]]:
    return sql(
        project,
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2",
    )
