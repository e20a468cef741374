"""Confirmed outcomes back into state, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from qsync.execution.accounts import StreamAccount
from qsync.execution.clock import Clock
from qsync.execution.ports import CommitContext, ExecutionWarehouse, Outcome, Stage
from qsync.execution.reading import InWarehouse
from qsync.ledger.record import ConservationError


class Committer:
    """Collects outcomes and commits them, checking every time that no row is lost or doubled.

    Attributes:
        account: The stream's sums, committed or about to be.
    """

    def __init__(
        self,
        stage: Stage,
        warehouse: ExecutionWarehouse,
        in_warehouse: InWarehouse,
        context: Callable[[], CommitContext],
    ) -> None:
        self.account = StreamAccount(stage.rows)
        self._stage = stage
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._context = context
        self._pending: list[Outcome] = []
        self._committed = 0
        self._lock = asyncio.Lock()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take outcomes for the next commit.

        Raises:
            ConservationError: A row of them ended before, or is not of this stream.
        """
        outcomes = list(outcomes)
        self.account.add(outcomes)
        self._pending += outcomes

    async def commit(self) -> None:
        """Commit what is pending, if anything, in one transaction."""
        async with self._lock:
            if not self._pending:
                return
            batch, self._pending = self._pending, []
            self._committed += sum(outcome.total for outcome in batch)
            self.account.check()
            if self._committed != self.account.planned - self.account.unsent:
                raise ConservationError("outcomes committed and rows accounted for differ")
            context = self._context()
            await self._in_warehouse(lambda: self._warehouse.commit(self._stage, batch, context))

    async def commit_regularly(self, clock: Clock, seconds: float) -> None:
        """Commit every so often, until cancelled by `end`."""
        while True:
            await clock.sleep(seconds)
            await self.commit()

    async def end(self, regular: asyncio.Task[None]) -> None:
        """End `commit_regularly`, never in the middle of a commit, and commit the rest."""
        async with self._lock:
            regular.cancel()
        await self.commit()
