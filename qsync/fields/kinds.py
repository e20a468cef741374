"""Which warehouse types fit which of Qualified's field types: the one table.

A column's type is reduced to a `ColumnKind` by the warehouse room. What does not fit is an error
before anything runs; what only the value can tell is a `Check`, made in SQL on the value's
canonical text, and makes the row invalid. `docs/field-types.md` is written from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from qsync.fields.model import FieldType


class ColumnKind(StrEnum):
    """What a warehouse column holds, as far as sending it matters."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    """Exact numbers with a scale."""
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    """Without a time zone; read as UTC."""
    TIMESTAMP_TZ = "timestamp_tz"
    TEXT_LIST = "text_list"
    """An array of strings."""
    OTHER = "other"
    """Anything else: structs, JSON, binary, intervals, arrays of other things. Never fits."""


class Check(StrEnum):
    """What only the value can tell. The value is the reason's code for an invalid row."""

    NUMBER = "not_a_number"
    EMAIL = "malformed_email"
    OPTION = "not_an_option"
    OPTIONS = "not_among_options"
    LIST = "not_a_list_of_strings"
    """An array with a null in it, or of arrays."""


class Written(StrEnum):
    """How a value stands in the JSON sent."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field type takes values: from which kinds, how written, what is checked."""

    kinds: frozenset[ColumnKind]
    written: Written
    check: Check | None = None
    trimmed: bool = False
    advice: str = "cast it in the dbt model"


_NUMBERS = frozenset({ColumnKind.INTEGER, ColumnKind.DECIMAL, ColumnKind.FLOAT})
_TIMES = frozenset({ColumnKind.DATE, ColumnKind.TIMESTAMP, ColumnKind.TIMESTAMP_TZ})
_TEXT = frozenset({ColumnKind.TEXT})

RULES: Mapping[FieldType, Rule] = MappingProxyType(
    {
        FieldType.STRING: Rule(_TEXT | _NUMBERS | _TIMES, Written.STRING),
        FieldType.TEXT: Rule(_TEXT | _NUMBERS | _TIMES, Written.STRING),
        FieldType.DECIMAL: Rule(_TEXT | _NUMBERS, Written.NUMBER, Check.NUMBER, trimmed=True),
        FieldType.BOOLEAN: Rule(frozenset({ColumnKind.BOOLEAN}), Written.BOOLEAN),
        FieldType.EMAIL: Rule(_TEXT, Written.STRING, Check.EMAIL, trimmed=True),
        FieldType.PHONE: Rule(_TEXT | {ColumnKind.INTEGER}, Written.STRING),
        FieldType.NAME: Rule(_TEXT, Written.STRING),
        FieldType.COMPANY: Rule(_TEXT, Written.STRING),
        FieldType.PICKLIST: Rule(_TEXT | {ColumnKind.INTEGER}, Written.STRING, Check.OPTION),
        FieldType.MULTI_PICKLIST: Rule(
            frozenset({ColumnKind.TEXT_LIST}),
            Written.LIST,
            Check.OPTIONS,
            advice="make it an array of strings in the dbt model",
        ),
        FieldType.TEXT_ARRAY: Rule(
            frozenset({ColumnKind.TEXT_LIST}),
            Written.LIST,
            Check.LIST,
            advice="make it an array of strings in the dbt model",
        ),
    }
)
"""The table, for all eleven types of API.md, "Fields"."""


def fits(field_type: FieldType, kind: ColumnKind) -> bool:
    """Whether a column of this kind can be sent to a field of this type at all."""
    return kind in RULES[field_type].kinds


def check_of(field_type: FieldType, kind: ColumnKind, *, has_options: bool) -> Check | None:
    """What only the values of a column can tell.

    A field without options in the catalog takes any. Numbers that no one could read (NaN, infinity)
    are not sent as text either.
    """
    check = RULES[field_type].check
    if check is Check.OPTION and not has_options:
        return None
    if check is Check.OPTIONS and not has_options:
        return Check.LIST
    if check is None and kind in {ColumnKind.DECIMAL, ColumnKind.FLOAT}:
        return Check.NUMBER
    return check
