"""The staged table: the change set as a stable snapshot, numbered in the order it is sent.

It holds every record of the diff that is not simply unchanged, so that the plan shown before apply
is counted from it, and what was shown is what goes, whatever happens to the model meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from qsync.execution.ports import StagedRow
from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnNull
from qsync.warehouse.connection import Row
from qsync.warehouse.counting import sends
from qsync.warehouse.diff import op_is
from qsync.warehouse.layout import JOBS, STAGES, Layout
from qsync.warehouse.source import OTHER_DOMAIN, conflict_column
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    case,
    col,
    eq,
    named,
    not_null,
    number,
    text,
)

NUMBER = "number"
"""1, 2, 3, … over the records to send; NULL for the others."""


NOT_STAGED = ("unchanged", "deferred", "suppressed", "gone")
"""Records nothing happens to; a plan counts them all the same."""


def stage_select(stream: CompiledStream) -> exp.Select:
    """What is staged, read from the table expression `diff`."""
    sent = sends(stream)
    numbered = exp.Window(
        this=exp.RowNumber(),
        partition_by=[case([(sent.copy(), text("sent"))], text("not"))],
        order=exp.Order(expressions=[exp.Ordered(this=col("key"), nulls_first=False)]),
    )
    names = [
        "op",
        "reason",
        "retried",
        "unsettled",
        "returned",
        "key",
        "hash",
        "kinds",
        *(field.state_column for field in stream.fields),
        *(conflict_column(place) for place, _ in enumerate(stream.fields) if stream.grouped),
        "attempts",
        "rejected_at",
        OTHER_DOMAIN,
    ]
    return (
        exp.select(as_(case([(sent, numbered)], exp.Null()), NUMBER))
        .select(*(col(name) for name in names))
        .from_(named("diff"))
        .where(exp.Not(this=op_is("forgotten", *NOT_STAGED)))
    )


def chunk_select(stream: CompiledStream, stage: exp.Table, first: int, last: int) -> exp.Select:
    """The records of a range of numbers, in order: number, key, op, kinds, values."""
    return (
        exp.select(col(NUMBER), col("key"), col("op"), col("kinds"))
        .select(*(col(field.state_column) for field in stream.fields))
        .from_(stage)
        .where(between(first, last))
        .order_by(col(NUMBER))
    )


def staged_rows(stream: CompiledStream, rows: Iterable[Row]) -> list[StagedRow]:
    """What `chunk_select` found, as execution sends it."""
    # Only a conflict leaves out a field that null would otherwise clear.
    may_leave_out = stream.grouped and any(field.on_null is OnNull.CLEAR for field in stream.fields)
    found = []
    for place_in_order, key, op, kinds, *values in rows:
        left_out: frozenset[int] = frozenset()
        if op == "removed":
            # Only what this sync wrote is cleared; the rest is not its business.
            left_out = frozenset(place for place, kind in enumerate(kinds) if kind != "x")
        elif "-" in kinds or "!" in kinds:
            values = [
                None if kind in "-!" else value for kind, value in zip(kinds, values, strict=True)
            ]
            if may_leave_out:
                left_out = frozenset(place for place, kind in enumerate(kinds) if kind == "!")
        found.append(StagedRow(int(place_in_order), key, tuple(values), op == "removed", left_out))
    return found


def between(first: int, last: int) -> Expression:
    """`number BETWEEN first AND last`."""
    return exp.Between(
        this=col(NUMBER), low=exp.Literal.number(first), high=exp.Literal.number(last)
    )


def forget_stage(layout: Layout, table: str) -> list[Expression]:
    """Drop a staged table, and what is noted of it and of its jobs."""
    stages, jobs = layout.table(STAGES), layout.table(JOBS)
    mine = eq(col("table_name"), text(table))
    of_this = all_of([eq(col(name, JOBS), col(name, STAGES)) for name in ("run_id", "stream_id")])
    noted = exp.select(number(1)).from_(stages).where(all_of([mine, of_this]))
    return [
        exp.delete(jobs).where(exp.Exists(this=noted)),
        layout.drop(table),
        exp.delete(stages.copy()).where(mine.copy()),
    ]


def is_sent() -> Expression:
    """Staged records that are sent."""
    return not_null(col(NUMBER))
