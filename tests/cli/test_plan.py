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


GITHUB = ("--annotations", "github")


def test_a_broken_guard_is_annotated_where_the_sync_is_declared(
    applied: Path, shell: Shell
) -> None:
    path = applied / "models/marts/companies.qsync.yml"
    path.write_text(path.read_text().replace("max_invalid: 5%", "max_invalid: 1"))
    said = shell("plan", "-s", "companies", "--json", *GITHUB)
    (line,) = (line for line in said.err.splitlines() if line.startswith("::"))
    assert line.startswith(
        "::error file=models/marts/companies.qsync.yml,line=5,col=5,title=companies is stopped::"
        "Stopped by max_invalid: 10 rows"
    )
    assert said.document["syncs"][0]["stopped"]


def test_the_markdown_is_alone_on_standard_output(applied: Path, shell: Shell) -> None:
    said = shell("plan", "-s", "companies", "--markdown")
    assert said.code is ExitCode.OK
    assert said.out.startswith("<!-- qsync plan -->\n### qsync plan: `prod` to `127.0.0.1:")
    assert "\n**No changes.**\n" in said.out
    assert "| `companies` | company | 0 | 0 | 0 | 0 | 390 | 10 | 0 | 0 |" in said.out


def test_without_a_plan_the_markdown_says_so_and_the_errors_are_annotated(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    path = project / "models/marts/companies.qsync.yml"
    path.write_text(path.read_text().replace("object: company", "object: compnay"))
    said = shell("plan", "--markdown")
    assert said.code is ExitCode.FAILED
    assert said.out.startswith("<!-- qsync plan -->\n### qsync plan\n\n**No plan:**")
    assert "- models/marts/companies.qsync.yml:8:" in said.out.replace("&#8288;", "")
    where = f"::error file={project.name}/models/marts/companies.qsync.yml,line=8,col="
    assert sum(line.startswith(where) for line in said.err.splitlines()) == 1
    assert "::error" not in shell("plan", "--annotations", "none").err


def test_json_and_markdown_are_two_forms_of_one_plan(project: Path, shell: Shell) -> None:
    said = shell("plan", "--json", "--markdown")
    assert said.code is ExitCode.USAGE
    assert "name one" in said.err


def test_a_plan_of_nothing_satisfies_the_schema_too(
    project: Path, shell: Shell, repository: Path
) -> None:
    document = shell("plan", "--select", "nobody*", "--json").document
    schema = orjson.loads((repository / "schemas" / "plan.schema.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(document)
    assert document["syncs"] == []


def _tables(project: Path) -> list[tuple[object, ...]]:
    return sql(
        project,
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2",
    )
