"""`qsync new`: a sync of a model, with what matches by name."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, contents, flat, sql

MARTS = "models/marts"


@pytest.fixture
def without_leads(project: Path) -> Path:
    """The example without its sync of leads, whose fields are then free."""
    (project / MARTS / "leads.qsync.yml").unlink()
    return project


def test_a_sync_file_is_written_beside_the_model_and_is_valid(
    without_leads: Path, shell: Shell
) -> None:
    said = shell("new", "people", "--model", "dim_leads", "--object", "lead")
    assert said.code is ExitCode.OK
    text = (without_leads / MARTS / "people.qsync.yml").read_text()
    assert "model: ref('dim_leads')" in text
    assert "match: {email: email}" in text
    assert "first_name: first_name" in text
    assert text.startswith("# yaml-language-server: $schema=")
    checked = shell("validate")
    assert checked.code is ExitCode.OK, checked.out
    assert "Valid: 3 syncs." in checked.out


def test_it_says_what_matched_what_did_not_and_what_another_sync_writes(
    without_leads: Path, shell: Shell
) -> None:
    document = shell("new", "p", "--model", "dim_leads", "--object", "lead", "--json").document
    assert document["path"] == f"{MARTS}/p.qsync.yml"
    assert document["match_column"] == "email"
    assert document["fields"]["job_title"] == "job_title"
    assert "company_domain" in document["unmatched"]
    (without_leads / MARTS / "p.qsync.yml").unlink()
    said = shell("new", "p", "--model", "dim_product_users", "--object", "lead")
    assert "product_score: left out, sync `product_usage` writes `product_score`" in flat(said.out)
    assert "qsync plan --select p" in flat(said.out)


def test_columns_come_from_the_warehouse_documented_or_not(
    without_leads: Path, shell: Shell
) -> None:
    sql(without_leads, "ALTER TABLE prod.dim_leads ADD COLUMN notes VARCHAR")
    words = ["new", "p", "--model", "dim_leads", "--object", "lead", "--json", "--target", "prod"]
    document = shell(*words).document
    assert document["columns_from"] == "the warehouse"
    assert document["fields"]["notes"] == "notes"


def test_columns_come_from_dbts_catalog_when_it_is_newer_than_the_last_run(
    without_leads: Path, shell: Shell
) -> None:
    catalog = without_leads / "target" / "catalog.json"
    columns = {
        name: {"name": name, "index": place} for place, name in enumerate(("email", "phone"))
    }
    node = {"model.northwind_saas.dim_leads": {"columns": columns}}
    catalog.write_bytes(orjson.dumps({"nodes": node}))
    words = ["new", "p", "--model", "dim_leads", "--object", "lead", "--json", "--target", "prod"]
    document = shell(*words).document
    assert document["columns_from"] == "dbt's catalog.json"
    assert document["fields"] == {"phone": "phone"}
    os.utime(catalog, (1, 1))
    assert shell(*words[:1], "q", *words[2:]).document["columns_from"] == "the warehouse"


def test_without_a_warehouse_the_documented_columns_do_and_it_says_so(
    without_leads: Path, shell: Shell
) -> None:
    said = shell(
        *("new", "p", "--model", "dim_leads", "--object", "lead", "--json", "--profile", "nobody")
    )
    assert said.code is ExitCode.OK
    assert said.document["columns_from"].startswith("the model's documentation (the warehouse did")


def test_a_file_that_exists_keeps_its_comments_and_gets_one_more_sync(
    without_leads: Path, shell: Shell
) -> None:
    path = without_leads / MARTS / "product_usage.qsync.yml"
    before = path.read_text()
    into = f"{MARTS}/product_usage.qsync.yml"
    said = shell("new", "people", "--model", "dim_leads", "--object", "lead", "--into", into)
    assert said.code is ExitCode.OK
    after = path.read_text()
    comments = [line.strip() for line in before.splitlines() if "#" in line]
    assert comments
    assert all(comment in after for comment in comments)
    assert after.index("name: product_usage") < after.index("name: people")
    assert "Valid: 3 syncs." in shell("validate").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("leads --model dim_leads --object lead", "there is a sync `leads` already"),
        ("People --model dim_leads --object lead", "starts with a lower-case letter"),
        ("people --model dim_lead --object lead", "did you mean `dim_leads`?"),
        ("people --model qsync_health --object lead", "--match-column COLUMN"),
        ("people --model dim_leads --object lead --match-column mail", "has no column `mail`"),
        ("people --model dim_leads --object lead --into people.qsync.yml", "stand under models"),
        ("people --model dim_leads --object lead --into models/people.yml", "end in .qsync.yml"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    project: Path, shell: Shell, words: str, says: str
) -> None:
    before = contents(project)
    said = shell("new", *words.split())
    assert said.code is ExitCode.FAILED
    assert says.lower() in flat(said.err).lower()
    assert contents(project) == before


def test_a_model_that_is_no_reference_is_a_usage_error(project: Path, shell: Shell) -> None:
    said = shell("new", "people", "--model", "{{ ref('x') }}", "--object", "lead")
    assert said.code is ExitCode.USAGE
    assert "leave the braces away" in flat(said.err)


def test_a_company_gets_its_name_and_its_domain(project: Path, shell: Shell) -> None:
    (project / MARTS / "companies.qsync.yml").unlink()
    words = ("new", "firms", "--model", "dim_companies", "--object", "company", "--json")
    document = shell(*words).document
    assert document["match_column"] == "domain"
    assert document["company_name"] is not None
    assert shell("validate").code is ExitCode.OK
