"""Counting a diff: one statement, which goes over the records once.

Records are grouped by what would happen to them and by which fields differ; then the groups, which
are few, are added up for the records and for each field.
"""

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
    ident,
    named,
    not_null,
    null_text,
    number,
    text,
    under,
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
    conflicts; per field the added records with a value, before there is any state; per field how
    often it is changed, set and cleared; and the records in which any field is cleared.
    """
    cause = _cause(stream, moved)
    groups: list[Expression] = [*(col(name) for name in _GROUP), col("reason")]
    told: Expression = text(Cause.DATA)
    if cause is not None:
        told = col("cause")
        groups.append(told)
    query = exp.select(
        *(col(name) for name in _GROUP),
        col("reason"),
        as_(told, "cause") if cause is None else told,
        exp.Sum(this=col("records")),
        _state_rows(state),
        exp.Sum(this=col(OTHER_DOMAIN)),
        _times(_is_cleared(stream)),
    )
    places = range(len(stream.fields))
    if stream.grouped:
        query = query.select(*(exp.Sum(this=col(conflict_column(place))) for place in places))
    if state is None:
        query = query.select(*(exp.Sum(this=col(_filled_column(place))) for place in places))
    # Where there is no state nothing can have changed, and a letter per field tells nothing.
    letters = places if state is not None else range(0)
    query = query.select(
        *(_times(eq(_letter(place), text(kind))) for place in letters for kind in "csx"),
        *([_times(_holds_a_cleared_field())] if letters else []),
    )
    grouped = _grouped(stream, table, with_state=state is not None).subquery(
        under("grouped_records")
    )
    if cause is not None:
        star = exp.Column(this=exp.Star(), table=ident("grouped_records"))
        grouped = exp.select(star, as_(cause, "cause")).from_(grouped).subquery(under("caused"))
    return query.from_(grouped).group_by(*groups)


def _grouped(stream: CompiledStream, table: str | exp.Table, *, with_state: bool) -> exp.Select:
    """Records by what would happen to them, and those that differ by where they do."""
    shown = ["changed"]
    if stream.on_removed is OnRemoved.CLEAR:
        shown.append("removed")
    reason = case([(op_is("invalid"), col("reason"))], null_text())
    kinds = case([(op_is(*shown), col("kinds"))], null_text())
    groups = [*(col(name) for name in _GROUP), reason]
    columns: list[Expression] = [*(col(name) for name in _GROUP), as_(reason, "reason")]
    if with_state:
        columns.append(as_(kinds, "kinds"))
        groups.append(kinds)
    else:
        columns.append(as_(null_text(), "kinds"))
    places = range(len(stream.fields))
    columns += [
        as_(exp.Count(this=exp.Star()), "records"),
        as_(exp.Sum(this=col(OTHER_DOMAIN)), OTHER_DOMAIN),
    ]
    if stream.grouped:
        names = (conflict_column(place) for place in places)
        columns += [as_(exp.Sum(this=col(name)), name) for name in names]
    if not with_state:
        columns += [
            as_(count_if(_is_filled(stream.fields[place])), _filled_column(place))
            for place in places
        ]
    return exp.select(*columns).from_(named(table)).group_by(*(item.copy() for item in groups))


def _filled_column(place: int) -> str:
    return f"filled_{place}"


def _times(condition: Expression) -> Expression:
    """How many records meet a condition that holds of a group as a whole."""
    return exp.Coalesce(
        this=exp.Sum(this=case([(condition, col("records"))], number(0))), expressions=[number(0)]
    )


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
            if counter is filled and len(rest) > 2 * len(stream.fields):
                break  # there is state: what follows are letters
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


def change_set_of(stream: CompiledStream, counts: ChangeCounts, rows: Sequence[Row]) -> ChangeSet:
    """Counts with how often each field changes, from the counting statement's rows."""
    if not (counts.changed or counts.removed) or not stream.fields:
        return first_change_set(counts)
    width = 3 * len(stream.fields) + 1
    tails = [[int(cell) for cell in row[-width:]] for row in rows]
    sums = [sum(column) for column in zip(*tails, strict=True)]
    return ChangeSet(replace(counts, cleared=sums[-1]), fields_of(stream, sums))


def first_change_set(counts: ChangeCounts) -> ChangeSet:
    """Counts where nothing changed: of added records, the fields that have a value."""
    filled = (FieldChange(name, set=records) for name, records in counts.filled.items())
    return ChangeSet(counts, tuple(sort_changes(filled)))


def fields_of(stream: CompiledStream, sums: Sequence[int]) -> tuple[FieldChange, ...]:
    """Changed, set and cleared of each field, largest first; what changes nowhere is left out."""
    triples = zip(*(iter(sums[:-1]),) * 3, strict=True)
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
