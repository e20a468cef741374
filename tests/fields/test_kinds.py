"""Which columns fit which field types, and what only their values can tell."""

from __future__ import annotations

import pytest

from qsync.fields.kinds import RULES, Check, ColumnKind, Written, check_of, fits
from qsync.fields.model import FieldType

TEXTS = {FieldType.STRING, FieldType.TEXT}


def _takers(kind: ColumnKind) -> set[FieldType]:
    return {known for known in FieldType if fits(known, kind)}


def test_every_field_type_has_its_rule_and_takes_something() -> None:
    assert set(RULES) == set(FieldType)
    assert all(rule.kinds and rule.advice for rule in RULES.values())


def test_booleans_go_to_boolean_fields_and_nowhere_else() -> None:
    assert _takers(ColumnKind.BOOLEAN) == {FieldType.BOOLEAN}
    assert RULES[FieldType.BOOLEAN].kinds == {ColumnKind.BOOLEAN}


def test_lists_go_to_list_fields_and_nowhere_else() -> None:
    lists = {known for known, rule in RULES.items() if rule.written is Written.LIST}
    assert _takers(ColumnKind.TEXT_LIST) == lists == {
        FieldType.MULTI_PICKLIST,
        FieldType.TEXT_ARRAY,
    }  # fmt: skip


@pytest.mark.parametrize("kind", [ColumnKind.DATE, ColumnKind.TIMESTAMP, ColumnKind.TIMESTAMP_TZ])
def test_times_go_to_text_fields_for_qualified_has_no_dates(kind: ColumnKind) -> None:
    assert _takers(kind) == TEXTS


@pytest.mark.parametrize("kind", [ColumnKind.DECIMAL, ColumnKind.FLOAT])
def test_fractions_go_to_numbers_and_texts(kind: ColumnKind) -> None:
    assert _takers(kind) == TEXTS | {FieldType.DECIMAL}


def test_nothing_takes_what_is_of_no_kind() -> None:
    assert _takers(ColumnKind.OTHER) == set()


@pytest.mark.parametrize(
    ("field_type", "kind", "has_options", "expected"),
    [
        (FieldType.PICKLIST, ColumnKind.TEXT, True, Check.OPTION),
        (FieldType.PICKLIST, ColumnKind.TEXT, False, None),
        (FieldType.MULTI_PICKLIST, ColumnKind.TEXT_LIST, True, Check.OPTIONS),
        (FieldType.MULTI_PICKLIST, ColumnKind.TEXT_LIST, False, Check.LIST),
        (FieldType.TEXT_ARRAY, ColumnKind.TEXT_LIST, False, Check.LIST),
        (FieldType.DECIMAL, ColumnKind.TEXT, False, Check.NUMBER),
        (FieldType.STRING, ColumnKind.FLOAT, False, Check.NUMBER),
        (FieldType.TEXT, ColumnKind.DECIMAL, False, Check.NUMBER),
        (FieldType.STRING, ColumnKind.INTEGER, False, None),
        (FieldType.STRING, ColumnKind.TEXT, False, None),
        (FieldType.EMAIL, ColumnKind.TEXT, False, Check.EMAIL),
        (FieldType.BOOLEAN, ColumnKind.BOOLEAN, False, None),
    ],
)
def test_only_what_the_type_cannot_tell_is_checked_by_value(
    field_type: FieldType, kind: ColumnKind, has_options: bool, expected: Check | None
) -> None:
    assert check_of(field_type, kind, has_options=has_options) is expected
