"""Counting a diff: one statement for the records, a second for the fields if any changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from qsync.planning.changes import Cause, ChangeCounts, ChangeSet, FieldChange
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.movement import Movement
from qsync.project.model import OnRemoved
from qsync.warehouse.connection import Row
from qsync.warehouse.diff import op_in, op_is
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
    named,
    not_null,
    null_text,
    number,
    text,
)

_GROUP = ("op", "retried", "unsettled", "returned")


def counting(
    stream: CompiledStream,
    table: str | exp.Table,
    state: exp.Table | None,
    moved: Movement | None = None,
) -> exp.Select:
    """Records by what would happen to them, over the diff or a staged table.

    Columns: op, retried, unsettled, returned, the reason of the invalid, cause, records, rows in
    state, leads of another domain, records that are cleared; per field of a grouped stream its
    conflicts; per field the added records with a value, before there is any state.
    """
    invalid = case([(op_is("invalid"), col("reason"))], null_text())
    groups = [*(col(name) for name in _GROUP), invalid]
    cause = _cause(stream, moved)
    if cause is None:
        cause = text(Cause.DATA)
    else:
        groups.append(col("cause"))
    query = exp.select(
        *(col(name) for name in _GROUP),
        invalid.copy(),
        as_(cause, "cause"),
        exp.Count(this=exp.Star()),
    )
    query = query.select(
        _state_rows(state), exp.Sum(this=col(OTHER_DOMAIN)), count_if(_is_cleared(stream))
    )
    if stream.grouped:
        query = query.select(
            *(exp.Sum(this=col(conflict_column(place))) for place, _ in enumerate(stream.fields))
        )
    if state is None:
        query = query.select(*(count_if(_is_filled(field)) for field in stream.fields))
    return query.from_(named(table)).group_by(*groups)


def _is_filled(field: CompiledField) -> Expression:
    return all_of([op_is("added"), not_null(col(field.state_column))])


def _cause(stream: CompiledStream, moved: Movement | None) -> Expression | None:
    """Why a record's fields differ; None when it is the data for all that can be told.

    Without a mapping that moved it costs nothing: a letter per field is only looked at here.
    """
    by_mapping = frozenset[str]() if moved is None else moved.by_mapping
    by_catalog = frozenset[str]() if moved is None else moved.by_catalog
    if not by_mapping and not by_catalog:
        return None
    places: dict[Cause, list[Expression]] = {Cause.DATA: [], Cause.MAPPING: [], Cause.CATALOG: []}
    for place, field in enumerate(stream.fields):
        cause = Cause.DATA
        if field.name in by_mapping:
            cause = Cause.MAPPING
        elif field.name in by_catalog:
            cause = Cause.CATALOG
        places[cause].append(op_in(_letter(place), *"csx"))
    # A field whose mapping stayed can only have changed with the data: that outweighs the others.
    branches: list[tuple[Expression, Expression]] = [
        (exp.Not(this=op_is("changed")), text(Cause.DATA)),
        *((any_of(found), text(cause)) for cause, found in places.items() if found),
    ]
    return case(branches, text(Cause.DATA))


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
    causes: Counter[Cause] = Counter()
    filled: Counter[str] = Counter()
    conflicts: Counter[str] = Counter()
    state_rows = 0
    for op, retried, unsettled, returned, reason, cause, records, *sums in rows:
        records = int(records)
        in_state, other, cleared, *rest = sums
        state_rows = int(in_state)
        ops[op] += records
        if op == "invalid":
            invalid[str(reason)] += records
        if op in {"added", "changed"}:
            flags["retried"] += records * int(retried)
        if op == "changed":
            flags["unsettled"] += records * (int(unsettled) > 0)
            again = Cause.RETRY if int(retried) else Cause(cause)
            causes[Cause.UNSETTLED if int(unsettled) else again] += records
        if op in {"changed", "rehash"}:
            flags["returned"] += records * int(returned)
        if op == "suppressed":
            # That somebody was forgotten is all there is to say of them.
            continue
        flags["other"] += int(other or 0)
        flags["clearing"] += int(cleared)
        per_field = iter(rest)
        for counter in (conflicts, filled) if stream.grouped else (filled,):
            for field, count in zip(stream.fields, per_field, strict=False):
                counter[field.name] += int(count or 0)
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
        stranded=ops["removed"] + ops["gone"],
        causes={cause: count for cause, count in causes.items() if cause is not Cause.DATA},
        filled=_largest_first(filled),
    )


def _largest_first(counter: Counter[str]) -> Mapping[str, int]:
    found = ((name, count) for name, count in counter.items() if count)
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))


def histogram(stream: CompiledStream, table: str | exp.Table) -> exp.Select:
    """Per field: changed, set and cleared, over the changed records (and removed, if cleared).

    The last column counts the records in which any field is cleared.
    """
    columns = []
    for place, _ in enumerate(stream.fields):
        columns += [
            as_(count_if(eq(_letter(place), text(kind))), f"f_{place}_{kind}") for kind in "csx"
        ]
    columns.append(as_(count_if(_holds_a_cleared_field()), "cleared"))
    # One select: adding columns one by one would copy the tree each time.
    query = exp.select(*columns).from_(named(table))
    ops = ["changed"]
    if stream.on_removed is OnRemoved.CLEAR:
        ops.append("removed")
    return query.where(op_is(*ops))


def change_set_of(stream: CompiledStream, counts: ChangeCounts, row: Row) -> ChangeSet:
    """Counts with the histogram's one row."""
    return ChangeSet(replace(counts, cleared=int(row[-1])), fields_of(stream, row))


def first_change_set(counts: ChangeCounts) -> ChangeSet:
    """Counts where nothing changed: of added records, the fields that have a value."""
    filled = (FieldChange(name, set=records) for name, records in counts.filled.items())
    return ChangeSet(counts, tuple(sort_changes(filled)))


def fields_of(stream: CompiledStream, row: Row) -> tuple[FieldChange, ...]:
    """The histogram's one row, largest first; fields that change nowhere are left out."""
    triples = zip(*(iter(int(cell) for cell in row[:-1]),) * 3, strict=True)
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
    return all_of([op_is("removed"), _holds_a_cleared_field()])


def _letter(place: int) -> Expression:
    return exp.Substring(this=col("kinds"), start=number(place + 1), length=number(1))


def _holds_a_cleared_field() -> Expression:
    return exp.Like(this=col("kinds"), expression=text("%x%"))
