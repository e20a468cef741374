"""Expected against observed: nothing differs exactly when all is as expected."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.diagnostics import Position
from qsync.execution.expectations import (
    CountDifference,
    InvalidDifference,
    ItemDifference,
    differences,
    same_value,
)
from qsync.execution.sync_tests import FoundInvalid, Observed, SentItem
from qsync.project.model import ObjectType, OnNull
from qsync.project.sync_tests import Expectation, ExpectedInvalid, ExpectedItem
from tests.planning.kit import a_sync, mapped

LEAD, COMPANY = ObjectType.LEAD, ObjectType.COMPANY
HERE = Position("models/tests.qsync.yml")
SYNC = a_sync(mapped("first_name", on_null=OnNull.KEEP))

VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "1", "true"])
ITEMS = st.dictionaries(
    st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]),
    st.dictionaries(st.sampled_from(["f", "g", "h"]), VALUES, max_size=3),
)
INVALID = st.lists(
    st.builds(
        FoundInvalid,
        st.just(LEAD),
        st.sampled_from(["d@x.example", "e@x.example"]),
        st.integers(1, 3).map(lambda row: (row,)),
        st.sampled_from(["null_value", "not_an_option"]),
        st.sampled_from(["f", "g"]),
    ),
    max_size=4,
)


def _observed(items: Mapping[str, Mapping[str, object]], *invalid: FoundInvalid) -> Observed:
    sent = tuple(SentItem(LEAD, key, values) for key, values in items.items())
    return Observed(sent, invalid, {LEAD: frozenset(items)}, {})


def _expected(items: Mapping[str, Mapping[str, object]], *invalid: ExpectedInvalid) -> Expectation:
    wanted = (ExpectedItem(LEAD, key, values, HERE) for key, values in items.items())
    return Expectation(tuple(wanted), invalid)


def _as_expected(record: FoundInvalid, asked: int) -> ExpectedInvalid:
    """What a test might say of a record: all of it, or less."""
    return ExpectedInvalid(
        record.reason,
        HERE,
        field=record.field if asked & 1 else None,
        row=record.rows[0] if asked & 2 else None,
        object=record.object if asked & 4 else None,
        key=(record.key or "").upper() if asked & 4 else None,
    )


@given(ITEMS, ITEMS)
def test_items_differ_exactly_where_keys_fields_or_values_do(
    expected: dict[str, dict[str, object]], sent: dict[str, dict[str, object]]
) -> None:
    found = differences(_expected(expected), _observed(sent), SYNC)
    told = {item.key for item in found if isinstance(item, ItemDifference)}
    kinds = {
        key: {name: (type(value), value) for name, value in values.items()}
        for side in (expected, sent)
        for key, values in side.items()
    }
    assert set(kinds) >= told
    for key in {*expected, *sent}:
        alike = _typed(expected.get(key)) == _typed(sent.get(key))
        assert (key not in told) == alike


def _typed(values: Mapping[str, object] | None) -> object:
    if values is None:
        return None
    return {name: (type(value), value) for name, value in values.items()}


@given(INVALID, st.data())
def test_invalid_records_described_truly_are_all_met_however_little_is_said(
    found: list[FoundInvalid], data: st.DataObject
) -> None:
    asked = data.draw(st.sampled_from([0, 1, 7]))
    wanted = [_as_expected(record, asked) for record in found]
    wanted = data.draw(st.permutations(wanted))
    observed = _observed({}, *found)
    assert differences(_expected({}, *wanted), observed, SYNC) == ()
    counted = Expectation((), None, {})
    for record in found:
        counted.invalid_counts[record.reason] = (  # type: ignore[index]
            counted.invalid_counts.get(record.reason, 0) + 1
        )
    assert differences(counted, observed, SYNC) == ()


@given(INVALID.filter(bool))
def test_an_invalid_record_that_is_not_expected_is_told_and_one_too_many_too(
    found: list[FoundInvalid],
) -> None:
    wanted = [_as_expected(record, 7) for record in found]
    (left,) = differences(_expected({}, *wanted[1:]), _observed({}, *found), SYNC)
    assert isinstance(left, InvalidDifference)
    assert left.found
    (over,) = differences(_expected({}, *wanted), _observed({}, *found[1:]), SYNC)
    assert isinstance(over, InvalidDifference)
    assert not over.found


def test_who_says_little_takes_no_record_from_who_says_much() -> None:
    little = ExpectedInvalid("null_key", HERE)
    much = ExpectedInvalid("null_key", HERE, row=1)
    found = [FoundInvalid(LEAD, None, (row,), "null_key") for row in (1, 2)]
    assert differences(_expected({}, little, much), _observed({}, *found), SYNC) == ()


def test_a_count_with_a_field_is_not_counted_among_those_without() -> None:
    found = [FoundInvalid(LEAD, "a", (1,), "null_value", name) for name in ("f", "f", "g")]
    counts = {"null_value": 1, "null_value:f": 2}
    assert differences(Expectation((), None, counts), _observed({}, *found), SYNC) == ()
    (wrong,) = differences(Expectation((), None, {"null_value:f": 2}), _observed({}, *found), SYNC)
    assert wrong == CountDifference("null_value:g", 0, 1)


@pytest.mark.parametrize(
    ("expected", "sent", "same"),
    [
        (12.5, Decimal("12.50"), True),
        (12, Decimal("12.0"), True),
        (5, 5, True),
        (5.0, 5, True),
        (0.1, Decimal("0.1"), True),
        (0.1, Decimal("0.11"), False),
        ("5", 5, False),
        (5, "5", False),
        (True, 1, False),
        (1, True, False),
        (True, True, True),
        (None, None, True),
        (None, "", False),
        (["a"], ["a"], True),
        (["a", "b"], ["b", "a"], False),
    ],
)
def test_numbers_are_compared_as_numbers_and_nothing_else_is_a_number(
    expected: object, sent: object, same: bool
) -> None:
    assert same_value(expected, sent) is same
