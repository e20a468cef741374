"""A few records of each kind with what they held before and would hold after."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from qsync.planning.compiled import CompiledStream
from qsync.planning.ports import DiffRequest
from qsync.planning.samples import FieldSample, Sample
from qsync.project.model import OnNull
from qsync.warehouse.connection import Row
from qsync.warehouse.diff import UNKNOWN, op_is
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    case,
    col,
    eq,
    named,
    null_text,
    number,
    text,
    under,
)

_SHOWN = ("added", "changed", "removed")
_CLEARED = "cleared"


def samples_select(request: DiffRequest, per_kind: int) -> exp.Select:
    """Over the table expression `diff`: kind, key, letters, per field the value after and before.

    The first of each kind, by key. A changed record in which a field is cleared is of a kind of its
    own.
    """
    stream, state = request.stream, request.state
    clears = all_of([op_is("changed"), exp.Like(this=col("kinds", "diff"), expression=text("%x%"))])
    kind = case([(clears, text(_CLEARED))], col("op", "diff"))
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[kind.copy()],
        order=exp.Order(expressions=[exp.Ordered(this=col("key", "diff"), nulls_first=False)]),
    )
    columns: list[Expression] = [as_(kind, "kind"), as_(col("key", "diff"), "key")]
    columns.append(as_(col("kinds", "diff"), "kinds"))
    for index, field in enumerate(stream.fields):
        known = state.table is not None and field.state_column in state.columns
        before = col(field.state_column, "state") if known else null_text()
        after = col(field.state_column, "diff")
        columns += [as_(after, f"after_{index}"), as_(before, f"before_{index}")]
    found = exp.select(*columns, as_(place, "place")).from_(named("diff"))
    if state.table is not None:
        same = eq(col("key", "diff"), col("key", "state"))
        found = found.join(named("state"), on=same, join_type="left")
    found = found.where(op_is(*_SHOWN, table="diff"))
    names = ["kind", "key", "kinds"]
    for index, _ in enumerate(stream.fields):
        names += [f"after_{index}", f"before_{index}"]
    few = exp.LTE(this=col("place"), expression=number(per_kind))
    return (
        exp.select(*(col(name) for name in names))
        .from_(found.subquery(under("found")))
        .where(few)
        .order_by(col("kind"), col("key"))
    )


def samples_of(stream: CompiledStream, rows: Sequence[Row]) -> tuple[Sample, ...]:
    """The statement's rows."""
    return tuple(_sample(stream, row) for row in rows)


def _sample(stream: CompiledStream, row: Row) -> Sample:
    kind, key, letters, *values = row
    fields = [
        FieldSample(
            field.name,
            None if before == UNKNOWN else before,
            None if letter == "x" else after,
            unknown=before == UNKNOWN,
        )
        for field, letter, (after, before) in zip(
            stream.fields, letters, zip(*(iter(values),) * 2, strict=True), strict=True
        )
        if letter in "csx" or (kind == "added" and field.on_null is OnNull.CLEAR)
    ]
    return Sample(str(kind), str(key), tuple(fields))
