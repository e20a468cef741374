"""What compiling a sync finds, where it says so, and what it makes of a good one."""

from __future__ import annotations

import pytest

from qsync.diagnostics import Diagnostic, Severity
from qsync.fields.kinds import ColumnKind
from qsync.planning import check_sync, compile_sync
from qsync.planning.ports import Column
from qsync.project.model import (
    FieldMapping,
    ObjectType,
    OnNull,
    Sync,
)
from tests.planning.kit import CATALOG, COLUMNS, NODE, a_sync, at, mapped


def problems(sync: Sync) -> list[Diagnostic]:
    return list(compile_sync(sync, NODE, COLUMNS, CATALOG).diagnostics)


def test_a_good_sync_compiles_to_its_fields_in_order_with_companies_first() -> None:
    sync = a_sync(
        mapped("product_score", "score"),
        mapped("first_name"),
        company=(mapped("region"), mapped("company_name", "region")),
    )
    compiled = compile_sync(sync, NODE, COLUMNS, CATALOG).compiled
    assert compiled is not None
    companies, leads = compiled.streams
    assert (companies.object, companies.grouped) == (ObjectType.COMPANY, True)
    assert [item.name for item in companies.fields] == ["company_name", "region"]
    assert [item.name for item in leads.fields] == ["first_name", "product_score"]
    assert leads.company_match_column == "company_domain"


def test_columns_are_found_without_regard_to_case_and_named_as_the_warehouse_does() -> None:
    compiled = compile_sync(a_sync(mapped("job_title")), NODE, COLUMNS, CATALOG).compiled
    assert compiled is not None
    assert compiled.streams[0].fields[0].column == "JOB_TITLE"


@pytest.mark.parametrize(
    ("mapping", "code", "hint"),
    [
        (mapped("first_nam", "first_name"), "QS301", "did you mean 'first_name'?"),
        (mapped("First_Name", "first_name"), "QS301", "case-sensitive: write 'first_name'"),
        (mapped("Job Title", "job_title"), "QS301", "write 'job_title'"),
        (mapped("no_such_thing", "first_name"), "QS301", "an admin adds them in Qualified"),
        (mapped("employees", "score"), "QS302", "under the sync's `company: fields:`"),
        (mapped("is_customer", "first_name"), "QS303", "cast it in the dbt model"),
        (mapped("job_title", "is_customer"), "QS303", "cast it in the dbt model"),
        (mapped("tags", "first_name"), "QS303", "array of strings"),
        (mapped("first_name", "frist_name"), "QS304", "did you mean 'first_name'?"),
        (mapped("product_score", constant="much"), "QS307", "write a number"),
        (mapped("is_customer", constant=1), "QS307", "write a boolean"),
        (mapped("tags", constant="x"), "QS307", "lists cannot be constants"),
        (mapped("seniority", constant="VP"), "QS308", "options: vp"),
        (mapped("newfangled", "first_name"), "QS309", "update qsync"),
    ],
)
def test_a_mapping_that_cannot_be_is_an_error_at_its_place(
    mapping: FieldMapping, code: str, hint: str
) -> None:
    (problem,) = problems(a_sync(mapping))
    assert (problem.code, problem.severity, problem.sync) == (code, Severity.ERROR, "leads")
    assert problem.position.line == 10
    assert hint in problem.hint


def test_every_problem_of_a_sync_is_found_at_once() -> None:
    sync = a_sync(
        mapped("first_nam", line=10),
        mapped("job_title", "nothing", line=11),
        match="is_customer",
        company=(mapped("job_title", "first_name", line=32),),
    )
    found = {(item.code, item.position.line) for item in problems(sync)}
    assert found == {
        ("QS301", 10),
        ("QS304", 10),  # the column of that line is wrong as well
        ("QS304", 11),
        ("QS311", 5),
        ("QS302", 32),
    }
    assert compile_sync(sync, NODE, COLUMNS, CATALOG).compiled is None


def test_a_constant_is_kept_as_the_text_that_is_sent() -> None:
    sync = a_sync(
        mapped("job_title", constant="warehouse"),
        mapped("product_score", constant=1.5),
        mapped("is_customer", constant=True),
    )
    compiled = compile_sync(sync, NODE, COLUMNS, CATALOG).compiled
    assert compiled is not None
    constants = {item.name: item.constant for item in compiled.streams[0].fields}
    assert constants == {"job_title": "warehouse", "product_score": "1.5", "is_customer": "true"}


def test_offline_an_undocumented_column_is_a_warning_and_an_undocumented_model_says_nothing() -> (
    None
):
    from dataclasses import replace

    sync = a_sync(mapped("first_name", "frist_name"))
    documented = replace(NODE, columns=("email", "first_name"))
    (problem,) = check_sync(sync, documented, CATALOG)
    assert (problem.code, problem.severity) == ("QS305", Severity.WARNING)
    assert "did you mean 'first_name'?" in problem.hint
    assert check_sync(sync, NODE, CATALOG) == []


def test_an_email_column_must_be_text() -> None:
    columns = (Column("email", ColumnKind.INTEGER, "BIGINT"), *COLUMNS[1:])
    (problem,) = compile_sync(a_sync(mapped("first_name")), NODE, columns, CATALOG).diagnostics
    assert (problem.code, problem.position) == ("QS311", at(5, 12))


def test_what_null_means_is_part_of_the_mapping() -> None:
    keeping = compile_sync(a_sync(mapped("job_title")), NODE, COLUMNS, CATALOG).compiled
    clearing = compile_sync(
        a_sync(mapped("job_title", on_null=OnNull.CLEAR)), NODE, COLUMNS, CATALOG
    ).compiled
    assert keeping is not None
    assert clearing is not None
    assert keeping.fingerprint != clearing.fingerprint
    assert keeping.streams[0].hash_prefix != clearing.streams[0].hash_prefix
