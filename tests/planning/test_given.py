"""The columns of a sync test's model and their types."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qsync.artifacts import Node
from qsync.diagnostics import Position, Severity
from qsync.planning.given import KnownColumns, check_given, given_columns, known_columns
from qsync.project.sync_tests import Expectation, GivenRow, SyncTest
from tests.planning.kit import CATALOG, a_sync, mapped

HERE = Position("models/tests.qsync.yml", 7, 3)
SYNC = a_sync(
    mapped("first_name", "name"),
    mapped("is_customer", "customer"),
    mapped("tags", "Tags"),
    mapped("product_score", constant=5),
    company=(mapped("region"),),
)


def _test(*rows: Mapping[str, object], types: Mapping[str, str] | None = None) -> SyncTest:
    given = tuple(
        GivenRow(row, HERE, dict.fromkeys(row, HERE), dict.fromkeys(row, HERE)) for row in rows
    )
    types = types or {}
    return SyncTest("a", "leads", given, (), types, dict.fromkeys(types, HERE), Expectation(), HERE)


def _inferred(test: SyncTest, name: str) -> str:
    columns, problems = given_columns(test, SYNC, KnownColumns(), CATALOG)
    assert problems == []
    return next(column.inferred for column in columns if column.name == name)


@pytest.mark.parametrize(
    ("values", "type"),
    [
        (["a"], "VARCHAR"),
        ([1, None, -5], "BIGINT"),
        ([2**63], "HUGEINT"),
        ([1, 1.5], "DOUBLE"),
        ([True, False], "BOOLEAN"),
        ([["a"], []], "VARCHAR[]"),
        ([[1]], "JSON"),
        ([{"a": 1}], "JSON"),
        ([None], "VARCHAR"),
    ],
)
def test_without_a_type_a_column_is_what_its_values_are(values: list[object], type: str) -> None:
    assert _inferred(_test(*({"name": value} for value in values)), "name") == type


def test_a_column_of_nulls_is_of_the_type_its_field_takes() -> None:
    test = _test({"email": "a@x.example"})
    assert _inferred(test, "customer") == "BOOLEAN"
    assert _inferred(test, "Tags") == "VARCHAR[]"
    assert _inferred(test, "company_domain") == "VARCHAR"


def test_every_column_the_sync_maps_is_there_and_each_once_whatever_its_capitals() -> None:
    test = _test({"EMAIL": "a@x.example", "tags": ["x"], "extra": 1})
    columns, _ = given_columns(test, SYNC, KnownColumns(), CATALOG)
    assert [column.name for column in columns] == [
        *("email", "name", "customer", "Tags", "company_domain", "region", "extra")
    ]


def test_the_tests_own_type_wins_over_what_dbt_knows() -> None:
    known = KnownColumns(types={"NAME": "text", "region": "text"}, dialect="postgres")
    columns, _ = given_columns(_test(types={"Name": "date"}), SYNC, known, CATALOG)
    told = {column.name: (column.type, column.declared) for column in columns}
    assert told["name"] == ("date", HERE)
    assert told["region"] == ("text", None)
    assert told["customer"] == (None, None)


def test_values_of_several_types_are_told_unless_the_type_is_known() -> None:
    mixed = _test({"name": "a"}, {"name": 1})
    _, (problem,) = given_columns(mixed, SYNC, KnownColumns(), CATALOG)
    assert (problem.code, problem.position) == ("QS511", HERE)
    assert problem.message == "column 'name' holds a text before, and here a number"
    _, problems = given_columns(mixed, SYNC, KnownColumns(types={"name": "text"}), CATALOG)
    assert problems == []


def test_a_column_nobody_has_is_an_error_only_where_the_columns_are_known() -> None:
    test = _test({"email": "a@x.example", "nmae": "x", "lead_id": 1})
    found = check_given(test, SYNC, KnownColumns(names=("lead_id",)))
    assert [(item.severity, item.hint) for item in found] == [
        (Severity.ERROR, "did you mean 'name'?")
    ]
    severities = [item.severity for item in check_given(test, SYNC, KnownColumns())]
    assert severities == [Severity.WARNING] * 2


def test_dbts_catalog_knows_better_than_the_manifest() -> None:
    node = Node(
        *("model.shop.m", "m", "shop", "model"),
        columns=("email", "age"),
        column_types=(("email", "varchar"), ("age", "int")),
    )
    known = known_columns(node, {"model.shop.m": {"age": "bigint", "more": "date"}}, "postgres")
    assert known == KnownColumns(
        ("email", "age", "more"), {"email": "varchar", "age": "bigint", "more": "date"}, "postgres"
    )
