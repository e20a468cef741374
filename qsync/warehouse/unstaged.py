"""Counting what a staged table leaves out without comparing the model with state once more.

Nothing happens to most records, and these are not staged. How many they are follows from how many
there are and how many were staged, unless a run is about some records only, or people have been
forgotten: then why a record was left out is known of it alone.
"""

from __future__ import annotations

from sqlglot import exp

from qsync.planning.changes import Cause
from qsync.planning.ports import DiffRequest
from qsync.warehouse.connection import Row
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.source import OTHER_DOMAIN, conflict_column, totals_query
from qsync.warehouse.sql import (
    Expression,
    as_,
    col,
    count_if,
    eq,
    number,
    text,
    under,
)


def totals(
    request: DiffRequest, stage: exp.Table, state: exp.Table, dialect: Dialect
) -> exp.Select:
    """One row: rows in state, tombstones there and those whose keys are back, then of the model and
    of the staged table each: records, leads of another domain, per field of a grouped stream its
    conflicts.
    """
    stream = request.stream
    removed = eq(col("status"), text("removed"))
    living = exp.NEQ(this=col("status"), expression=text("removed"))
    in_state = exp.select(
        as_(count_if(living), "living"), as_(count_if(removed), "tombstones")
    ).from_(state.copy())
    back = exp.Count(this=exp.Distinct(expressions=[col("key")]))
    returned = exp.select(back).from_(stage.copy()).where(eq(col("returned"), number(1)))
    conflicts = [conflict_column(place) for place, _ in enumerate(stream.fields) if stream.grouped]
    staged = (
        exp.select(exp.Count(this=exp.Star()), exp.Sum(this=col(OTHER_DOMAIN)))
        .select(*(exp.Sum(this=col(name)) for name in conflicts))
        .from_(stage.copy())
        .where(exp.NEQ(this=col("op"), expression=text("removed")))
    )
    model = totals_query(stream, request.relation, dialect)
    names = [f"c_{place}" for place in range(2 + len(conflicts))]
    columns: list[Expression] = [
        col("living", "in_state"),
        col("tombstones", "in_state"),
        as_(returned.subquery(), "returned"),
    ]
    # BigQuery takes no two columns of one name in a result.
    columns += [
        as_(col(name, table), f"{table}_{name}")
        for table in ("in_model", "staged")
        for name in names
    ]
    query = exp.select(*columns).from_(in_state.subquery(under("in_state")))
    for table, counted in (("in_model", model), ("staged", staged)):
        for cte in counted.ctes:
            query = query.with_(under(cte.alias), as_=cte.this, copy=False)
        counted.set("with_", None)
        labelled = [as_(item, name) for item, name in zip(counted.expressions, names, strict=True)]
        counted.set("expressions", labelled)
        query = query.join(counted.subquery(under(table)), join_type="cross")
    return query


def unstaged(request: DiffRequest, row: Row) -> list[Row]:
    """What `totals` found, as the counting statement would have told it."""
    stream = request.stream
    state_rows, tombstones, returned, *rest = (int(cell or 0) for cell in row)
    half = len(rest) // 2
    records, other, *conflicts = (
        whole - part for whole, part in zip(rest[:half], rest[half:], strict=True)
    )
    letters = [0] * (3 * len(stream.fields) + 1)

    def told(op: str, many: int, *sums: int) -> Row:
        return (op, 0, 0, 0, None, Cause.DATA, many, state_rows, *sums, *letters)

    nothing = [0] * len(conflicts)
    return [
        told("unchanged", records, other, 0, *conflicts),
        told("gone", tombstones - returned, 0, 0, *nothing),
    ]
