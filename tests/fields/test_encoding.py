"""Canonical texts as JSON, and constants of a sync file as canonical texts."""

from __future__ import annotations

import math
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.fields.encoding import UnwritableError, canonical_constant, encoder
from qsync.fields.kinds import RULES, Written
from qsync.fields.model import FieldType

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
STRINGS = [type_ for type_ in FieldType if RULES[type_].written is Written.STRING]
LISTS = [type_ for type_ in FieldType if RULES[type_].written is Written.LIST]


def written(type_: FieldType, text: str) -> bytes:
    """The JSON of a canonical text."""
    return orjson.dumps(encoder(type_)(text))


def is_writable(type_: FieldType, text: str) -> bool:
    """Whether the text can be written."""
    try:
        written(type_, text)
    except UnwritableError:
        return False
    return True


@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
)
def test_a_number_is_sent_with_the_digits_it_has(value: Decimal) -> None:
    text = f"{value:f}"
    assert written(FieldType.DECIMAL, text).decode() == text


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_the_same_number(value: float) -> None:
    assert float(orjson.loads(written(FieldType.DECIMAL, repr(value)))) == value


@given(text=st.text(st.sampled_from("0123456789+-.eE \n\u0664"), max_size=8))
def test_only_what_json_reads_as_a_number_is_written_as_one(text: str) -> None:
    if is_writable(FieldType.DECIMAL, text):
        read = orjson.loads(text)
        assert type(read) in {int, float}
        assert math.isfinite(read)
        assert text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "01",
        "1.",
        ".5",
        "1,5",
        "1_0",
        "0x1",
        "NaN",
        "inf",
        "-",
        "1e400",
    ],
)
def test_what_is_no_number_in_json_is_not_written_and_the_error_does_not_quote_it(
    text: str,
) -> None:
    with pytest.raises(UnwritableError) as raised:
        written(FieldType.DECIMAL, text)
    assert str(raised.value) == raised.value.code == "not_a_number"


@pytest.mark.parametrize("text", ["t", "True", "1", "", "yes"])
def test_a_boolean_is_true_or_false_and_nothing_like_it(text: str) -> None:
    assert written(FieldType.BOOLEAN, "true") == b"true"
    assert written(FieldType.BOOLEAN, "false") == b"false"
    assert not is_writable(FieldType.BOOLEAN, text)


@pytest.mark.parametrize("type_", STRINGS)
@given(text=TEXTS)
def test_a_text_arrives_letter_by_letter(type_: FieldType, text: str) -> None:
    assert orjson.loads(written(type_, text)) == text


@pytest.mark.parametrize("type_", LISTS)
@given(entries=st.lists(TEXTS))
def test_a_list_arrives_entry_by_entry(type_: FieldType, entries: list[str]) -> None:
    assert orjson.loads(written(type_, orjson.dumps(entries).decode())) == entries


@pytest.mark.parametrize("type_", LISTS)
@pytest.mark.parametrize("text", ["", "x", '"x"', "{}", "null", '["x",null]', "[1]", '[["x"]]'])
def test_a_list_of_anything_but_strings_is_not_written(type_: FieldType, text: str) -> None:
    assert not is_writable(type_, text)


@pytest.mark.parametrize("type_", list(FieldType))
@given(value=st.one_of(TEXTS, st.integers(), st.booleans(), st.floats()))
def test_a_constant_that_fits_its_field_can_be_written(
    type_: FieldType, value: str | int | float | bool
) -> None:
    text = canonical_constant(type_, value)
    if text is not None:
        assert is_writable(type_, text)


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (FieldType.STRING, "warehouse", "warehouse"),
        (FieldType.STRING, " padded ", " padded "),
        (FieldType.EMAIL, " jo@acme.example ", "jo@acme.example"),
        (FieldType.STRING, 7, "7"),
        (FieldType.DECIMAL, 0.1, "0.1"),
        (FieldType.BOOLEAN, True, "true"),
        (FieldType.STRING, True, None),
        (FieldType.DECIMAL, True, None),
        (FieldType.DECIMAL, "7", None),
        (FieldType.DECIMAL, math.inf, None),
        (FieldType.BOOLEAN, 1, None),
        (FieldType.BOOLEAN, "true", None),
        (FieldType.TEXT_ARRAY, "x", None),
    ],
)
def test_a_constant_keeps_the_type_it_has_in_the_file(
    type_: FieldType, value: str | int | float | bool, text: str | None
) -> None:
    assert canonical_constant(type_, value) == text
