"""Forgetting people: their keys' hashes are kept, so that they are never sent again, and no more.

A suppression is a keyed hash of object and folded key. The key of it is the secret in `qsync_meta`,
which statements read there and never carry, for dbt may log them. A hash is made here, in Python:
so no match key ever becomes part of a statement either.

The table is made by the first `qsync forget`: who never forgot anybody pays nothing for it. Its
first row is a mark, the hash of nothing: were the secret another one than it was, no hash would
match any more, and everybody who was forgotten would be sent again in silence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlglot import exp

from qsync.errors import UserError
from qsync.execution.ports import Purged
from qsync.warehouse.connection import Connection
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.layout import META, REJECTS, SECRET, SENT, STREAMS, SUPPRESSED, Layout
from qsync.warehouse.layout import SUPPRESSED_COLUMNS as COLUMNS
from qsync.warehouse.sql import (
    Expression,
    aliased,
    all_of,
    as_,
    col,
    concat,
    eq,
    ident,
    number,
    text,
)
from qsync.warehouse.streams import in_list

_UPLOAD = 1_000
"""Hashes to one statement."""

_MARK = ("", "")
"""What the mark is a hash of: no object, no key."""

_STAGE = re.compile("stage_.+_[0-9a-f]{8}")
"""The name of a staged table, in a schema that may hold other people's tables too."""


def key_hash(secret: bytes, object_name: str, key: str) -> str:
    """The hash by which a forgotten key is known.

    Args:
        secret: Of the state schema.
        object_name: `lead` or `company`.
        key: The folded match key.
    """
    told = f"{secret.hex()}:{object_name}:{key}".encode()
    return hashlib.md5(told, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How a query that is about many keys finds those that were forgotten: by a join.

    Not by `IN` of a subquery where a value is computed: Redshift takes that in conditions alone.

    Attributes:
        hashed: The hash of a key.
        keys: The hashes of the keys that were forgotten, each once, as `key_hash`.
    """

    hashed: Callable[[Expression], Expression]
    keys: exp.Select


def forgotten_keys(object_name: str, layout: Layout, dialect: Dialect) -> Forgotten:
    """The forgotten keys of an object."""
    keys = _suppressed_hashes(object_name, layout).distinct(copy=False)
    return Forgotten(lambda key: hash_of(key, object_name, layout, dialect), keys)


def is_suppressed(
    key: Expression, object_name: str, layout: Layout, dialect: Dialect
) -> Expression:
    """Whether the key of a record has been forgotten; not true for NULL."""
    forgotten = _suppressed_hashes(object_name, layout)
    return dialect.among(hash_of(key, object_name, layout, dialect), forgotten)


def known_by(hashed: Expression, object_name: str, layout: Layout) -> Expression:
    """Whether a key's hash is one of those that were forgotten."""
    return exp.In(this=hashed, query=_suppressed_hashes(object_name, layout).subquery())


def _suppressed_hashes(object_name: str, layout: Layout) -> exp.Select:
    return (
        exp.select(col("key_hash"))
        .from_(layout.table(SUPPRESSED))
        .where(eq(col("object"), text(object_name)))
    )


def hash_of(key: Expression, object_name: str, layout: Layout, dialect: Dialect) -> Expression:
    """`key_hash` in SQL."""
    secret = exp.select(col("value")).from_(layout.table(META)).where(eq(col("name"), text(SECRET)))
    return dialect.md5(concat([secret.subquery(), text(f":{object_name}:"), key.copy()]))


class Suppressions:
    """Reads and keeps `qsync_suppressed`."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self._connection = connection
        self._layout = layout

    def check(self) -> None:
        """Refuse to go on with hashes that can match nobody.

        Raises:
            UserError: They were made with another secret than the one there is now.
        """
        object_name, key = _MARK
        dialect = self._connection.dialect
        mark = hash_of(text(key), object_name, self._layout, dialect)
        found = self._connection.rows(
            exp.select(col("at")).from_(self._table()).where(eq(col("key_hash"), mark))
        )
        if not found:
            raise UserError(
                f"The secret in '{self._layout.schema}.{META}' is not the one that forgotten keys "
                "were hashed with: they would be sent again",
                hint=f"restore its row '{SECRET}'; if it is lost, drop '{SUPPRESSED}' and run "
                "`qsync forget` with the same keys before anything is sent",
            )

    def making(self, secret: bytes, at: str) -> list[Expression]:
        """The statements that make the table with its mark."""
        object_name, key = _MARK
        mark = (object_name, key_hash(secret, object_name, key), at)
        return [
            self._layout.create(SUPPRESSED, COLUMNS),
            exp.insert(
                exp.select(*(text(cell) for cell in mark)),
                self._table(),
                columns=[ident(name) for name, _ in COLUMNS],
            ),
        ]

    def known(self, object_name: str, hashes: Sequence[str]) -> set[str]:
        """Those of the hashes that are suppressed already."""
        found: set[str] = set()
        for start in range(0, len(hashes), _UPLOAD):
            some = in_list(col("key_hash"), hashes[start : start + _UPLOAD])
            mine = all_of([eq(col("object"), text(object_name)), some])
            rows = exp.select(col("key_hash")).from_(self._table()).where(mine)
            found |= {str(row[0]) for row in self._connection.rows(rows)}
        return found

    def adding(self, object_name: str, hashes: Sequence[str], at: str) -> list[Expression]:
        """The statements that suppress hashes which are not yet."""
        return [
            exp.insert(
                exp.values(
                    [
                        (text(object_name), text(item), text(at))
                        for item in hashes[start : start + _UPLOAD]
                    ]
                ),
                self._table(),
                columns=[ident(name) for name, _ in COLUMNS],
            )
            for start in range(0, len(hashes), _UPLOAD)
        ]

    def _table(self) -> exp.Table:
        return self._layout.table(SUPPRESSED)


class Purge:
    """Deletes what is left of forgotten keys of one object, at one destination.

    It goes by what is suppressed, not by what was asked for last: what an earlier attempt did not
    get to goes as well.
    """

    def __init__(
        self,
        connection: Connection,
        layout: Layout,
        destination: str,
        tables: Collection[str],
        object_name: str,
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._destination = destination
        self._tables = tables
        self._object = object_name

    def plan(self) -> tuple[Purged, list[Expression]]:
        """What there is to delete, and the statements that do it; for one transaction."""
        counts = {"state": 0, "rejects": 0, "stages": 0, "history": 0}
        statements: list[Expression] = []
        groups = [*(("state", name) for name in self._states())]
        groups.append(("rejects", REJECTS))
        # A staged table that no run owns any more: its keys may be of any object, but a key is
        # either an address or a domain.
        groups += [("stages", name) for name in sorted(self._tables) if _STAGE.fullmatch(name)]
        if SENT in self._tables:
            groups.append(("history", SENT))
        for group, name in groups:
            table = self._layout.table(name)
            theirs = self._theirs(group)
            counted = exp.select(as_(exp.Count(this=exp.Star()), "records")).from_(table)
            found = int(self._connection.rows(counted.where(theirs))[0][0])
            if found:
                counts[group] += found
                statements.append(exp.delete(table.copy()).where(theirs.copy()))
        return Purged(**counts), statements

    def _theirs(self, group: str) -> Expression:
        if group == "history":
            return known_by(col("key_hash"), self._object, self._layout)
        return is_suppressed(col("key"), self._object, self._layout, self._connection.dialect)

    def _states(self) -> list[str]:
        mine = [
            eq(col("destination"), text(self._destination)),
            eq(col("object"), text(self._object)),
        ]
        rows = self._connection.rows(
            exp.select(col("state_table")).from_(self._layout.table(STREAMS)).where(all_of(mine))
        )
        return [str(row[0]) for row in rows]


def long_gone(
    layout: Layout, state: str, stage: str, stream_id: str, before: str
) -> list[Expression]:
    """The statements that purge one stream of records that left the model before a time.

    Tombstones, and rejects of keys that are not in the model: neither among the staged records that
    are in it, nor, as an unchanged one is not staged, among those state takes for living.

    Args:
        layout: Names the tables.
        state: The stream's state table, with this run's tombstones.
        stage: This run's staged table, about all of the stream's records.
        stream_id: The stream.
        before: UTC, as the ledger writes it; what is older goes.
    """
    removed = eq(col("status"), text("removed"))
    older = exp.LT(this=col("acked_at"), expression=text(before))
    rejects = layout.table(REJECTS)
    still = [
        (stage, exp.NEQ(this=col("op", "there"), expression=text("removed"))),
        (state, exp.NEQ(this=col("status", "there"), expression=text("removed"))),
    ]
    absent: list[Expression] = []
    for name, living in still:
        there = exp.select(number(1)).from_(aliased(layout.table(name), "there"))
        same = eq(col("key", "there"), col("key", REJECTS))
        absent.append(exp.Not(this=exp.Exists(this=there.where(all_of([same, living])))))
    old_reject = exp.LT(this=col("last_at"), expression=text(before))
    return [
        exp.delete(layout.table(state)).where(all_of([removed, older])),
        exp.delete(rejects).where(
            all_of([eq(col("stream_id"), text(stream_id)), old_reject, *absent])
        ),
    ]
