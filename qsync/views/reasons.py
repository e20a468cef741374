"""Reason codes in words: why a record cannot be sent, and what helps.

A reason is a code (`null_key`) or a code with the field it is about (`not_an_option:industry`).
Codes that concern the match key name no field; Qualified's name of the key stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """What is wrong, after `field: `, and what to do about it."""

    words: str
    cure: str


REASONS: Mapping[str, ReasonWords] = MappingProxyType(
    {
        "null_key": ReasonWords("empty", "fill it, or filter these rows out in dbt"),
        "malformed_key": ReasonWords("malformed", "correct it in dbt"),
        "non_ascii_key": ReasonWords("not ASCII", "convert it in dbt (punycode for a domain)"),
        "key_too_long": ReasonWords("too long", "correct it in dbt"),
        "duplicate_key": ReasonWords(
            "shared by several rows",
            "keep one row per key in dbt; capitals and blanks do not count",
        ),
        "free_mail": ReasonWords(
            "a free-mail domain", "leave it empty in dbt, or set `allow_free_mail: true`"
        ),
        "suppressed": ReasonWords("forgotten on request", "nothing to do: it is never sent again"),
        "null_value": ReasonWords(
            "empty, and `on_null: fail`", "fill it in dbt, or set another `on_null`"
        ),
        "not_a_number": ReasonWords("not a number", "cast it in dbt"),
        "not_a_boolean": ReasonWords("not true or false", "cast it in dbt"),
        "not_a_list": ReasonWords("not a list", "make it an array of texts in dbt"),
        "not_a_list_of_strings": ReasonWords(
            "not a list of texts", "make it an array of texts in dbt"
        ),
        "malformed_email": ReasonWords("not an email address", "correct it in dbt"),
        "not_an_option": ReasonWords(
            "not one of the options", "map it to an option's value in dbt; capitals count"
        ),
        "not_among_options": ReasonWords(
            "holds something that is not one of the options",
            "map every entry to an option's value in dbt; capitals count",
        ),
    }
)
"""Every code qsync gives. One that is missing here is shown as it is, without underscores."""


def split_reason(reason: str) -> tuple[str, str | None]:
    """The code and the field of `code` or `code:field`."""
    code, _, field = reason.partition(":")
    return code, field or None


def reason_words(code: str, field: str | None) -> str:
    """What is wrong, in words: `industry: not one of the options`."""
    known = REASONS.get(code)
    words = code.replace("_", " ") if known is None else known.words
    return words if field is None else f"{field}: {words}"


def reason_cure(code: str) -> str:
    """What to do about it; empty when nobody knows."""
    known = REASONS.get(code)
    return "" if known is None else known.cure
