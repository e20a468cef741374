"""`qsync plan --compare-to`: what this checkout alone changes, before the plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import jsonschema
import orjson
import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, contents, flat


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


@pytest.fixture
def base(project: Path) -> Path:
    """The project as it was before this checkout changed it. Nobody ran dbt there."""
    folder = project.parent / "base"
    left_out = shutil.ignore_patterns("target", "logs", "*.duckdb*")
    shutil.copytree(project, folder, ignore=left_out)
    return folder


def edit(project: Path, name: str, *changes: tuple[str, str]) -> None:
    path = project / "models" / "marts" / f"{name}.qsync.yml"
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    # Sync tests are about another mapping than the edited one.
    path.write_text(text.partition("\ntests:")[0])


def test_what_a_checkout_changes_is_counted_on_the_rows_there_are(
    project: Path, base: Path, shell: Shell, repository: Path
) -> None:
    edit(
        project,
        "leads",
        ("      phone: phone\n", ""),
        ("      country: country\n", "      country: {column: country, on_null: clear}\n"),
        ("        on_null: clear", "        on_null: fail"),
        ("max_changed: 40%", "max_changed: 50%"),
    )
    edit(project, "product_usage", ("name: product_usage", "name: usage"))
    before = contents(base)
    said = shell("plan", "--json", "--compare-to", str(base))
    assert said.code is ExitCode.OK
    assert contents(base) == before
    assert "@" not in said.out.replace("@northwind", "")
    document = said.document["comparison"]
    for name, part in (("plan", said.document), ("comparison", document)):
        schema = orjson.loads((repository / "schemas" / f"{name}.schema.json").read_bytes())
        jsonschema.Draft7Validator(schema).validate(part)
    assert document["own_manifest"] is False
    assert document["summary"] | {"affected": 0} == {
        "added": 1,
        "removed": 1,
        "changed": 1,
        "alike": 1,
        "affected": 0,
        "uncounted": 0,
    }
    leads, usage, former = document["syncs"]
    assert leads["policy"] == [{"name": "guards.max_changed", "base": "40%", "head": "50%"}]
    company, lead = leads["streams"]
    assert not company["differs"]
    fields = {item["field"]: item for item in lead["fields"]}
    moves = {name: item["moves"] for name, item in fields.items()}
    assert moves == {"country": ["remapped"], "job_title": ["remapped"], "phone": ["dropped"]}
    # Who has no title is invalid now, and so is sent nothing.
    records = lead["records"]
    (reason,) = records["invalid"]
    assert (reason["code"], reason["field"]) == ("null_value", "job_title")
    assert 0 < reason["rows"] == records["no_longer_sent"]
    assert reason["rows"] + records["alike"] + records["differing"] == 2_474
    assert 0 < fields["phone"]["counts"]["unsent"] == records["differing"] < 1_948
    assert (usage["standing"], former["standing"]) == ("added", "removed")
    assert usage["streams"][0]["records"]["new"] == 1_416
    assert former["streams"][0]["records"]["left"] == 1_416


def test_it_is_told_before_the_plan_in_text_and_in_markdown(
    project: Path, base: Path, shell: Shell
) -> None:
    edit(project, "companies", ("      tier: tier\n", ""))
    words = ("plan", "-s", "companies", "--compare-to", "../base")
    text = shell(*words).out.splitlines()
    assert text[0].startswith("Compared with ../base, on the rows of target prod: ")
    ends = "Compared: 0 added, 0 removed, 1 changed, 0 alike. 391 records are affected."
    assert text.index("    tier:  dropped, was column tier: 390 no longer sent") < text.index(ends)
    assert text[text.index(ends) + 2].startswith("Project northwind_saas, target prod, to ")
    assert text[-1].startswith("Plan: 391 to add")
    markdown = shell(*words, "--markdown").out.splitlines()
    assert markdown[0] == "<!-- qsync compare -->"
    assert "| `tier` | dropped, was column tier | 390 no longer sent |" in markdown
    assert markdown.index(f"**{ends}** Compared with `../base`, on the rows of `prod`.") < (
        markdown.index("<!-- qsync plan -->")
    )


def test_a_checkout_compared_with_itself_differs_nowhere(project: Path, shell: Shell) -> None:
    said = shell("plan", "--compare-to", ".")
    assert "\nCompared: no differences.\n" in said.out
    assert "manifest" not in said.out


def test_a_checkout_from_before_there_were_syncs_makes_every_sync_new(
    project: Path, base: Path, shell: Shell
) -> None:
    for path in [*base.rglob("*.qsync.yml"), base / "qsync.yml", base / "qualified_fields.yml"]:
        path.unlink()
    said = shell("plan", "--json", "--compare-to", str(base))
    assert said.code is ExitCode.OK
    document = said.document["comparison"]
    assert {sync["standing"] for sync in document["syncs"]} == {"added"}
    assert (document["own_catalog"], document["settings"]) == (False, [])


def test_a_checkout_that_removes_its_last_sync_says_so(
    project: Path, base: Path, shell: Shell
) -> None:
    for path in project.rglob("*.qsync.yml"):
        path.unlink()
    said = shell("plan", "--compare-to", str(base))
    assert said.code is ExitCode.OK
    assert "Compared: 0 added, 3 removed, 0 changed, 0 alike." in said.out
    assert said.out.splitlines()[-1] == "No changes."


def test_errors_of_the_other_checkout_are_told_with_where_they_are(
    project: Path, base: Path, shell: Shell
) -> None:
    edit(base, "companies", ("object: company", "object: compnay"))
    said = shell("plan", "--compare-to", "../base")
    assert (said.code, said.out) == (ExitCode.FAILED, "")
    assert "../base/models/marts/companies.qsync.yml:8:" in said.err


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("../nowhere", "There is no folder ../nowhere, which --compare-to names"),
        ("models", "There is no dbt_project.yml in models, which --compare-to names"),
    ],
)
def test_a_folder_without_a_project_is_refused(
    project: Path, shell: Shell, folder: str, why: str
) -> None:
    said = shell("plan", "--compare-to", folder)
    assert said.code is ExitCode.FAILED
    assert why in flat(said.err)
    assert "git worktree add" in flat(said.err)
