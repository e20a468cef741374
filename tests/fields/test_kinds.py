"""The one table of which warehouse types fit which of Qualified's."""

from __future__ import annotations

import pytest

from qsync.fields.kinds import RULES, Check, ColumnKind, Written, check_of, fits
from qsync.fields.model import FieldType

DATES = {ColumnKind.DATE, ColumnKind.TIMESTAMP, ColumnKind.TIMESTAMP_TZ}


def test_every_field_type_has_a_rule_and_takes_some_column() -> None:
    assert set(RULES) == set(FieldType)
    assert all(any(fits(type_, kind) for kind in ColumnKind) for type_ in FieldType)


@pytest.mark.parametrize("type_", list(FieldType))
def test_structs_and_binaries_fit_nothing_and_lists_only_lists(type_: FieldType) -> None:
    assert not fits(type_, ColumnKind.OTHER)
    is_list = RULES[type_].written is Written.LIST
    assert fits(type_, ColumnKind.TEXT_LIST) == is_list
    if is_list:
        assert RULES[type_].kinds == {ColumnKind.TEXT_LIST}


def test_a_number_is_not_taken_for_a_truth_nor_a_truth_for_a_text() -> None:
    takers = {type_ for type_ in FieldType if fits(type_, ColumnKind.BOOLEAN)}
    assert takers == {FieldType.BOOLEAN}
    assert RULES[FieldType.BOOLEAN].kinds == {ColumnKind.BOOLEAN}


def test_a_date_is_sent_as_text_only() -> None:
    for kind in DATES:
        assert {type_ for type_ in FieldType if fits(type_, kind)} == {
            FieldType.STRING,
            FieldType.TEXT,
        }


@pytest.mark.parametrize("kind", [ColumnKind.DECIMAL, ColumnKind.FLOAT])
@pytest.mark.parametrize("type_", [type_ for type_ in FieldType if fits(type_, ColumnKind.FLOAT)])
def test_a_column_that_may_hold_not_a_number_is_always_checked(
    type_: FieldType, kind: ColumnKind
) -> None:
    assert check_of(type_, kind, has_options=False) is Check.NUMBER


@pytest.mark.parametrize(
    ("type_", "kind", "without", "with_options"),
    [
        (FieldType.PICKLIST, ColumnKind.TEXT, None, Check.OPTION),
        (FieldType.MULTI_PICKLIST, ColumnKind.TEXT_LIST, Check.LIST, Check.OPTIONS),
        (FieldType.TEXT_ARRAY, ColumnKind.TEXT_LIST, Check.LIST, Check.LIST),
        (FieldType.EMAIL, ColumnKind.TEXT, Check.EMAIL, Check.EMAIL),
        (FieldType.STRING, ColumnKind.TEXT, None, None),
        (FieldType.STRING, ColumnKind.INTEGER, None, None),
    ],
)
def test_options_are_checked_where_the_catalog_knows_them(
    type_: FieldType, kind: ColumnKind, without: Check | None, with_options: Check | None
) -> None:
    assert check_of(type_, kind, has_options=False) is without
    assert check_of(type_, kind, has_options=True) is with_options
