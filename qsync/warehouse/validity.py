"""Which records are invalid, and why: SQL, so that a plan can count them.

A reason is a code (`null_key`) or a code and the field it is about (`not_an_option:industry`). The
first that applies is the record's.
"""

from __future__ import annotations

import re

import orjson
from sqlglot import exp

from qsync.fields.encoding import NUMBER_PATTERN
from qsync.fields.kinds import Check
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.free_mail import FREE_MAIL_DOMAINS
from qsync.project.model import ObjectType, OnNull
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.folding import EMAIL_PATTERN, is_ascii, is_well_formed
from qsync.warehouse.sql import (
    Expression,
    all_of,
    case,
    is_null,
    matches,
    not_null,
    null_text,
    one_of,
    text,
)


def invalid_reason(
    stream: CompiledStream,
    key: Expression,
    shared: Expression | None,
    values: dict[str, Expression],
    conflicts: dict[str, Expression],
    dialect: Dialect,
    known: Expression | None = None,
) -> Expression:
    """Why a record cannot be sent, or NULL.

    What is in state as it is has passed these checks before: most of them look at nothing but the
    key and the values, and need not be made again (a stricter rule needs another hash version).
    Only what may have changed around the record is looked at: rows that share its key, options,
    free mail.

    Args:
        stream: The compiled stream.
        key: The folded key.
        shared: Whether another row folds to the same key; None where rows are grouped by it.
        values: The canonical text of each field, by field name.
        conflicts: For grouped streams, whether a field was left out because its rows disagree.
        dialect: The warehouse's ways.
        known: Whether state holds the record as it is; None where every check is to be made.
    """
    around: list[tuple[Expression, Expression]] = []
    branches: list[tuple[Expression, Expression]] = [
        (is_null(key), text("null_key")),
        (exp.Not(this=is_ascii(key)), text("non_ascii_key")),
        (exp.Not(this=is_well_formed(key, stream.object)), text("malformed_key")),
    ]
    if shared is not None:
        around.append((shared, text("duplicate_key")))
    if stream.object is ObjectType.COMPANY and not stream.allow_free_mail:
        around.append((one_of(key, sorted(FREE_MAIL_DOMAINS)), text("free_mail")))
    branches += around
    for field in stream.fields:
        value = values[field.name]
        if field.on_null is OnNull.FAIL and field.column is not None:
            missing = is_null(value)
            if field.name in conflicts:
                missing = all_of([missing, exp.Not(this=conflicts[field.name].copy())])
            branches.append((missing, text(f"null_value:{field.name}")))
        wrong = _wrong(field, value, dialect)
        if wrong is not None and field.check is not None:
            branch = (all_of([not_null(value), wrong]), text(f"{field.check.value}:{field.name}"))
            branches.append(branch)
            if field.check in {Check.OPTION, Check.OPTIONS}:
                around.append(branch)
    every = case(branches, null_text())
    if known is None:
        return every
    if not around:
        return case([(known, null_text())], every)
    again = [(condition.copy(), reason.copy()) for condition, reason in around]
    return case([(known, case(again, null_text()))], every)


def _wrong(field: CompiledField, value: Expression, dialect: Dialect) -> Expression | None:
    match field.check:
        case Check.NUMBER:
            return exp.Not(this=matches(value, NUMBER_PATTERN))
        case Check.EMAIL:
            return exp.Not(this=matches(dialect.ascii_lower(value.copy()), EMAIL_PATTERN))
        case Check.OPTION:
            return exp.Not(this=one_of(value, field.options))
        case Check.OPTIONS:
            return exp.Not(this=matches(value, _list_pattern(field.options)))
        case Check.LIST:
            return exp.Not(this=matches(value, _LIST_PATTERN))
        case None:
            return None


# A JSON string: no quote and no backslash, or a backslash with what it escapes.
_STRING = '"([^"\\\\]|[\\\\].)*"'
_LIST_PATTERN = f"^[[]({_STRING}(,{_STRING})*)?[]]$"


def _list_pattern(options: tuple[str, ...]) -> str:
    """A JSON array whose entries are all among the options. Brackets instead of backslashes."""
    entries = "|".join(_literally(orjson.dumps(option).decode()) for option in options)
    return f"^[[](({entries})(,({entries}))*)?[]]$"


_TOKEN = re.compile(r"\\u(?P<hex>[0-9a-f]{4})|\\(?P<escaped>.)|(?P<other>[^A-Za-z0-9 _\"])")


def _literally(json_string: str) -> str:
    """A pattern that matches this JSON string, with hex digits in either case, and nothing else."""
    return _TOKEN.sub(_pattern_of, json_string)


def _pattern_of(token: re.Match[str]) -> str:
    if token["hex"]:
        digits = (f"[{digit}{digit.upper()}]" for digit in token["hex"])
        return f"[\\\\]u{''.join(digits)}"
    if token["escaped"]:
        return f"[\\\\]{_one(token['escaped'])}"
    return _one(token["other"])


def _one(letter: str) -> str:
    return {"^": "[\\^]", "\\": "[\\\\]"}.get(letter, f"[{letter}]")
