"""The lock: one row per destination, taken by one conditional UPDATE and read back.

Insert-then-read is no lock under snapshot isolation: both would win. The row is made with the
tables; it expires by the warehouse's clock, and every commit carries its epoch.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlglot import exp

from qsync.errors import UserError
from qsync.execution.ports import LockHolder
from qsync.warehouse.connection import Connection, Row, WarehouseError
from qsync.warehouse.layout import LOCK, Layout
from qsync.warehouse.sequential import from_something
from qsync.warehouse.sql import Expression, all_of, any_of, col, eq, ident, is_null, null, text

TRIES = 3
"""So often a lock is broken whose holder writes in the same moment."""

UNSEEN = "another run, in the same moment"
"""Who has a lock that was taken, or taken and given back, while we reached for it."""


class LockLostError(UserError):
    """The destination's lock is not ours any more; what we did not commit is not committed."""

    def __init__(self) -> None:
        super().__init__(
            "The lock was lost: another run has taken it, or `qsync unlock` has freed it",
            hint="nothing is lost; run `qsync apply` again when no other run is writing",
        )


class Lock:
    """The lock of one destination."""

    def __init__(self, connection: Connection, layout: Layout, destination: str) -> None:
        self._connection = connection
        self._table = layout.table(LOCK)
        self._destination = destination

    def make(self) -> None:
        """Make the destination's row, once."""
        if self._read() is not None:
            return
        absent = exp.Not(
            this=exp.Exists(
                this=exp.select(exp.Literal.number(1)).from_(self._table.copy()).where(self._mine())
            )
        )
        free = exp.select(text(self._destination), exp.Literal.number(0))
        row = from_something(free).where(absent)
        try:
            self._connection.run(
                exp.insert(row, self._table.copy(), columns=[ident("destination"), ident("epoch")])
            )
        except WarehouseError:
            # Somebody else made it in the same moment: the primary key let one of us through.
            if self._read() is None:
                raise

    def acquire(self, lock_id: str, holder: str, seconds: int) -> int | LockHolder:
        """Take the lock: its epoch, or who has it.

        The holder has no ID when somebody reached for the lock in the same moment and cannot be
        seen yet, or not any more: try again a moment later.
        """
        now = self._now()
        free = any_of([is_null(col("lock_id")), exp.LT(this=col("expires"), expression=now.copy())])
        taking = exp.Update(
            this=self._table.copy(),
            expressions=[
                _set("epoch", exp.Add(this=col("epoch"), expression=exp.Literal.number(1))),
                _set("lock_id", text(lock_id)),
                _set("holder", text(holder)),
                _set("since", now.copy()),
                _set("expires", exp.Add(this=now, expression=exp.Literal.number(seconds))),
            ],
            where=exp.Where(this=all_of([self._mine(), free])),
        )
        row = self._after(taking)
        if row is None:
            raise UserError("The lock's row is gone", hint="run `qsync apply` again")
        epoch, found = row[:2]
        if found == lock_id:
            return int(epoch)
        return _holder(row) or LockHolder("", UNSEEN, *_times(row))

    def holder(self) -> LockHolder | None:
        """Who has the lock, even if it has expired: until somebody takes it, it can be renewed."""
        row = self._read()
        return None if row is None else _holder(row)

    def break_(self, lock_id: str) -> bool:
        """Free the lock and raise the epoch, so that its holder can commit nothing more.

        False, and nothing changed, when it is not held under this ID (any more).
        """
        # The one that broke it signs, so that of two in the same moment one is told.
        sign = secrets.token_hex(8)
        breaking = exp.Update(
            this=self._table.copy(),
            expressions=[
                _set("epoch", exp.Add(this=col("epoch"), expression=exp.Literal.number(1))),
                _set("lock_id", null()),
                _set("holder", text(sign)),
                # What commits set too: to DuckDB, updates of different columns are no conflict.
                _set("expires", self._now()),
            ],
            where=exp.Where(this=all_of([self._mine(), eq(col("lock_id"), text(lock_id))])),
        )
        for _ in range(TRIES):
            row = self._after(breaking)
            if row is None or row[1] != lock_id:
                return row is not None and row[2] == sign
        raise UserError(
            "The lock's holder was writing in the same moment",
            hint="so it is alive; if you mean it all the same, run the command again",
        )

    def renewing(self, epoch: int, seconds: int) -> Expression:
        """The statement that keeps the lock for longer, if it is still ours."""
        until = exp.Add(this=self._now(), expression=exp.Literal.number(seconds))
        return exp.Update(
            this=self._table.copy(),
            expressions=[_set("expires", until)],
            where=exp.Where(this=all_of([self._mine(), self._is_epoch(epoch)])),
        )

    def holding(self, epoch: int) -> Expression:
        """Reads one row while the lock is ours, none afterwards."""
        return (
            exp.select(col("epoch"))
            .from_(self._table.copy())
            .where(all_of([self._mine(), self._is_epoch(epoch)]))
        )

    def release(self, epoch: int) -> None:
        """Give the lock back, if it is still ours."""
        self._connection.run(
            exp.Update(
                this=self._table.copy(),
                expressions=[_set("lock_id", null())],
                where=exp.Where(this=all_of([self._mine(), self._is_epoch(epoch)])),
            )
        )

    def _after(self, update: Expression) -> Row | None:
        """The row after an update that may have lost against another one in the same moment."""
        try:
            self._connection.run(update)
        except WarehouseError as error:
            # Of two in the same moment DuckDB refuses one, and PostgreSQL where it serializes.
            if not error.conflict:
                raise
        return self._read()

    def _is_epoch(self, epoch: int) -> Expression:
        held = exp.Not(this=is_null(col("lock_id")))
        return all_of([eq(col("epoch"), exp.Literal.number(epoch)), held])

    def _mine(self) -> Expression:
        return eq(col("destination"), text(self._destination))

    def _now(self) -> Expression:
        return self._connection.dialect.epoch_now()

    def _read(self) -> Row | None:
        names = ("epoch", "lock_id", "holder", "since", "expires")
        rows = self._connection.rows(
            exp.select(*(col(name) for name in names)).from_(self._table.copy()).where(self._mine())
        )
        return rows[0] if rows else None


def _set(name: str, value: Expression) -> Expression:
    return exp.EQ(this=col(name), expression=value)


def _holder(row: Row) -> LockHolder | None:
    _, lock_id, who, _, _ = row
    return None if lock_id is None else LockHolder(str(lock_id), str(who), *_times(row))


def _times(row: Row) -> tuple[str, str]:
    return _moment(row[3] or 0), _moment(row[4] or 0)


def _moment(seconds: object) -> str:
    return datetime.fromtimestamp(int(str(seconds)), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
