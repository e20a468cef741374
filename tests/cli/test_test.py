"""`qsync test`: sync tests, run without dbt, a warehouse or a key."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import orjson
import pytest

from qsync.exit_codes import ExitCode
from qsync.schema_check import load_schema
from qsync.views.reasons import REASONS
from tests.cli.kit import Shell, flat
from tests.support.dbt_project import EXAMPLE
from tests.support.golden import matches_golden
from tests.support.shop import dim_leads, shop

FAILING = Path(__file__).parent / "data" / "failing_tests.yml"

PASSES = """\
- name: somebody goes
  sync: leads
  given: [{email: ada@x.example, title: CEO}]
  expect: {leads: [{email: ada@x.example, fields: {job_title: CEO, source: warehouse}}]}
"""
FAILS = """\
- name: nobody goes
  sync: leavers
  given: [{email: ada@x.example, notes: Hi}]
  expect: {}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_way_to_fail_is_told_in_words_with_its_place(here: Path, shell: Shell) -> None:
    shop(here, FAILING.read_text())
    said = shell("test")
    assert said.code is ExitCode.FAILED
    assert said.err == ""
    matches_golden("tests", said.out)


def test_the_examples_tests_and_those_of_the_documentation_pass_without_dbt(
    here: Path, shell: Shell, repository: Path
) -> None:
    left = shutil.ignore_patterns("target", "logs", "*.duckdb*")
    shutil.copytree(EXAMPLE, here / "northwind", ignore=left)
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    for path, text in blocks:
        (here / "northwind" / path).write_text(text, encoding="utf-8")
    said = shell("test", "--project-dir", "northwind")
    assert said.code is ExitCode.OK, said.out
    assert said.out.endswith("\nTests: 8 passed, 0 failed.\n")
    assert "`dbt parse` writes it, without a warehouse" in said.err


def test_the_exit_code_says_whether_a_test_failed(here: Path, shell: Shell) -> None:
    shop(here, PASSES + FAILS)
    failed = shell("test")
    assert failed.code is ExitCode.FAILED
    assert failed.out.endswith("\nTests: 1 passed, 1 failed.\n")
    shop(here, PASSES)
    passed = shell("test")
    assert (passed.code, passed.out) == (
        ExitCode.OK,
        "ok      leads: somebody goes\n\nTests: 1 passed, 0 failed.\n",
    )


@pytest.mark.parametrize(
    ("words", "run"),
    [
        ("-s leads", ["somebody goes"]),
        ("-s lea*", ["somebody goes", "nobody goes"]),
        ("--exclude leads", ["nobody goes"]),
    ],
)
def test_tests_are_selected_by_their_sync(
    here: Path, shell: Shell, words: str, run: list[str]
) -> None:
    shop(here, PASSES + FAILS)
    document = shell("test", "--json", *words.split()).document
    assert [test["name"] for test in document["tests"]] == run


def test_tests_are_selected_by_their_names_and_globs_of_them(here: Path, shell: Shell) -> None:
    shop(here, PASSES + FAILS)
    (one,) = shell("test", "--json", "-s", "somebody goes").document["tests"]
    assert one["name"] == "somebody goes"
    both = shell("test", "--json", "-s", "* goes").document["tests"]
    assert len(both) == 2
    (left,) = shell("test", "--json", "--exclude", "nobody*").document["tests"]
    assert left["name"] == "somebody goes"


def test_json_holds_what_differs_and_numbers_keep_what_they_are(here: Path, shell: Shell) -> None:
    shop(
        here,
        "- name: scores\n  sync: leads\n  types: {score: 'decimal(12, 2)'}\n"
        "  given: [{email: ada@x.example, score: 1204.50}]\n"
        "  expect: {leads: [{email: ada@x.example, fields: {product_score: 7}}]}\n",
    )
    document = shell("test", "--json").document
    assert (document["format"], document["passed"], document["failed"]) == (1, 0, 1)
    (test,) = document["tests"]
    assert (test["sync"], test["path"], test["line"]) == ("leads", "models/tests.qsync.yml", 3)
    (difference,) = test["differences"]
    fields = {field["field"]: field for field in difference["fields"]}
    assert fields["product_score"]["expected"] == 7
    assert fields["product_score"]["sent"] == 1204.5
    assert fields["job_title"]["in_expected"] is False


def test_without_a_manifest_tests_run_and_a_warning_says_what_they_lack(
    here: Path, shell: Shell
) -> None:
    shop(here, PASSES)
    (here / "target" / "manifest.json").unlink()
    said = shell("test")
    assert said.code is ExitCode.OK
    assert "warning QS210: there is no target/manifest.json: column types are" in flat(said.err)
    refused = shell("test", "-s", "dim_leads+")
    assert refused.code is ExitCode.FAILED
    assert "'dim_leads+' names no sync and no test" in flat(refused.err)


def test_without_the_field_catalog_nothing_can_be_tested(here: Path, shell: Shell) -> None:
    shop(here, PASSES)
    (here / "qualified_fields.yml").unlink()
    said = shell("test")
    assert said.code is ExitCode.FAILED
    assert "QS401" in said.err


def test_without_duckdb_it_says_which_extra_brings_it(
    here: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(here, PASSES)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    said = shell("test")
    assert said.code is ExitCode.FAILED
    assert "pip install 'qsync[duckdb]'" in flat(said.err)


def test_no_test_is_no_failure_and_it_says_where_they_go(here: Path, shell: Shell) -> None:
    shop(here, "- {name: a, sync: leads, given: [{email: a@x.example}], expect: {}}")
    (here / "models" / "tests.qsync.yml").unlink()
    said = shell("test")
    assert (said.code, said.out) == (ExitCode.OK, "Tests: 0 passed, 0 failed.\n")
    assert "No sync test is declared: write some under `tests:`" in said.err
    shop(here, PASSES)
    assert "Syncs with tests: leads." in shell("test", "-s", "companies").err


def test_types_come_from_dbts_catalog_before_the_manifest_and_the_tests_own_win(
    here: Path, shell: Shell
) -> None:
    given = "sync: leads\n  given: [{email: ada@x.example, seen_at: 2026-11-02 05:00}]\n"
    expect = "  expect: {leads: [{email: ada@x.example, fields: {last_seen_at: %s, %s}}]}\n"
    rest = "job_title: null, source: warehouse"

    def passes(value: str, types: str = "") -> bool:
        test = f"- name: a\n  {given}{types}" + expect % (value, rest)
        shop(here, test, dim_leads(seen_at="date"))
        return shell("test").code is ExitCode.OK

    assert passes("2026-11-02")  # the manifest's date
    columns = {"seen_at": {"name": "seen_at", "index": 1, "type": "timestamp without time zone"}}
    nodes = {"model.shop.dim_leads": {"columns": columns}}
    (here / "target" / "catalog.json").write_bytes(orjson.dumps({"nodes": nodes}))
    assert passes('"2026-11-02T05:00:00Z"')
    assert passes("2026-11-02 05:00", "  types: {seen_at: varchar}\n")


def test_validate_finds_a_misspelt_column_of_a_test(here: Path, shell: Shell) -> None:
    shop(here, PASSES.replace(", title", ", titel"))
    said = shell("validate")
    assert "error QS510: sync 'leads' reads no column 'titel'" in said.out
    assert "models/tests.qsync.yml:5:" in said.out
    assert "did you mean 'title'?" in said.out


def test_a_column_nobody_documents_is_only_a_warning_where_nothing_tells_the_columns(
    here: Path, shell: Shell
) -> None:
    undocumented = dict(dim_leads(), columns={})
    shop(here, PASSES.replace(", title: CEO", ", title: CEO, other: 1"), undocumented)
    said = shell("test")
    assert said.code is ExitCode.OK
    assert "warning QS510: sync 'leads' reads no column 'other'" in flat(said.err)


def test_the_schema_offers_every_reason_there_is() -> None:
    offered = load_schema("sync")["definitions"]["invalid"]["properties"]["reason"]["enum"]
    # Who was forgotten stands in the warehouse, and a test has none.
    assert set(offered) == set(REASONS) - {"suppressed"}
