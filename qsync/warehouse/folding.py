"""Folding and checking match keys, in SQL (design: trim, ASCII lower case; domains also scheme,
`www.`, port, path, trailing dot).

The folded key is what is compared, kept and sent. `tests/warehouse/test_folding.py` holds it
against the same rules written in Python, on every warehouse.
"""

from __future__ import annotations

from sqlglot import exp

from qsync.project.model import ObjectType
from qsync.warehouse.dialect import trim
from qsync.warehouse.sql import Expression, as_text, matches, replace_match, text

_DOMAIN = "([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?"

EMAIL_PATTERN = f'^[^@ ,;:<>()"]+@{_DOMAIN}$'
"""A folded address that can be one: something, one at sign, a dotted domain."""

DOMAIN_PATTERN = f"^{_DOMAIN}$"
"""A folded domain: at least two labels of letters, digits and inner hyphens."""

NOT_ASCII_PATTERN = "[^ -~]"
"""Anything but printable ASCII; international names must be converted in dbt."""


def fold(value: Expression, object_type: ObjectType) -> Expression:
    """The folded match key of a raw one; NULL for nothing but blanks."""
    key = trim(exp.Lower(this=as_text(value)))
    if object_type is ObjectType.COMPANY:
        for pattern in ("^[a-z][a-z0-9+.-]*://", "[/?#].*$", ":[0-9]*$", "^www[.]", "[.]+$"):
            key = replace_match(key, pattern)
        key = trim(key)
    return exp.Nullif(this=key, expression=text(""))


def pattern_of(object_type: ObjectType) -> str:
    """What a folded key of this object must look like."""
    return EMAIL_PATTERN if object_type is ObjectType.LEAD else DOMAIN_PATTERN


def is_ascii(key: Expression) -> Expression:
    """Whether a key is printable ASCII."""
    return exp.Not(this=matches(key, NOT_ASCII_PATTERN))


def is_well_formed(key: Expression, object_type: ObjectType) -> Expression:
    """Whether a folded key is one Qualified can take."""
    return matches(key, pattern_of(object_type))
