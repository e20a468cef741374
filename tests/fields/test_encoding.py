"""Canonical texts as JSON, and the constants of sync files as canonical texts."""

from __future__ import annotations

import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.fields.encoding import UnwritableError, canonical_constant, encoder
from qsync.fields.kinds import RULES, Written
from qsync.fields.model import FieldType

CANARY = "canary@person.example"


def _json(field_type: FieldType, text: str) -> bytes:
    return orjson.dumps(encoder(field_type)(text))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25))
def test_a_number_is_written_digit_by_digit(number: Decimal) -> None:
    text = f"{number:f}"
    assert _json(FieldType.DECIMAL, text) == text.encode()
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back_as_itself(number: float) -> None:
    assert json.loads(_json(FieldType.DECIMAL, repr(number))) == number


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_the_text(text: str) -> None:
    assert json.loads(_json(FieldType.STRING, text)) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_list_is_its_entries(entries: list[str]) -> None:
    assert json.loads(_json(FieldType.TEXT_ARRAY, json.dumps(entries))) == entries


@pytest.mark.parametrize(
    ("field_type", "text", "code"),
    [
        (FieldType.DECIMAL, "", "not_a_number"),
        (FieldType.DECIMAL, "nan", "not_a_number"),
        (FieldType.DECIMAL, "Infinity", "not_a_number"),
        (FieldType.DECIMAL, "1e400", "not_a_number"),
        (FieldType.DECIMAL, "007", "not_a_number"),
        (FieldType.DECIMAL, "1\n", "not_a_number"),
        (FieldType.DECIMAL, "1,5", "not_a_number"),
        (FieldType.DECIMAL, "\u0661", "not_a_number"),
        (FieldType.DECIMAL, CANARY, "not_a_number"),
        (FieldType.BOOLEAN, "True", "not_a_boolean"),
        (FieldType.BOOLEAN, CANARY, "not_a_boolean"),
        (FieldType.TEXT_ARRAY, CANARY, "not_a_list"),
        (FieldType.TEXT_ARRAY, f'{{"a": "{CANARY}"}}', "not_a_list_of_strings"),
        (FieldType.MULTI_PICKLIST, f'["{CANARY}", null]', "not_a_list_of_strings"),
        (FieldType.MULTI_PICKLIST, "[1]", "not_a_list_of_strings"),
    ],
)
def test_what_cannot_be_written_says_why_and_never_what(
    field_type: FieldType, text: str, code: str
) -> None:
    with pytest.raises(UnwritableError) as caught:
        encoder(field_type)(text)
    assert caught.value.code == code
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None


@given(st.text(max_size=12))
def test_text_for_a_number_is_refused_or_is_json(text: str) -> None:
    try:
        written = _json(FieldType.DECIMAL, text)
    except UnwritableError:
        return
    assert isinstance(json.loads(written), int | float)


@pytest.mark.parametrize(
    ("field_type", "value", "expected"),
    [
        (FieldType.STRING, " a ", " a "),
        (FieldType.EMAIL, " a@x.example ", "a@x.example"),
        (FieldType.STRING, 3, "3"),
        (FieldType.DECIMAL, 1.5, "1.5"),
        (FieldType.DECIMAL, "1.5", None),
        (FieldType.DECIMAL, float("nan"), None),
        (FieldType.DECIMAL, float("inf"), None),
        (FieldType.DECIMAL, True, None),
        (FieldType.BOOLEAN, True, "true"),
        (FieldType.BOOLEAN, False, "false"),
        (FieldType.BOOLEAN, "true", None),
        (FieldType.BOOLEAN, 1, None),
        (FieldType.STRING, True, None),
        (FieldType.TEXT_ARRAY, "a", None),
    ],
)
def test_a_constant_fits_its_field_or_is_none(
    field_type: FieldType, value: str | float | bool, expected: str | None
) -> None:
    assert canonical_constant(field_type, value) == expected


@given(
    st.sampled_from(FieldType),
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
)
def test_a_constant_that_fits_can_be_written(
    field_type: FieldType, value: str | int | float | bool
) -> None:
    text = canonical_constant(field_type, value)
    if text is not None:
        assert RULES[field_type].written is not Written.LIST
        # An integer beyond every float is refused when it is written, and told then.
        if not (isinstance(value, int) and abs(value) > 10**300):
            orjson.dumps(encoder(field_type)(text))
