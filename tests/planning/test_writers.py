"""A field of an object has one writer; two are told with both lines and the way out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qsync.diagnostics import Position
from qsync.planning import check_writers
from qsync.project.lines import LONGEST, line_reader
from qsync.project.model import FieldMapping, ModelRef, ObjectType, Sync, SyncConfig
from tests.planning.kit import CATALOG, a_sync, at, mapped


def _other(*fields: FieldMapping) -> Sync:
    """A sync over another model."""
    return replace(a_sync(*fields, name="usage"), model=ModelRef("dim_users"))


def test_a_company_block_and_a_company_sync_write_the_same_object() -> None:
    first = replace(
        a_sync(mapped("region", line=10), name="companies", object=ObjectType.COMPANY),
        model=ModelRef("dim_companies"),
        match_column="domain",
    )
    second = a_sync(mapped("first_name"), company=(mapped("region", line=33),))
    (problem,) = check_writers([first, second])
    assert (problem.code, problem.position, problem.sync) == ("QS306", at(33, 7), "leads")
    assert problem.message == (
        "company field 'region' is written by sync 'companies' too, at models/leads.qsync.yml:10:7"
    )
    assert [(place.position, place.message) for place in problem.related] == [
        (at(10, 7), "sync 'companies'")
    ]
    assert "keep one row per domain" in problem.hint
    assert problem.example.splitlines() == [
        "select domain, region",
        "from {{ ref('dim_companies') }}",
        "union all",
        "select company_domain as domain, region",
        "from {{ ref('dim_leads') }}",
    ]


def test_a_sync_may_write_a_field_of_each_object_and_a_disabled_one_writes_nothing() -> None:
    both = a_sync(mapped("region"), company=(mapped("region"),))
    asleep = replace(_other(mapped("region")), config=SyncConfig(enabled=False))
    assert check_writers([both, asleep, _other(mapped("first_name"))]) == []


def test_a_companys_name_counts_as_a_field() -> None:
    first = a_sync(mapped("company_name"), name="companies", object=ObjectType.COMPANY)
    second = a_sync(mapped("first_name"), company=(mapped("company_name", "region"),))
    assert [item.code for item in check_writers([first, second], CATALOG)] == ["QS306"]


@pytest.mark.parametrize("name", ["Job_Title", "job title", "JOB_TITLE"])
def test_another_spelling_of_a_field_means_the_same_field(name: str) -> None:
    first, second = a_sync(mapped("job_title")), _other(mapped(name, "title"))
    (problem,) = check_writers([first, second], CATALOG)
    assert problem.message.startswith("lead field 'job_title' is written by sync 'leads' too")
    assert "title as job_title" in problem.example


def test_two_syncs_over_the_same_rows_need_no_union() -> None:
    second = replace(a_sync(mapped("first_name", "name", line=40)), name="again")
    (problem,) = check_writers([a_sync(mapped("first_name")), second])
    assert "both read dim_leads: leave one of the two lines out" in problem.hint
    assert problem.example == ""


def test_the_union_names_packages_and_versions_as_dbt_does() -> None:
    first = replace(a_sync(mapped("first_name")), model=ModelRef("dim_leads", "crm", "2"))
    second = replace(_other(mapped("first_name")), model=ModelRef("dim_leads", version="beta"))
    (problem,) = check_writers([first, second])
    assert "from {{ ref('crm', 'dim_leads', v=2) }}" in problem.example
    assert "from {{ ref('dim_leads', v='beta') }}" in problem.example


def test_every_further_writer_is_told_of_the_first() -> None:
    syncs = [
        replace(_other(mapped("first_name", line=10 * place)), name=f"s{place}")
        for place in (1, 2, 3)
    ]
    found = check_writers(syncs)
    assert [item.position.line for item in found] == [20, 30]
    assert {place.position.line for item in found for place in item.related} == {10}


def test_both_lines_are_shown_as_they_stand_but_for_a_constants_value(tmp_path: Path) -> None:
    file = tmp_path / "models" / "leads.qsync.yml"
    file.parent.mkdir()
    lines = ["", "      job_title: {column: title, on_null: clear}  # ours", "job_title: x" * 99]
    file.write_text("\n".join(lines))
    read = line_reader(tmp_path)
    first = a_sync(mapped("job_title", "title", line=2))
    second = _other(mapped("job_title", constant="secret", line=3))
    (problem,) = check_writers([first, second], CATALOG, read)
    assert problem.related[0].source == "job_title: {column: title, on_null: clear}  # ours"
    assert problem.source == "job_title: {value: …}"
    assert "'…' as job_title" in problem.example
    assert len(read(at(3))) == LONGEST
    for nowhere in (at(4), at(0), Position("models/none.qsync.yml"), Position("models")):
        assert read(nowhere) == ""
