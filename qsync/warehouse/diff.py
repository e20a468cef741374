"""The diff: a stream's source against its state, one row per record with what would happen to it.

A hash finds candidates; only theirs are the values compared. `op` is one of `added`, `changed`,
`removed`, `unchanged`, `rehash` (equal values, another hash: brought up to date without sending),
`resting` (rejected twice as it is, for the same reason), `deferred` (would be sent, but this run is
about others), `suppressed` (forgotten: never sent), `invalid`, `gone` (no row, and nothing to do
about it now) and `forgotten` (no row, and forgotten).
"""

from __future__ import annotations

from sqlglot import exp

from qsync.planning.compiled import CompiledStream
from qsync.planning.ports import DiffRequest
from qsync.project.model import OnNull, OnRemoved
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.forgetting import Forgotten
from qsync.warehouse.rejections import rejection
from qsync.warehouse.source import (
    HASH,
    INVALID,
    KEY,
    OTHER_DOMAIN,
    PRESENT,
    conflict_column,
    reason,
    source_query,
)
from qsync.warehouse.sql import (
    Expression,
    all_of,
    any_of,
    as_,
    case,
    col,
    concat,
    differs,
    eq,
    ident,
    is_null,
    named,
    not_null,
    null_text,
    number,
    text,
    under,
)

REST_AFTER = 2
"""Rejections of a record as it is, one like the other, after which it rests."""


UNSETTLED = ("unsettled", "open")
"""Statuses of records in state whose last answer is unknown."""


_STATUS, _SAME = "state_status", "same"
"""In a joined record: its status in state (NULL where it is new), and whether it is there as it
is."""

_SUPPRESSED, _KEY_HASH = "suppressed", "key_hash"
"""Who was forgotten, by hashes of keys (`forgetting`)."""

UNKNOWN = "qsync:unknown"
"""In state instead of a value: the field holds something this sync wrote, and nobody knows what.

Every value of the model differs from it. It is never sent.
"""


def op_is(*ops: str, table: str | None = None) -> Expression:
    """`op IN (…)`."""
    return op_in(col("op", table), *ops)


def op_in(column: Expression, *words: str) -> Expression:
    """`column IN (…)` over words of qsync's own."""
    return exp.In(this=column, expressions=[text(word) for word in words])


def _new_column(place: int) -> str:
    return f"new_{place}"


def _old_column(place: int) -> str:
    return f"old_{place}"


class Diff:
    """The diff of one stream. `state` and `rejects` are None before there are such tables.

    `forgotten` tells which keys are suppressed; None where nobody was ever forgotten.
    """

    def __init__(
        self,
        request: DiffRequest,
        dialect: Dialect,
        state: exp.Table | None,
        rejects: exp.Table | None,
        only: exp.Select | None = None,
        forgotten: Forgotten | None = None,
    ) -> None:
        self._request = request
        self._stream: CompiledStream = request.stream
        self._dialect = dialect
        self._state = state
        self._rejects = rejects
        self._only = only
        self._forgotten = forgotten

    def query(self, select: exp.Select) -> exp.Select:
        """A statement over the diff: `select` reads from the table expression `diff`.

        Columns of `diff`: `op`, `reason`, `retried`, `unsettled`, `returned`, `key`, `hash`,
        `kinds` (a letter per field: `c` changed, `s` set, `x` cleared, `.` as acknowledged, `-`
        kept, `!` left out; NULL for an unchanged record), a column per field with the value to be
        acknowledged, `n_<i>`, `attempts`, `rejected_at`, `other_domain`. `reason` says why a record
        is invalid, and of one that was rejected as it is, as what (`rejections`).

        In three steps, so that what is dear is computed for few records: `met` joins, `judged` says
        what would happen, and only then `diff` compares field by field what is not unchanged.
        """
        stream, dialect = self._stream, self._dialect
        source = source_query(stream, self._request.relation, dialect, judged=False)
        for name, cte in source.ctes:
            select = select.with_(under(name), as_=cte, copy=False)
        if self._state is not None:
            state = exp.select("*").from_(self._state.copy())
            select = select.with_(under("state"), as_=state, copy=False)
        if self._rejects is not None:
            rejected = self._known_rejects(self._rejects)
            select = select.with_(under("rejected"), as_=rejected, copy=False)
        if self._forgotten is not None:
            select = select.with_(under(_SUPPRESSED), as_=self._forgotten.keys, copy=False)
        # Trees are built once and rendered once: copying them would cost more than the statement.
        select = select.with_(under("met"), as_=dialect.once(self._met()), copy=False)
        select = select.with_(under("judged"), as_=dialect.once(self._judged()), copy=False)
        if self._only is not None:
            select = select.with_(under("wanted"), as_=self._only, copy=False)
        return select.with_(under("diff"), as_=self._diff(), copy=False)

    def _known_rejects(self, rejects: exp.Table) -> exp.Select:
        return (
            exp.select(col("key"), col("row_hash"), col("attempts"), col("first_at"))
            .select(as_(rejection(col("reason"), col("field")), "rejected_as"))
            .from_(rejects.copy())
            .where(
                all_of(
                    [
                        eq(col("stream_id"), text(self._request.state.stream_id)),
                        eq(col("meaning"), text(self._stream.meaning)),
                    ]
                )
            )
        )

    def _met(self) -> exp.Select:
        """Source, state and rejects side by side, and why a record is invalid."""
        stream = self._stream
        key: Expression = col(KEY, "source")
        query = exp.select().from_(named("source"))
        known: list[Expression] = []
        same: Expression | None = None
        if self._state is not None:
            key = exp.Coalesce(this=key, expressions=[col("key", "state")])
            query = query.join(
                named("state"),
                on=eq(col(KEY, "source"), col("key", "state")),
                join_type="full outer",
            )
            same = all_of(
                [
                    eq(col(HASH, "source"), col("row_hash", "state")),
                    eq(col("status", "state"), text("synced")),
                ]
            )
            known = [
                as_(col("status", "state"), _STATUS),
                as_(case([(same, number(1))], number(0)), _SAME),
                *(
                    as_(col(field.state_column, "state"), _old_column(place))
                    for place, field in enumerate(stream.fields)
                    if field.state_column in self._request.state.columns
                ),
            ]
        attempts: Expression = number(0)
        first_at: Expression = null_text()
        rejected_as: Expression = null_text()
        if self._rejects is not None:
            attempts = exp.Coalesce(this=col("attempts", "rejected"), expressions=[number(0)])
            first_at = col("first_at", "rejected")
            rejected_as = col("rejected_as", "rejected")
            query = query.join(
                named("rejected"),
                on=all_of(
                    [
                        eq(col(KEY, "source"), col("key", "rejected")),
                        eq(col(HASH, "source"), col("row_hash", "rejected")),
                    ]
                ),
                join_type="left",
            )
        # A full refresh sends what is known as well: then every check is made again.
        passed = None if self._request.full_refresh else same
        absent = is_null(col(PRESENT, "source"))
        invalid = case([(absent, null_text())], reason(stream, self._dialect, "source", passed))
        hashed = [] if self._forgotten is None else [as_(self._forgotten.hashed(key), _KEY_HASH)]
        other: Expression = number(0)
        if stream.company_match_column is not None:
            other = exp.Coalesce(this=col(OTHER_DOMAIN, "source"), expressions=[number(0)])
        return query.select(
            as_(key, "key"),
            as_(col(HASH, "source"), "hash"),
            as_(col(PRESENT, "source"), PRESENT),
            as_(invalid, INVALID),
            *hashed,
            *known,
            *(
                as_(col(field.state_column, "source"), _new_column(place))
                for place, field in enumerate(stream.fields)
            ),
            *(
                as_(col(conflict_column(place), "source"), conflict_column(place))
                for place, _ in enumerate(stream.fields)
                if stream.grouped
            ),
            as_(attempts, "attempts"),
            as_(first_at, "rejected_at"),
            as_(rejected_as, "rejected_as"),
            as_(other, OTHER_DOMAIN),
            copy=False,
        )

    def _judged(self) -> exp.Select:
        """Every record's `fate` before rejects are considered."""
        star = exp.Column(this=exp.Star(), table=ident("met"))
        query = exp.select(as_(self._fate(), "fate"), star).from_(named("met"))
        if self._forgotten is None:
            return query
        same = eq(col(_KEY_HASH, "met"), col(_KEY_HASH, _SUPPRESSED))
        return query.join(named(_SUPPRESSED), on=same, join_type="left")

    def _diff(self) -> exp.Select:
        """Rejects considered: those among added and changed that rest are not sent."""
        stream = self._stream
        fate = col("fate", "judged")
        pending = op_in(fate, "added", "changed")
        known = exp.GT(this=col("attempts", "judged"), expression=number(0))
        branches: list[tuple[Expression, Expression]] = []
        only = self._request.only
        query = exp.select().from_(named("judged"))
        if only is not None:
            wanted: Expression = eq(number(1), number(0))
            if self._only is not None:
                query = query.join(
                    named("wanted"),
                    on=eq(col("key", "judged"), col("key", "wanted")),
                    join_type="left",
                )
                wanted = self._wanted()
            other = exp.Not(this=exp.Paren(this=wanted))
            left = eq(fate.copy(), text("removed"))
            branches += [
                (all_of([pending.copy(), other]), text("deferred")),
                (all_of([left, other.copy()]), text("gone")),
            ]
        # Who asks for rejects, or for everything, means those that rest as well.
        if not self._request.full_refresh and (only is None or not only.rejects):
            rests = exp.GTE(this=col("attempts", "judged"), expression=number(REST_AFTER))
            branches.append((all_of([pending, rests]), text("resting")))
        op = case(branches, fate.copy()) if branches else fate
        retried = case([(all_of([pending.copy(), known]), number(1))], number(0))
        why = exp.Coalesce(this=col(INVALID, "judged"), expressions=[col("rejected_as", "judged")])
        kinds = concat([self._kind(place) for place, _ in enumerate(stream.fields)])
        unchanged = eq(fate.copy(), text("unchanged"))
        return query.select(
            as_(op, "op"),
            as_(retried, "retried"),
            as_(why, "reason"),
            as_(col("key", "judged"), "key"),
            as_(col("hash", "judged"), "hash"),
            as_(self._unsettled(), "unsettled"),
            as_(self._returned(), "returned"),
            as_(case([(unchanged, null_text())], kinds), "kinds"),
            *(
                as_(self._acknowledged(place), field.state_column)
                for place, field in enumerate(stream.fields)
            ),
            *(
                as_(col(conflict_column(place), "judged"), conflict_column(place))
                for place, _ in enumerate(stream.fields)
                if stream.grouped
            ),
            *(as_(col(name, "judged"), name) for name in ("attempts", "rejected_at", OTHER_DOMAIN)),
            copy=False,
        )

    def _wanted(self) -> Expression:
        """Whether the joined `wanted` means this record as it is."""
        there = not_null(col("key", "wanted"))
        if self._request.only is not None and self._request.only.rejects:
            return there
        same = eq(col("hash", "judged"), col("hash", "wanted"))
        left = eq(col("fate", "judged"), text("removed"))
        return all_of([there, exp.Paren(this=any_of([same, left]))])

    def _fate(self) -> Expression:
        absent = is_null(col(PRESENT, "met"))
        invalid = not_null(col(INVALID, "met"))
        branches: list[tuple[Expression, Expression]] = []
        if self._forgotten is not None:
            # Before all else: an invalid record is staged, with its key and its values.
            rest = case([(absent, text("forgotten"))], text("suppressed"))
            branches.append((not_null(col(_KEY_HASH, _SUPPRESSED)), rest))
        if self._state is None:
            return case([*branches, (invalid, text("invalid"))], text("added"))
        status = col(_STATUS, "met")
        new = is_null(status)
        gone = case([(eq(status, text("removed")), text("gone"))], text("removed"))
        branches += [(absent, gone), (invalid, text("invalid")), (new, text("added"))]
        if self._request.full_refresh:
            return case(branches, text("changed"))
        same = eq(col(_SAME, "met"), number(1))
        places = range(len(self._stream.fields))
        anything = any_of([self._differs(place, "met") for place in places])
        branches += [
            (op_in(status, *UNSETTLED), text("changed")),
            (same, text("unchanged")),
            (anything, text("changed")),
        ]
        return case(branches, text("rehash"))

    def _unsettled(self) -> Expression:
        """0 for a settled record, 1 for one to be sent once more, 2 for one to be sent twice."""
        if self._state is None:
            return number(0)
        status = col(_STATUS, "judged")
        return case(
            [
                (eq(status, text("unsettled")), number(1)),
                (eq(status.copy(), text("open")), number(2)),
            ],
            number(0),
        )

    def _returned(self) -> Expression:
        if self._state is None:
            return number(0)
        both = all_of(
            [not_null(col(PRESENT, "judged")), eq(col(_STATUS, "judged"), text("removed"))]
        )
        return case([(both, number(1))], number(0))

    def _new(self, place: int, table: str = "judged") -> Expression:
        return col(_new_column(place), table)

    def _old(self, place: int, table: str = "judged") -> Expression | None:
        """The acknowledged value, or None where state has no such column."""
        column = self._stream.fields[place].state_column
        if self._state is None or column not in self._request.state.columns:
            return None
        return col(_old_column(place), table)

    def _left_out(self, place: int, table: str = "judged") -> Expression | None:
        if not self._stream.grouped:
            return None
        return eq(col(conflict_column(place), table), number(1))

    def _differs(self, place: int, table: str) -> Expression:
        """Whether something to be sent for this field differs from what was acknowledged."""
        field = self._stream.fields[place]
        new, old = self._new(place, table), self._old(place, table)
        if old is None:
            return not_null(new)
        another = all_of([not_null(new), any_of([is_null(old), differs(new, old)])])
        if field.on_null is not OnNull.CLEAR:
            return another
        cleared = [is_null(new), not_null(old)]
        left_out = self._left_out(place, table)
        if left_out is not None:
            cleared.append(exp.Not(this=left_out))
        return any_of([another, exp.Paren(this=all_of(cleared))])

    def _kind(self, place: int) -> Expression:
        """One letter: what happens to this field."""
        field = self._stream.fields[place]
        new, old = self._new(place), self._old(place)
        branches: list[tuple[Expression, Expression]] = []
        if self._state is not None:
            removed: Expression = text("-")
            if self._stream.on_removed is OnRemoved.CLEAR and old is not None:
                # What an unsettled record was sent last is unknown: it may be any of its fields.
                unsettled = op_in(col(_STATUS, "judged"), *UNSETTLED)
                removed = case([(any_of([not_null(old), unsettled]), text("x"))], text("."))
            branches.append((is_null(col(PRESENT, "judged")), removed))
        left_out = self._left_out(place)
        if left_out is not None:
            branches.append((left_out, text("!")))
        if field.on_null is OnNull.CLEAR:
            if old is not None:
                branches.append((all_of([is_null(new), not_null(old)]), text("x")))
            branches.append((is_null(new), text(".")))
        else:
            branches.append((is_null(new), text("-")))
        if old is None:
            return case(branches, text("s"))
        branches += [(is_null(old), text("s")), (differs(new, old), text("c"))]
        return case(branches, text("."))

    def _acknowledged(self, place: int) -> Expression:
        """What state holds once the record is acknowledged."""
        field = self._stream.fields[place]
        new, old = self._new(place), self._old(place)
        if old is None:
            return new
        branches: list[tuple[Expression, Expression]] = []
        if self._stream.on_removed is OnRemoved.CLEAR:
            branches.append((is_null(col(PRESENT, "judged")), null_text()))
        left_out = self._left_out(place)
        # A value that is not sent now stays what it is, and of an unsettled record that is unknown.
        unsettled = all_of([op_in(col(_STATUS, "judged"), *UNSETTLED), not_null(old)])
        stays = case([(unsettled, text(UNKNOWN))], old.copy())
        if field.on_null is OnNull.CLEAR:
            if left_out is not None:
                branches.append((left_out, stays))
            return case(branches, new) if branches else new
        kept = exp.Coalesce(this=new, expressions=[stays])
        return case(branches, kept) if branches else kept
