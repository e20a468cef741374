"""Rejected records, read: in groups for everybody, one by one for who asked for a file of them.

The view `qsync_rejections` in the state schema is the same for models: a stable relation over two
tables that may change. Its columns are documented in docs/rejects.md and only ever added, at the
end. It holds match keys, as those tables do: they stay in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from qsync.planning.rejected import RejectedRecord, RejectGroup
from qsync.warehouse.connection import Connection
from qsync.warehouse.diff import REST_AFTER
from qsync.warehouse.layout import META, REJECTS, STREAMS, Layout
from qsync.warehouse.rejections import rejection
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    case,
    col,
    eq,
    ident,
    number,
    text,
)
from qsync.warehouse.streams import insert_row

REJECTIONS = "qsync_rejections"
"""The view's name."""

VIEW_VERSION = "1"
"""Of the view; another one replaces it at the next apply."""

VIEW_COLUMNS = (
    ("destination", "text"),
    ("project", "text"),
    ("sync", "text"),
    ("object", "text"),
    ("match_key", "text"),
    ("field", "text"),
    ("reason", "text"),
    ("attempts", "bigint"),
    ("resting", "boolean"),
    ("run_id", "text"),
    ("first_at", "timestamp"),
    ("last_at", "timestamp"),
)
"""Names and types, in order; `field` alone may be NULL."""

MOST_GROUPS = 500
"""Groups that are read: more reasons than that are no reasons but values."""

CHUNK = 5_000
"""Records read at once for an export, roughly."""

_HEX = "0123456789abcdef"

_NOTE = f"view {REJECTIONS}"
"""The view's name in `qsync_meta`, where its version is kept."""


class Rejected:
    """Reads `qsync_rejects` of one project at one destination.

    Args:
        connection: Where statements go.
        layout: The state schema.
        destination: Whose rejects.
        project: The dbt project's name.
        tables: The tables there are.
        sync: Of this sync only.
    """

    def __init__(
        self,
        connection: Connection,
        layout: Layout,
        destination: str,
        project: str,
        *,
        tables: frozenset[str],
        sync: str | None = None,
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._there = REJECTS in tables and STREAMS in tables
        mine = [
            eq(col("destination", "streams"), text(destination)),
            eq(col("project", "streams"), text(project)),
        ]
        if sync is not None:
            mine.append(eq(col("sync", "streams"), text(sync)))
        self._mine = all_of(mine)

    def groups(self) -> tuple[RejectGroup, ...]:
        """Rejects by stream, field and reason, most first; one more than `MOST_GROUPS` at most."""
        if not self._there:
            return ()
        about, reason = col("field", "rejects"), col("reason", "rejects")
        same = rejection(reason, about)
        keys = [col("sync", "streams"), col("object", "streams"), about, same]
        statement = (
            self._rejects()
            .select(
                col("sync", "streams"),
                col("object", "streams"),
                as_(exp.Min(this=reason), "said"),
                about,
                as_(exp.Count(this=exp.Star()), "records"),
                as_(exp.Sum(this=case([(_rests(), number(1))], number(0))), "resting"),
                as_(exp.Max(this=col("attempts", "rejects")), "most"),
                as_(exp.Min(this=col("first_at", "rejects")), "began"),
                as_(exp.Max(this=col("last_at", "rejects")), "ended"),
            )
            .group_by(*keys)
            .order_by(
                exp.Ordered(this=col("records"), desc=True, nulls_first=False),
                *(exp.Ordered(this=name, nulls_first=False) for name in (*keys[:2], col("said"))),
            )
            .limit(MOST_GROUPS + 1)
        )
        return tuple(_group(*row) for row in self._connection.rows(statement))

    def count(self) -> int:
        """How many records are rejected."""
        if not self._there:
            return 0
        counted = self._rejects().select(as_(exp.Count(this=exp.Star()), "records"))
        return int(self._connection.rows(counted)[0][0])

    def records(self) -> Iterator[RejectedRecord]:
        """Every rejected record, some `CHUNK` at a time.

        By the first digits of the key's hash: no key becomes part of a statement, and whatever is
        written meanwhile, a record that stays rejected is read once.
        """
        for prefix in _prefixes(self.count()):
            yield from self._part(prefix)

    def _part(self, prefix: str) -> Iterator[RejectedRecord]:
        columns = [
            *(col(name, "streams") for name in ("sync", "object")),
            *(col(name, "rejects") for name in ("key", "reason", "field", "attempts")),
            as_(case([(_rests(), number(1))], number(0)), "resting"),
            *(col(name, "rejects") for name in ("run_id", "first_at", "last_at")),
        ]
        order = [*columns[:2], col("key", "rejects")]
        statement = self._rejects().select(*columns).order_by(*order)
        if prefix:
            digest = self._connection.dialect.md5(col("key", "rejects"))
            digits = exp.Substring(this=digest, start=number(1), length=number(len(prefix)))
            statement = statement.where(eq(digits, text(prefix)))
        for row in self._connection.rows(statement):
            sync, object_name, key, reason, field, attempts, resting, run_id, first, last = row
            yield RejectedRecord(
                *(sync, object_name, key, reason, field, int(attempts)),
                *(bool(resting), run_id, first, last),
            )

    def _rejects(self) -> exp.Select:
        return _joined(exp.Select(), self._layout).where(self._mine)


def _group(
    sync: str,
    object_name: str,
    reason: str,
    field: str | None,
    records: int,
    resting: int,
    attempts: int,
    *times: str,
) -> RejectGroup:
    first_at, last_at = times
    numbers = (int(records), int(resting), int(attempts))
    return RejectGroup(sync, object_name, reason, field, *numbers, first_at, last_at)


def ensure_view(connection: Connection, layout: Layout) -> None:
    """Make the view `qsync_rejections`, or replace the one of another version."""
    meta = layout.table(META)
    noted = eq(col("name"), text(_NOTE))
    rows = connection.rows(exp.select(col("value")).from_(meta).where(noted))
    if rows and str(rows[0][0]) == VIEW_VERSION:
        return
    view = layout.table(REJECTIONS)
    connection.run(
        exp.Drop(tables=[view], kind="VIEW", exists=True),
        exp.Create(this=view.copy(), kind="VIEW", expression=view_select(layout)),
        exp.delete(meta.copy()).where(noted),
        insert_row(meta.copy(), {"name": _NOTE, "value": VIEW_VERSION}),
    )


def view_select(layout: Layout) -> exp.Select:
    """What the view is."""
    values = {
        **{name: col(name, "streams") for name in ("destination", "project", "sync", "object")},
        "match_key": col("key", "rejects"),
        "resting": _rests(),
    }
    chosen: list[Expression] = []
    for name, kind in VIEW_COLUMNS:
        value = values.get(name, col(name, "rejects"))
        chosen.append(as_(exp.cast(value, kind) if kind == "timestamp" else value, name))
    return _joined(exp.select(*chosen), layout)


def _joined(select: exp.Select, layout: Layout) -> exp.Select:
    return select.from_(exp.alias_(layout.table(REJECTS), ident("rejects"), table=True)).join(
        exp.alias_(layout.table(STREAMS), ident("streams"), table=True),
        on=eq(col("stream_id", "rejects"), col("stream_id", "streams")),
    )


def _rests() -> Expression:
    return exp.GTE(this=col("attempts", "rejects"), expression=number(REST_AFTER))


def _prefixes(records: int) -> Sequence[str]:
    """Beginnings of hashes, each of about `CHUNK` records or fewer."""
    prefixes = [""]
    while records > CHUNK * len(prefixes):
        prefixes = [prefix + digit for prefix in prefixes for digit in _HEX]
    return prefixes
