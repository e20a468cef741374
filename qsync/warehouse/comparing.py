"""Comparing two mappings on the same rows: one statement per stream, which returns counts.

Each side is the source of its stream (`source`), brought to one row per key. What a field does to a
record is a letter: `s` the head sends a value and the base none, `c` another value, `x` null and
the base does not, `u` nothing and the base something; `=` the same value, `v` a value in a record
that the base does not send, `?` a value where the base's is not known, `.` nothing either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from qsync.fields.kinds import RULES
from qsync.planning.comparison import CompareRequest, Counted, FieldCounts, Records, Side
from qsync.planning.compiled import CompiledField
from qsync.project.model import OnNull
from qsync.warehouse.connection import Row
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.folding import fold
from qsync.warehouse.source import INVALID, KEY, conflict_column, source_query
from qsync.warehouse.sql import (
    Expression,
    all_of,
    any_of,
    as_,
    case,
    col,
    concat,
    count_if,
    differs,
    eq,
    is_null,
    matches,
    named,
    not_null,
    null_text,
    number,
    relation,
    text,
    under,
)

_BASE, _HEAD = "base_side", "head_side"
_COUNTED = ("scv=?", "s", "c", "x", "u")
"""The letters behind each number of `FieldCounts`, in its order."""


def comparison_query(request: CompareRequest, dialect: Dialect) -> exp.Select:
    """Records by fate: fate, reason, how many, rows with another key, five numbers per field."""
    fields = compared_fields(request)
    query = (
        exp.select(
            col("fate"), col("reason"), exp.Count(this=exp.Star()), _rekeyed(request, dialect)
        )
        .select(
            *(
                as_(count_if(_is_one_of(place, letters)), f"f_{place}_{at}")
                for place, _ in enumerate(fields)
                for at, letters in enumerate(_COUNTED)
            )
        )
        .from_(named("compared"))
        .group_by(col("fate"), col("reason"))
    )
    for name, side in ((_BASE, request.base), (_HEAD, request.head)):
        if side is not None:
            query = query.with_(under(name), as_=_side(side, dialect), copy=False)
    query = query.with_(under("joined"), as_=_joined(request, fields), copy=False)
    return query.with_(under("compared"), as_=_compared(), copy=False)


def compared_fields(request: CompareRequest) -> tuple[str, ...]:
    """The fields of either side, by name: the order of the letters."""
    sides = [side for side in (request.base, request.head) if side is not None]
    return tuple(sorted({item.name for side in sides for item in side.stream.fields}))


def counted(request: CompareRequest, rows: Sequence[Row]) -> Counted:
    """The statement's rows, added up."""
    fates: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {"valid": Counter(), "invalid": Counter()}
    fields = compared_fields(request)
    totals = [0] * (len(_COUNTED) * len(fields))
    rekeyed = 0
    for fate, reason, records, other_key, *numbers in rows:
        fates[fate] += int(records)
        if fate in reasons:
            reasons[fate][str(reason)] += int(records)
        rekeyed = int(other_key)
        totals = [total + int(cell) for total, cell in zip(totals, numbers, strict=True)]
    each = zip(*(iter(totals),) * len(_COUNTED), strict=True)
    return Counted(
        Records(
            alike=fates["alike"],
            differing=fates["differing"],
            new=fates["new"],
            left=fates["left"],
            valid=dict(reasons["valid"]),
            invalid=dict(reasons["invalid"]),
            rekeyed=rekeyed if _same_rows(request) else None,
        ),
        {name: FieldCounts(*numbers) for name, numbers in zip(fields, each, strict=True)},
    )


def _side(side: Side, dialect: Dialect) -> exp.Query:
    """One side's records by key. Its table expressions are its own: both have the same names."""
    # Leads whose company has another domain are no part of what is compared.
    stream = replace(side.stream, company_match_column=None)
    values = [item.state_column for item in stream.fields]
    query: exp.Query
    if stream.grouped:
        conflicts = [conflict_column(place) for place, _ in enumerate(stream.fields)]
        query = exp.select(*(col(name) for name in (KEY, INVALID, *values, *conflicts)))
        query = query.from_(named("source"))
    else:
        # Only invalid rows share a key, all for the same reason: grouping all would be dear.
        valid = exp.select(*(col(name) for name in (KEY, INVALID, *values))).from_(named("source"))
        lowest = as_(exp.Min(this=col(INVALID)), INVALID)
        nothing = (as_(null_text(), name) for name in values)
        invalid = exp.select(col(KEY), lowest, *nothing).from_(named("source")).group_by(col(KEY))
        query = exp.union(
            valid.where(is_null(col(INVALID))),
            invalid.where(all_of([not_null(col(INVALID)), not_null(col(KEY))])),
            distinct=False,
            copy=False,
        )
    for name, cte in source_query(stream, side.relation, dialect).ctes:
        query = query.with_(under(name), as_=cte, copy=False)
    return query


def _joined(request: CompareRequest, fields: Sequence[str]) -> exp.Select:
    """Every key with what becomes of it, and a letter per field."""
    base_valid, head_valid = _valid(request.base, _BASE), _valid(request.head, _HEAD)
    letters = [_letter(request, name, base_valid, head_valid) for name in fields]
    branches = [(all_of([base_valid, head_valid]), text("both"))]
    if request.base is not None:
        there = _there(request.head, _HEAD)
        branches += [
            (all_of([base_valid, there]), text("invalid")),
            (base_valid.copy(), text("left")),
        ]
    if request.head is not None:
        there = _there(request.base, _BASE)
        branches += [
            (all_of([head_valid, there]), text("valid")),
            (head_valid.copy(), text("new")),
        ]
    query = exp.select(
        as_(case(branches, text("neither")), "fate"),
        as_(_reason(request.base, _BASE), "base_reason"),
        as_(_reason(request.head, _HEAD), "head_reason"),
        as_(concat(letters), "letters"),
    ).from_(named(_BASE if request.base is not None else _HEAD))
    if request.base is None or request.head is None:
        return query
    return query.join(named(_HEAD), on=eq(col(KEY, _BASE), col(KEY, _HEAD)), join_type="full outer")


def _compared() -> exp.Select:
    fate = col("fate")
    other = all_of([eq(fate, text("both")), matches(col("letters"), "[scxu]")])
    told = [(other, text("differing")), (eq(fate, text("both")), text("alike"))]
    reason = case(
        [
            (eq(fate, text("valid")), col("base_reason")),
            (eq(fate, text("invalid")), col("head_reason")),
        ],
        null_text(),
    )
    query = exp.select(as_(case(told, fate.copy()), "fate"), as_(reason, "reason"), col("letters"))
    return query.from_(named("joined"))


def _valid(side: Side | None, table: str) -> Expression:
    if side is None:
        return any_of([])
    return all_of([not_null(col(KEY, table)), is_null(col(INVALID, table))])


def _there(side: Side | None, table: str) -> Expression:
    return any_of([]) if side is None else not_null(col(KEY, table))


def _reason(side: Side | None, table: str) -> Expression:
    return null_text() if side is None else col(INVALID, table)


def _letter(
    request: CompareRequest, name: str, base_valid: Expression, head_valid: Expression
) -> Expression:
    """What happens to one field of a record, as a letter."""
    base, base_null = _sent(request.base, _BASE, name)
    head, head_null = _sent(request.head, _HEAD, name)
    nothing = text(".")
    if request.base is None:
        told = case([(not_null(head), text("s")), (head_null, text("x"))], nothing)
        return case([(head_valid.copy(), told)], nothing.copy())
    if request.head is None:
        told = case([(any_of([not_null(base), base_null]), text("u"))], nothing)
        return case([(base_valid.copy(), told)], nothing.copy())
    only_head = case([(not_null(head), text("v"))], nothing.copy())
    alone = case([(head_valid.copy(), only_head)], nothing.copy())
    both = all_of([base_valid.copy(), head_valid.copy()])
    if name in request.unread:
        told = case([(not_null(head), text("?"))], nothing.copy())
        return case([(both, told)], alone)
    same = eq(base, head) if _written_alike(request, name) else any_of([])
    told = case(
        [
            (all_of([not_null(head), is_null(base)]), text("s")),
            (all_of([not_null(head), same]), text("=")),
            (not_null(head), text("c")),
            (all_of([head_null, base_null]), nothing.copy()),
            (head_null.copy(), text("x")),
            (any_of([not_null(base), base_null.copy()]), text("u")),
        ],
        nothing.copy(),
    )
    return case([(both, told)], alone)


def _sent(side: Side | None, table: str, name: str) -> tuple[Expression, Expression]:
    """The value that a side sends for a field, and whether it sends null instead of one."""
    never = any_of([])
    if side is None:
        return null_text(), never
    for place, item in enumerate(side.stream.fields):
        if item.name == name:
            value = col(item.state_column, table)
            if item.on_null is not OnNull.CLEAR:
                return value, never
            empty = is_null(value)
            if side.stream.grouped:
                # Where rows disagree the field is left out, which is not sending null.
                agreed = eq(col(conflict_column(place), table), number(0))
                empty = exp.Paren(this=all_of([empty, agreed]))
            return value, empty
    return null_text(), never


def _written_alike(request: CompareRequest, name: str) -> bool:
    """Whether equal texts are equal in JSON: `"12"` and `12` are not."""
    written = {RULES[item.type].written for item in _both(request, name)}
    return len(written) < 2


def _both(request: CompareRequest, name: str) -> list[CompiledField]:
    sides = [side for side in (request.base, request.head) if side is not None]
    return [item for side in sides for item in side.stream.fields if item.name == name]


def _is_one_of(place: int, letters: str) -> Expression:
    letter = exp.Substring(this=col("letters"), start=number(place + 1), length=number(1))
    return exp.In(this=letter, expressions=[text(each) for each in letters])


def _same_rows(request: CompareRequest) -> bool:
    """Whether a row can be told to have one key on the one side and another on the other."""
    if request.base is None or request.head is None:
        return True
    return request.base.relation == request.head.relation


def _rekeyed(request: CompareRequest, dialect: Dialect) -> Expression:
    base, head = request.base, request.head
    if base is None or head is None or not _same_rows(request):
        return as_(number(0), "rekeyed")
    if base.stream.match_column == head.stream.match_column:
        return as_(number(0), "rekeyed")
    keys = [
        fold(col(side.stream.match_column), side.stream.object, dialect) for side in (base, head)
    ]
    rows = exp.select(exp.Count(this=exp.Star())).from_(relation(head.relation, dialect.name))
    return as_(rows.where(differs(*keys)).subquery(), "rekeyed")
