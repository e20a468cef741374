"""Counting a diff: one statement for the records, a second for the fields if any changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from qsync.planning.changes import ChangeCounts, FieldChange
from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnRemoved
from qsync.warehouse.connection import Row
from qsync.warehouse.diff import op_is
from qsync.warehouse.source import OTHER_DOMAIN, conflict_column
from qsync.warehouse.sql import (
    Expression,
    all_of,
    any_of,
    as_,
    case,
    col,
    count_if,
    eq,
    null_text,
    number,
    text,
)

_GROUP = ("op", "retried", "unsettled", "returned")


def counting(stream: CompiledStream, table: str | exp.Table, state: exp.Table | None) -> exp.Select:
    """Records by what would happen to them, over the diff or a staged table.

    Columns: op, retried, unsettled, returned, the reason of the invalid, records, rows in state,
    leads of another domain, records that are cleared, and a column per field of a grouped stream
    with its conflicts.
    """
    invalid = case([(op_is("invalid"), col("reason"))], null_text())
    groups = [*(col(name) for name in _GROUP), invalid]
    query = exp.select(*(group.copy() for group in groups), exp.Count(this=exp.Star()))
    query = query.select(
        _state_rows(state), exp.Sum(this=col(OTHER_DOMAIN)), count_if(_is_cleared(stream))
    )
    if stream.grouped:
        query = query.select(
            *(exp.Sum(this=col(conflict_column(place))) for place, _ in enumerate(stream.fields))
        )
    return query.from_(table).group_by(*groups)


def _state_rows(state: exp.Table | None) -> Expression:
    if state is None:
        return as_(number(0), "state_rows")
    living = exp.NEQ(this=col("status"), expression=text("removed"))
    counted = exp.select(exp.Count(this=exp.Star())).from_(state.copy()).where(living)
    return as_(counted.subquery(), "state_rows")


def counts_of(stream: CompiledStream, rows: Sequence[Row]) -> ChangeCounts:
    """The counting statement's rows, added up."""
    ops: Counter[str] = Counter()
    invalid: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    conflicts: Counter[str] = Counter()
    state_rows = 0
    for op, retried, unsettled, returned, reason, records, in_state, other, cleared, *rest in rows:
        records = int(records)
        state_rows = int(in_state)
        ops[op] += records
        if op == "invalid":
            invalid[str(reason)] += records
        if op in {"added", "changed"}:
            flags["retried"] += records * int(retried)
        if op == "changed":
            flags["unsettled"] += records * (int(unsettled) > 0)
        if op in {"changed", "rehash"}:
            flags["returned"] += records * int(returned)
        if op == "suppressed":
            # That somebody was forgotten is all there is to say of them.
            continue
        flags["other"] += int(other or 0)
        flags["clearing"] += int(cleared)
        for field, count in zip(stream.fields, rest, strict=False):
            conflicts[field.name] += int(count or 0)
    unchanged = ops["unchanged"] + ops["rehash"]
    total_invalid = sum(invalid.values())
    return ChangeCounts(
        state_rows=state_rows,
        in_model=sum(ops[op] for op in ("added", "changed", "resting", "deferred", "suppressed"))
        + unchanged
        + total_invalid,
        added=ops["added"],
        changed=ops["changed"],
        removed=ops["removed"],
        unchanged=unchanged,
        resting=ops["resting"],
        deferred=ops["deferred"],
        suppressed=ops["suppressed"],
        invalid=_largest_first(invalid),
        retried=flags["retried"],
        unsettled=flags["unsettled"],
        clearing=flags["clearing"],
        returned=flags["returned"],
        rehashed=ops["rehash"],
        conflicts=_largest_first(conflicts),
        other_domain=flags["other"],
    )


def _largest_first(counter: Counter[str]) -> Mapping[str, int]:
    found = ((name, count) for name, count in counter.items() if count)
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))


def histogram(stream: CompiledStream, table: str | exp.Table) -> exp.Select:
    """Per field: changed, set and cleared, over the changed records (and removed, if cleared)."""
    columns = []
    for place, _ in enumerate(stream.fields):
        letter = exp.Substring(this=col("kinds"), start=number(place + 1), length=number(1))
        columns += [as_(count_if(eq(letter, text(kind))), f"f_{place}_{kind}") for kind in "csx"]
    # One select: adding columns one by one would copy the tree each time.
    query = exp.select(*columns).from_(table)
    ops = ["changed"]
    if stream.on_removed is OnRemoved.CLEAR:
        ops.append("removed")
    return query.where(op_is(*ops))


def fields_of(stream: CompiledStream, row: Row) -> tuple[FieldChange, ...]:
    """The histogram's one row, largest first; fields that change nowhere are left out."""
    triples = zip(*(iter(int(cell) for cell in row),) * 3, strict=True)
    changes = [
        FieldChange(field.name, changed, added, cleared)
        for field, (changed, added, cleared) in zip(stream.fields, triples, strict=True)
    ]
    return tuple(sort_changes(change for change in changes if change.total))


def sort_changes(changes: Iterable[FieldChange]) -> list[FieldChange]:
    """Largest first, then by name."""
    return sorted(changes, key=lambda change: (-change.total, change.field))


def sends(stream: CompiledStream) -> Expression:
    """Whether a record of the diff is sent."""
    changes = op_is("added", "changed")
    if stream.on_removed is not OnRemoved.CLEAR:
        return changes
    return any_of([changes, exp.Paren(this=_is_cleared(stream))])


def _is_cleared(stream: CompiledStream) -> Expression:
    """Whether a record left the model and this sync wrote something that is to be cleared."""
    if stream.on_removed is not OnRemoved.CLEAR:
        return any_of([])
    return all_of([op_is("removed"), exp.Like(this=col("kinds"), expression=text("%x%"))])
