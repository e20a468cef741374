"""Which record went in which chunk of which run: kept for a while, so that `qsync why` can tell.

State knows the last run of a record, and staged tables go when their run is settled. So a run puts
down, before it sends, the hash of each record's key beside its number, and with every commit the
jobs and what became of ranges of numbers. No key and no value is in it: who asks knows the key, and
the hash is the one by which forgotten keys are known (`forgetting`), with the same secret.

Everything is plain INSERT and DELETE, a few statements to a commit, whatever the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlglot import exp

from qsync.execution.ports import Commit, DeadStream, Outcome, Reject, Stage
from qsync.execution.stories import Ending
from qsync.warehouse.connection import Connection
from qsync.warehouse.forgetting import hash_of
from qsync.warehouse.layout import HISTORY, OUTCOMES, SENT, SENT_JOBS, Layout
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    col,
    eq,
    ident,
    null_text,
    number,
    text,
)
from qsync.warehouse.staging import NUMBER, is_sent
from qsync.warehouse.streams import forget_history

_UPLOAD = 1_000
"""Rows to one statement."""

_Line = tuple[int, int, Ending, str | None, str | None]
"""First and last number, outcome, reason, field."""


class History:
    """Statements on the history of one destination, and reads of it."""

    def __init__(self, connection: Connection, layout: Layout, destination: str) -> None:
        self._connection = connection
        self._layout = layout
        self._destination = destination
        self._noted: dict[str, bool] = {}

    # --- what a run writes ------------------------------------------------------------------

    def begun(self, stage: Stage, at: str) -> list[Expression]:
        """Put down the records that are about to be sent, by hashes of their keys."""
        stream = stage.request.stream
        self._noted[stage.table] = True
        row = {
            "stage": stage.table,
            "run_id": stage.run_id,
            "destination": self._destination,
            "stream_id": stage.stream_id,
            "sync": stream.sync,
            "object": stream.object.value,
            "fields": orjson.dumps([field.name for field in stream.fields]).decode(),
            "at": at,
        }
        noted = exp.insert(
            exp.select(*(text(value) for value in row.values()), number(stage.rows)),
            self._layout.table(HISTORY),
            columns=[ident(name) for name in (*row, "records")],
        )
        hashed = hash_of(col("key"), stream.object.value, self._layout, self._connection.dialect)
        records = (
            exp.select(
                as_(text(stage.table), "stage"),
                col(NUMBER),
                as_(hashed, "key_hash"),
                col("op"),
                col("kinds"),
            )
            .from_(self._layout.table(stage.table))
            .where(is_sent())
        )
        names = ("stage", "number", "key_hash", "op", "kinds")
        sent = exp.insert(
            records, self._layout.table(SENT), columns=[ident(name) for name in names]
        )
        return [noted, sent]

    def ended(self, stage: Stage, changes: Commit, at: str) -> list[Expression]:
        """Put down jobs and what became of records; nothing for a stage that is not noted."""
        if not (changes.outcomes or changes.jobs) or not self._is_noted(stage.table):
            return []
        lines = _lines(changes.outcomes)
        jobs = [
            (
                text(stage.table),
                text(job.id),
                number(job.first),
                number(job.last),
                number(int(job.accepted_at)),
            )
            for job in changes.jobs
        ]
        names = ("stage", "job_id", "first_number", "last_number", "accepted_at")
        return [
            *self._outcomes(stage.table, lines, at),
            *_inserts(self._layout.table(SENT_JOBS), names, jobs),
        ]

    def lost(
        self, dead: DeadStream, posted: Sequence[tuple[int, int]], at: str
    ) -> list[Expression]:
        """Put down which records a dead run may have posted without an answer."""
        if not posted or dead.table is None or not self._is_noted(dead.table):
            return []
        lines: list[_Line] = [(first, last, Ending.LOST, None, None) for first, last in posted]
        return self._outcomes(dead.table, lines, at)

    def outdated(self, stream_id: str, before: str | None) -> list[Expression]:
        """Delete a stream's runs of before another one; all of them for None."""
        mine = [eq(col("stream_id"), text(stream_id))]
        if before is not None:
            mine.append(exp.LT(this=col("run_id"), expression=text(before)))
        where = all_of(mine)
        # Asked first: a large table is not searched for nothing with every run.
        found = exp.select(col("stage")).from_(self._layout.table(HISTORY)).where(where)
        return forget_history(self._layout, where) if self._connection.rows(found) else []

    def _outcomes(self, stage: str, lines: Sequence[_Line], at: str) -> list[Expression]:
        rows = [
            (
                text(stage),
                number(first),
                number(last),
                text(outcome.value),
                null_text() if reason is None else text(reason),
                null_text() if field is None else text(field),
                text(at),
            )
            for first, last, outcome, reason, field in lines
        ]
        names = ("stage", "first_number", "last_number", "outcome", "reason", "field", "at")
        return _inserts(self._layout.table(OUTCOMES), names, rows)

    def _is_noted(self, stage: str) -> bool:
        """Whether this stage's records are in the history: an earlier run may have kept none."""
        if stage not in self._noted:
            mine = eq(col("stage"), text(stage))
            found = exp.select(col("stage")).from_(self._layout.table(HISTORY)).where(mine)
            self._noted[stage] = bool(self._connection.rows(found))
        return self._noted[stage]


def _inserts(
    table: exp.Table, names: Sequence[str], rows: Sequence[tuple[Expression, ...]]
) -> list[Expression]:
    return [
        exp.insert(
            exp.values(list(rows[start : start + _UPLOAD])),
            table.copy(),
            columns=[ident(name) for name in names],
        )
        for start in range(0, len(rows), _UPLOAD)
    ]


def _lines(outcomes: Sequence[Outcome]) -> list[_Line]:
    """Outcomes as few lines: ranges that succeeded with what did not beside them."""
    ranges: list[_Line] = []
    exceptions: list[_Line] = []
    for outcome in sorted(outcomes, key=lambda item: item.first):
        word = Ending.OPEN if outcome.unresolved else Ending.SUCCEEDED
        if outcome.succeeded:
            before = ranges[-1] if ranges else None
            if before is not None and before[1] + 1 == outcome.first and before[2] == word:
                ranges[-1] = (before[0], outcome.last, word, None, None)
            else:
                ranges.append((outcome.first, outcome.last, word, None, None))
        found = [
            *(_exception(item, Ending.REJECTED) for item in outcome.rejects),
            *(_exception(item, Ending.INVALID_LATE) for item in outcome.invalid_late),
            *((row, row, Ending.UNKNOWN, None, None) for row in outcome.unknown),
        ]
        exceptions += _joined(sorted(found, key=lambda line: line[0]))
    return [*ranges, *exceptions]


def _exception(item: Reject, word: Ending) -> _Line:
    return (item.number, item.number, word, item.reason, item.field)


def _joined(lines: Sequence[_Line]) -> list[_Line]:
    """Neighbours that ended alike as one range."""
    found: list[_Line] = []
    for line in lines:
        before = found[-1] if found else None
        if before is not None and before[1] + 1 == line[0] and before[2:] == line[2:]:
            found[-1] = (before[0], line[1], *line[2:])
        else:
            found.append(line)
    return found
