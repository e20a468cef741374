"""Folding and checking match keys, in SQL (design: trim, ASCII lower case; domains also scheme,
`www.`, port, path, trailing dot).

The folded key is what is compared, kept and sent. Folding a folded key changes nothing: Qualified
normalizes domains itself, and state must know a record by the key Qualified ends with.
`tests/warehouse/test_folding.py` holds it against the same rules written in Python, on every
warehouse.
"""

from __future__ import annotations

from sqlglot import exp

from qsync.project.model import ObjectType
from qsync.warehouse.dialect import BLANKS, Dialect, trim
from qsync.warehouse.sql import Expression, as_text, matches, replace_match, text

_DOMAIN = "([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?"

EMAIL_PATTERN = f'^[^@,;:<>()"{BLANKS}]+@{_DOMAIN}$'
"""A folded address that can be one: something, one at sign, a dotted domain."""

DOMAIN_PATTERN = f"^{_DOMAIN}$"
"""A folded domain: at least two labels of letters, digits and inner hyphens."""

NOT_ASCII_PATTERN = "[^ -~]"
"""Anything but printable ASCII; international names must be converted in dbt."""


_AROUND_A_DOMAIN = (
    "^[a-z][a-z0-9+.-]*://",
    # A dot is not every character everywhere: in some warehouses it is no line end.
    "[/?#]([^/]|/)*$",
    f"([{BLANKS}.]|:[0-9]*)+$",
    f"^([{BLANKS}]|www[.])+",
)
"""What is taken away, in this order: scheme, path, port and dots behind, `www.` before."""


def fold(value: Expression, object_type: ObjectType, dialect: Dialect) -> Expression:
    """The folded match key of a raw one; NULL for nothing but blanks."""
    key = trim(dialect.ascii_lower(as_text(value)))
    if object_type is ObjectType.COMPANY:
        for pattern in _AROUND_A_DOMAIN:
            key = replace_match(key, pattern)
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
