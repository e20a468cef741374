"""From a value's canonical text to the JSON that is sent.

The warehouse casts every value to its canonical text (numbers in JSON's grammar, `true`/`false`,
UTC timestamps, lists as JSON arrays), so Python only serializes. What fails is `invalid_late`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import orjson

from qsync.fields.kinds import RULES, Written
from qsync.fields.model import FieldType

JsonValue = str | bool | list[str] | orjson.Fragment
"""What orjson can write. A number travels as a fragment: its digits, exactly as they are."""

NUMBER_PATTERN = r"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?$"
"""JSON's grammar of a number, in a regular expression every warehouse understands."""

_NUMBER = re.compile(NUMBER_PATTERN.replace("$", r"\Z"))


class UnwritableError(ValueError):
    """A value that cannot be written as JSON. `code` is the reason; the value is never in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _string(text: str) -> JsonValue:
    return text


def _number(text: str) -> JsonValue:
    if _NUMBER.match(text) is None or not math.isfinite(float(text)):
        raise UnwritableError("not_a_number")
    return orjson.Fragment(text.encode("ascii"))


def _boolean(text: str) -> JsonValue:
    if text == "true":
        return True
    if text == "false":
        return False
    raise UnwritableError("not_a_boolean")


def _list(text: str) -> JsonValue:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UnwritableError("not_a_list") from None
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise UnwritableError("not_a_list_of_strings")
    return value


_ENCODERS: Mapping[Written, Callable[[str], JsonValue]] = MappingProxyType(
    {
        Written.STRING: _string,
        Written.NUMBER: _number,
        Written.BOOLEAN: _boolean,
        Written.LIST: _list,
    }
)


def encoder(field_type: FieldType) -> Callable[[str], JsonValue]:
    """The function that writes canonical text for a field of this type.

    It raises `UnwritableError` for text it cannot write.
    """
    return _ENCODERS[RULES[field_type].written]


def canonical_constant(field_type: FieldType, value: str | int | float | bool) -> str | None:
    """The canonical text of a constant of a sync file, or None when it does not fit the type."""
    written = RULES[field_type].written
    if isinstance(value, bool):
        return str(value).lower() if written is Written.BOOLEAN else None
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return None
        text = str(value)
        return text if written in {Written.NUMBER, Written.STRING} else None
    if written is Written.STRING:
        return value.strip() if RULES[field_type].trimmed else value
    return None
