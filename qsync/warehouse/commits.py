"""Bringing state up to date from a staged table, in SQL: what travels are numbers and reasons.

Every function answers statements for one transaction. Delete comes before insert, so dying between
the two (where an engine has no transactions) only makes records be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from qsync.execution.ports import BATCH_LEFT, CommitContext, Outcome, Reject, Stage
from qsync.planning.compiled import CompiledStream
from qsync.warehouse.layout import REJECTS, Layout
from qsync.warehouse.rejections import rejection
from qsync.warehouse.sequential import merged
from qsync.warehouse.sql import (
    Expression,
    aliased,
    all_of,
    any_of,
    as_,
    case,
    col,
    eq,
    ident,
    null_text,
    number,
    text,
    uploaded,
)
from qsync.warehouse.staging import NUMBER, between, is_sent
from qsync.warehouse.streams import update

_UPLOAD = 1_000
"""Rejects to one statement."""


@dataclass(frozen=True, slots=True)
class StateWriter:
    """Writes one stream's state from its staged table."""

    layout: Layout
    stage: Stage
    state: str
    context: CommitContext

    @property
    def _stream(self) -> CompiledStream:
        return self.stage.request.stream

    def _stage_table(self) -> exp.Table:
        return self.layout.table(self.stage.table)

    def _state_table(self) -> exp.Table:
        return self.layout.table(self.state)

    def _keys(self, where: Expression) -> exp.Query:
        return exp.select(col("key")).from_(self._stage_table()).where(where.copy())

    def acknowledge(self, where: Expression, *, unresolved: bool = False) -> list[Expression]:
        """Put the staged records that meet a condition into state as acknowledged.

        Those that were `open` before are `unsettled` now, and go once more. With `unresolved` they
        are `open` themselves: another job of theirs may still run.
        """
        values = [field.state_column for field in self._stream.fields]
        columns = ["key", "row_hash", "status", "run_id", "acked_at", *values]
        status = text("open") if unresolved else settled_status()
        rows = (
            exp.select(
                col("key"),
                as_(col("hash"), "row_hash"),
                as_(status, "status"),
                as_(text(self.context.run_id), "run_id"),
                as_(text(self.context.at), "acked_at"),
                *(col(name) for name in values),
            )
            .from_(self._stage_table())
            .where(where.copy())
        )
        if self.layout.engine.merges:
            return [merged(self._state_table(), "key", columns, rows)]
        return [
            exp.delete(self._state_table()).where(
                exp.In(this=col("key"), query=self._keys(where).subquery())
            ),
            exp.insert(rows, self._state_table(), columns=[ident(name) for name in columns]),
        ]

    def forget_rejects(self, where: Expression) -> Expression:
        """Drop the rejects of the staged records that meet a condition."""
        return exp.delete(self.layout.table(REJECTS)).where(self._rejects_of(where))

    def _rejects_of(self, where: Expression) -> Expression:
        return all_of(
            [
                eq(col("stream_id"), text(self.stage.stream_id)),
                exp.In(this=col("key"), query=self._keys(where).subquery()),
            ]
        )

    def unsettle(self, where: Expression, *, unresolved: bool = False) -> list[Expression]:
        """Mark staged records whose answer is unknown, so that the next run sends them again.

        A record that was `open` before stays so.
        """
        table = self._state_table()
        status = text("open" if unresolved else "unsettled")
        known = exp.In(this=col("key"), query=self._keys(where).subquery())
        state = col("key", "known")
        present = exp.select(number(1)).from_(aliased(table.copy(), "known"))
        absent = exp.Not(
            this=exp.Exists(this=present.where(eq(state, col("key", self.stage.table))))
        )
        new = (
            exp.select(
                col("key", self.stage.table),
                null_text(),
                as_(status, "status"),
                text(self.context.run_id),
                text(self.context.at),
            )
            .from_(self._stage_table())
            .where(all_of([where.copy(), absent]))
        )
        columns = ("key", "row_hash", "status", "run_id", "acked_at")
        kept = case([(eq(col("status"), text("open")), text("open"))], status.copy())
        marking = exp.Update(
            this=table,
            expressions=[
                exp.EQ(this=col("status"), expression=kept),
                exp.EQ(this=col("run_id"), expression=text(self.context.run_id)),
            ],
            where=exp.Where(this=known),
        )
        return [
            marking,
            exp.insert(new, table.copy(), columns=[ident(name) for name in columns]),
        ]

    def unanswered(self, where: Expression, run_id: str) -> Expression:
        """Those staged records that meet a condition of which a run got no answer."""
        mine = eq(col("run_id"), text(run_id))
        answered = exp.select(col("key")).from_(self._state_table()).where(mine)
        return all_of(
            [
                exp.Paren(this=where.copy()),
                *(
                    exp.Not(this=exp.In(this=col("key"), query=query.subquery()))
                    for query in (answered, self._rejected_by(run_id))
                ),
            ]
        )

    def _rejected_by(self, run_id: str) -> exp.Select:
        """The keys of the stream's records that were rejected in a run."""
        mine = [
            eq(col("run_id"), text(run_id)),
            eq(col("stream_id"), text(self.stage.stream_id)),
        ]
        return exp.select(col("key")).from_(self.layout.table(REJECTS)).where(all_of(mine))

    def lose(self, where: Expression, run_id: str) -> list[Expression]:
        """Mark records that a run may have posted without learning what became of them."""
        marking, adding = self.unsettle(self.unanswered(where, run_id), unresolved=True)
        # Of a record that is in state, state itself tells whether it was answered. Databricks takes
        # no subquery within one where rows are updated.
        staged = exp.In(this=col("key"), query=self._keys(exp.Paren(this=where.copy())).subquery())
        unmarked = exp.NEQ(this=col("run_id"), expression=text(run_id))
        rejected = exp.In(this=col("key"), query=self._rejected_by(run_id).subquery())
        conditions: list[Expression] = [staged, unmarked, exp.Not(this=rejected)]
        marking.set("where", exp.Where(this=all_of(conditions)))
        return [marking, adding]

    def reject(self, rejects: Sequence[Reject]) -> list[Expression]:
        """Keep rejects: key, hash, reason and how often, from the staged rows' numbers.

        How often is how often in a row for this reason: another one is counted from 1. Of a record
        that was refused with others, what it was rejected for before stays as it is.
        """
        statements: list[Expression] = []
        replaced = numbered([item.number for item in rejects])
        left = [item.number for item in rejects if item.reason == BATCH_LEFT]
        if left:
            kept = all_of([numbered(left), _rejected_before()])
            statements.append(self._note_rejects(kept))
            replaced = all_of([replaced, exp.Not(this=exp.Paren(this=kept))])
        statements.append(self.forget_rejects(replaced))
        columns = (
            "stream_id",
            "key",
            "row_hash",
            "meaning",
            "reason",
            "field",
            "attempts",
            "run_id",
            "first_at",
            "last_at",
        )
        for start in range(0, len(rejects), _UPLOAD):
            said = uploaded(
                (
                    (
                        exp.Literal.number(item.number),
                        text(item.reason),
                        null_text() if item.field is None else text(item.field),
                    )
                    for item in rejects[start : start + _UPLOAD]
                ),
                "said",
                ("row_number", "reason", "field"),
            )
            at = text(self.context.at)
            kept = all_of([_batch_left(), _rejected_before("staged")])
            rows = (
                exp.select(
                    text(self.stage.stream_id),
                    col("key", "staged"),
                    col("hash", "staged"),
                    text(self._stream.meaning),
                    col("reason", "said"),
                    col("field", "said"),
                    _attempts(),
                    text(self.context.run_id),
                    exp.Coalesce(this=col("rejected_at", "staged"), expressions=[at]),
                    at.copy(),
                )
                .from_(aliased(self._stage_table(), "staged"))
                .join(said, on=eq(col(NUMBER, "staged"), col("row_number", "said")))
                .where(exp.Not(this=exp.Paren(this=kept)))
            )
            statements.append(
                exp.insert(
                    rows, self.layout.table(REJECTS), columns=[ident(name) for name in columns]
                )
            )
        return statements

    def _note_rejects(self, where: Expression) -> Expression:
        """Put down that this run saw those staged records rejected, and nothing else of it."""
        return update(
            self.layout.table(REJECTS),
            {"run_id": self.context.run_id, "last_at": self.context.at},
            self._rejects_of(where),
        )

    def entomb(self) -> list[Expression]:
        """Mark records that left the model and are kept in Qualified as removed.

        Unsettled ones are forgotten: should they return, whatever they hold has to be sent.
        """
        left = all_of([eq(col("op"), text("removed")), exp.Not(this=is_sent())])
        unsettled = exp.NEQ(this=col("unsettled"), expression=number(0))
        known = exp.In(this=col("key"), query=self._keys(left).subquery())
        unknown = exp.In(this=col("key"), query=self._keys(all_of([left, unsettled])).subquery())
        return [
            exp.delete(self._state_table()).where(unknown),
            update(
                self._state_table(),
                {"status": "removed", "run_id": self.context.run_id, "acked_at": self.context.at},
                known,
            ),
        ]


def _batch_left() -> Expression:
    return eq(col("reason", "said"), text(BATCH_LEFT))


def _rejected_before(table: str | None = None) -> Expression:
    """Whether a staged record was rejected before as it is, and not only with others."""
    return exp.GT(this=col("attempts", table), expression=number(0))


def _attempts() -> Expression:
    """How often in a row a record was rejected for what is `said` of it now."""
    again = eq(col("reason", "staged"), rejection(col("reason", "said"), col("field", "said")))
    once_more = exp.Add(this=col("attempts", "staged"), expression=number(1))
    return case([(_batch_left(), number(0)), (again, once_more)], number(1))


def settled_status() -> Expression:
    """What a confirmed record of a staged table becomes."""
    return case(
        [
            (eq(col("unsettled"), number(2)), text("unsettled")),
            (eq(col("op"), text("removed")), text("removed")),
        ],
        text("synced"),
    )


def acknowledged(outcomes: Iterable[Outcome]) -> Expression | None:
    """The condition for records that succeeded, or None when none did."""
    ranges: list[tuple[int, int]] = []
    exceptions: list[int] = []
    for outcome in sorted(outcomes, key=lambda item: item.first):
        if not outcome.succeeded:
            continue
        exceptions += [item.number for item in (*outcome.rejects, *outcome.invalid_late)]
        exceptions += outcome.unknown
        if ranges and ranges[-1][1] + 1 == outcome.first:
            ranges[-1] = (ranges[-1][0], outcome.last)
        else:
            ranges.append((outcome.first, outcome.last))
    if not ranges:
        return None
    inside = any_of([between(first, last) for first, last in ranges])
    return inside if not exceptions else all_of([inside, exp.Not(this=numbered(exceptions))])


def numbered(numbers: Sequence[int]) -> Expression:
    """`number IN (…)`, with runs of numbers as ranges."""
    ranges: list[list[int]] = []
    for item in sorted(numbers):
        if ranges and item == ranges[-1][1] + 1:
            ranges[-1][1] = item
        else:
            ranges.append([item, item])
    single = [low for low, high in ranges if low == high]
    conditions: list[Expression] = [between(low, high) for low, high in ranges if low != high]
    if single:
        conditions.append(
            exp.In(this=col(NUMBER), expressions=[exp.Literal.number(item) for item in single])
        )
    return any_of(conditions)
