"""How far a stream may have been posted: known to the warehouse before it is."""

from __future__ import annotations

from collections.abc import Callable

from qsync.execution.journal import Journal, Step
from qsync.execution.ports import CommitContext, ExecutionWarehouse, Stage
from qsync.execution.reading import InWarehouse


class PostedMark:
    """Raises the stage's mark, many chunks at a time, always before the first of them goes.

    Should this run die, only records up to the mark can be open, whatever became of this machine.
    """

    def __init__(
        self,
        stage: Stage,
        warehouse: ExecutionWarehouse,
        in_warehouse: InWarehouse,
        context: Callable[[], CommitContext],
        journal: Journal,
    ) -> None:
        self._stage = stage
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._context = context
        self._journal = journal
        self._marked = 0
        self._journaled = True

    async def reach(self, last: int) -> None:
        """Records up to this number may be posted when this returns."""
        if last <= self._marked:
            return
        self._journal.write(Step.BEGUN)
        await self._mark(last)

    async def heed_journal(self) -> None:
        """Where the journal has failed, the warehouse must know before anything else is posted."""
        if self._journaled and not self._journal.healthy:
            await self._mark(self._marked)

    async def _mark(self, last: int) -> None:
        context, journaled = self._context(), self._journal.healthy
        await self._in_warehouse(
            lambda: self._warehouse.mark_posted(self._stage, last, context, journaled=journaled)
        )
        self._marked, self._journaled = max(self._marked, last), journaled
