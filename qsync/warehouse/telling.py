"""What the warehouse knows of one record, and of a run's jobs. Reads only.

The key of a record is never part of a statement: a keyed hash of it is, made here, and the
statements make the same of the keys they look through. The key of the hash is the secret in
`qsync_meta`, which statements read there; before there is any, one that is made up for the moment.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from functools import cached_property

import orjson
from sqlglot import exp

from qsync.execution.stories import (
    Acknowledged,
    Ending,
    Rejection,
    Sending,
    SentJob,
    Standing,
)
from qsync.planning.ports import DiffRequest
from qsync.project.model import ObjectType
from qsync.warehouse.connection import Row
from qsync.warehouse.diff import UNKNOWN
from qsync.warehouse.forgetting import hash_of, key_hash
from qsync.warehouse.layout import (
    HISTORY,
    META,
    OUTCOMES,
    REJECTS,
    SECRET,
    SENT,
    SENT_JOBS,
    SUPPRESSED,
)
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.sql import (
    Expression,
    aliased,
    all_of,
    as_,
    col,
    concat,
    eq,
    named,
    number,
    text,
)
from qsync.warehouse.streams import in_list


class Telling:
    """Tells of one destination.

    Args:
        warehouse: The warehouse.
        destination: Whose state.
    """

    def __init__(self, warehouse: ReadingWarehouse, destination: str) -> None:
        self._warehouse = warehouse
        self._layout = warehouse.layout
        self._destination = destination
        self._passing = secrets.token_bytes(32)

    def _rows(self, statement: Expression) -> list[Row]:
        return self._warehouse.connection.rows(statement)

    @cached_property
    def _secret(self) -> bytes | None:
        if META not in self._warehouse.tables:
            return None
        rows = self._rows(
            exp.select(col("value"))
            .from_(self._layout.table(META))
            .where(eq(col("name"), text(SECRET)))
        )
        # Tables of the first layout have none until the next apply.
        return bytes.fromhex(str(rows[0][0])) if rows else None

    def _is(self, column: Expression, key: str, object_type: ObjectType) -> Expression:
        """Whether a column of keys holds this one."""
        dialect, name = self._warehouse.connection.dialect, object_type.value
        if self._secret is not None:
            hashed = hash_of(column, name, self._layout, dialect)
            return eq(hashed, text(key_hash(self._secret, name, key)))
        salt = self._passing.hex()
        hashed = dialect.md5(concat([text(f"{salt}:"), column.copy()]))
        own = hashlib.md5(f"{salt}:{key}".encode(), usedforsecurity=False).hexdigest()
        return eq(hashed, text(own))

    # --- one record -------------------------------------------------------------------------

    def standing(
        self, request: DiffRequest, key: str, *, with_values: bool = False
    ) -> tuple[Standing, ...]:
        """How the next plan sees a key: from the model and from state."""
        stream, state = request.stream, request.state
        select = exp.select(
            as_(col("op", "diff"), "op"),
            as_(col("reason", "diff"), "reason"),
            as_(col("kinds", "diff"), "kinds"),
        ).from_(named("diff"))
        known = [field for field in stream.fields if field.state_column in state.columns]
        joined = with_values and state.table is not None
        if with_values:
            for place, field in enumerate(stream.fields):
                select = select.select(as_(col(field.state_column, "diff"), f"after_{place}"))
        if joined:
            for place, field in enumerate(known):
                select = select.select(as_(col(field.state_column, "state"), f"before_{place}"))
            same = eq(col("key", "diff"), col("key", "state"))
            select = select.join(named("state"), on=same, join_type="left")
        select = select.where(self._is(col("key", "diff"), key, stream.object))
        names = [field.name for field in stream.fields]
        found = []
        for op, reason, kinds, *values in self._rows(self._warehouse.diff(request).query(select)):
            # Nothing of a record that is in neither is known; its fields have no letters then.
            letters = dict(zip(names, kinds or "", strict=False))
            after = dict(zip(names, values, strict=False))
            held = dict(zip((field.name for field in known), values[len(names) :], strict=False))
            shown = {name: (_plain(after[name]), _plain(held.get(name))) for name in after}
            found.append(Standing(str(op), reason, letters, shown))
        return tuple(found)

    def acknowledged(self, table: str | None, key: str, kind: ObjectType) -> Acknowledged | None:
        """What a state table holds of a key."""
        if table is None:
            return None
        rows = self._rows(
            exp.select(col("status"), col("run_id"), col("acked_at"))
            .from_(self._layout.table(table))
            .where(self._is(col("key"), key, kind))
        )
        return Acknowledged(*(str(cell) for cell in rows[0])) if rows else None

    def rejection(self, stream_id: str, key: str, kind: ObjectType) -> Rejection | None:
        """A key's reject."""
        if REJECTS not in self._warehouse.tables:
            return None
        names = ("reason", "field", "attempts", "run_id", "first_at", "last_at")
        mine = [eq(col("stream_id"), text(stream_id)), self._is(col("key"), key, kind)]
        rows = self._rows(
            exp.select(*(col(name) for name in names))
            .from_(self._layout.table(REJECTS))
            .where(all_of(mine))
        )
        for reason, field, attempts, run_id, first_at, last_at in rows:
            return Rejection(reason, field, int(attempts), run_id, first_at, last_at)
        return None

    def suppressed_since(self, key: str, kind: ObjectType) -> str | None:
        """When a key was forgotten; None if it never was."""
        if SUPPRESSED not in self._warehouse.tables or self._secret is None:
            return None
        mine = [
            eq(col("object"), text(kind.value)),
            eq(col("key_hash"), text(key_hash(self._secret, kind.value, key))),
        ]
        rows = self._rows(
            exp.select(col("at")).from_(self._layout.table(SUPPRESSED)).where(all_of(mine))
        )
        return str(rows[0][0]) if rows else None

    def sendings(
        self, stream_ids: Sequence[str], key: str, kind: ObjectType, most: int
    ) -> tuple[Sending, ...]:
        """The last runs that were to send a key in one of these streams, newest first."""
        if SENT not in self._warehouse.tables or self._secret is None:
            return ()
        history = aliased(self._layout.table(HISTORY), "history")
        names = ("stage", "run_id", "stream_id", "sync", "at", "records", "fields")
        hashed = text(key_hash(self._secret, kind.value, key))
        rows = self._rows(
            exp.select(*(col(name, "history") for name in names))
            .select(*(col(name, "sent") for name in ("number", "op", "kinds")))
            .from_(aliased(self._layout.table(SENT), "sent"))
            .join(history, on=eq(col("stage", "sent"), col("stage", "history")))
            .where(
                all_of(
                    [
                        eq(col("key_hash", "sent"), hashed),
                        in_list(col("stream_id", "history"), stream_ids),
                    ]
                )
            )
            .order_by(exp.Ordered(this=col("run_id", "history"), desc=True, nulls_first=False))
            .limit(most)
        )
        return tuple(self._sending(row, kind) for row in rows)

    def _sending(self, row: Row, kind: ObjectType) -> Sending:
        stage, run_id, stream_id, sync, at, records, fields, place, op, kinds = row
        ending, reason, field, ended_at = self._ending(stage, int(place))
        return Sending(
            run_id=run_id,
            sync=sync,
            at=at,
            number=int(place),
            records=int(records),
            op=op,
            letters=dict(zip(orjson.loads(fields), kinds, strict=False)),
            ending=ending,
            reason=reason,
            field=field,
            ended_at=ended_at,
            job=self._job(stage, int(place), (stream_id, sync, kind.value)),
        )

    def _ending(
        self, stage: str, place: int
    ) -> tuple[Ending | None, str | None, str | None, str | None]:
        """What was put down of a record: the narrowest range says it, a lost one for want."""
        names = ("first_number", "last_number", "outcome", "reason", "field", "at")
        found = self._rows(
            exp.select(*(col(name) for name in names))
            .from_(self._layout.table(OUTCOMES))
            .where(all_of([eq(col("stage"), text(stage)), *_covers(place)]))
        )
        if not found:
            return None, None, None, None
        lost = Ending.LOST.value
        best = min(found, key=lambda row: (row[2] == lost, int(row[1]) - int(row[0])))
        return Ending(best[2]), best[3], best[4], best[5]

    def _job(self, stage: str, place: int, of: tuple[str, str, str]) -> SentJob | None:
        names = ("job_id", "first_number", "last_number", "accepted_at")
        rows = self._rows(
            exp.select(*(col(name) for name in names))
            .from_(self._layout.table(SENT_JOBS))
            .where(all_of([eq(col("stage"), text(stage)), *_covers(place)]))
        )
        for job_id, first, last, accepted_at in rows:
            return SentJob(*of, str(job_id), int(first), int(last), int(accepted_at))
        return None

    # --- a run's jobs -----------------------------------------------------------------------

    def jobs_of(self, run_id: str) -> list[SentJob]:
        """The jobs of a run as far as its history is kept, in the order they were sent."""
        if SENT_JOBS not in self._warehouse.tables:
            return []
        history = aliased(self._layout.table(HISTORY), "history")
        of_run = all_of(
            [
                eq(col("run_id", "history"), text(run_id)),
                eq(col("destination", "history"), text(self._destination)),
            ]
        )

        def read(table: str, names: Sequence[str]) -> list[Row]:
            return self._rows(
                exp.select(*(col(name, "history") for name in ("stream_id", "sync", "object")))
                .select(*(col(name, "told") for name in names))
                .from_(aliased(self._layout.table(table), "told"))
                .join(history.copy(), on=eq(col("stage", "told"), col("stage", "history")))
                .where(of_run.copy())
            )

        jobs = read(SENT_JOBS, ("job_id", "first_number", "last_number", "accepted_at"))
        endings = read(OUTCOMES, ("first_number", "last_number", "outcome", "reason"))
        found = [_job_of(row, endings) for row in jobs]
        return sorted(found, key=lambda job: (job.accepted_at, job.stream_id, job.first))


def _covers(place: int) -> list[Expression]:
    return [
        exp.LTE(this=col("first_number"), expression=number(place)),
        exp.GTE(this=col("last_number"), expression=number(place)),
    ]


def _job_of(row: Row, endings: Sequence[Row]) -> SentJob:
    stream_id, sync, object_name, job_id, first, last, accepted_at = row
    first, last = int(first), int(last)
    counts: dict[Ending, int] = {}
    reasons: dict[str, int] = {}
    for of_stream, _, _, start, end, outcome, reason in endings:
        within = min(last, int(end)) - max(first, int(start)) + 1
        if of_stream != stream_id or within <= 0:
            continue
        counts[Ending(outcome)] = counts.get(Ending(outcome), 0) + within
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + within
    # A range that succeeded covers what did not, which stands beside it.
    apart = sum(counts.get(word, 0) for word in _APART)
    for word in (Ending.SUCCEEDED, Ending.OPEN):
        if word in counts:
            counts[word] = max(0, counts[word] - apart)
            apart = 0
    return SentJob(
        stream_id, sync, object_name, job_id, first, last, int(accepted_at), counts, reasons
    )


_APART = (Ending.REJECTED, Ending.UNKNOWN, Ending.INVALID_LATE)


def _plain(value: object) -> str | None:
    return None if value is None or value == UNKNOWN else str(value)
