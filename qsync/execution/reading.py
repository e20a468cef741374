"""The staged rows, chunk by chunk, a page at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from qsync.execution.ports import ExecutionWarehouse, Stage, StagedRow
from qsync.ledger.record import ConservationError
from qsync.planning.plan import CHUNK_ROWS

PAGE_CHUNKS = 10
"""Chunks read from the stage at once."""

T = TypeVar("T")


class InWarehouse(Protocol):
    """Runs a call of the warehouse where it belongs: in the one thread that owns the connection."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Run it and hand back its result or its exception."""


class ChunkReader:
    """Hands out the first `rows` rows of a stage in chunks, to several workers.

    A page is read by a range of numbers, never by a cursor that has to stay open for the run.

    Args:
        stage: The staged table.
        rows: How many of its rows.
        warehouse: Reads it, through `in_warehouse`.
        in_warehouse: Runs a call in the warehouse's own thread.
        before: Awaited before a page is handed out, with the number of its last row.
    """

    def __init__(
        self,
        stage: Stage,
        rows: int,
        warehouse: ExecutionWarehouse,
        in_warehouse: InWarehouse,
        before: Callable[[int], Awaitable[None]],
    ) -> None:
        self._stage = stage
        self._rows = rows
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._before = before
        self._read = 0
        self._chunks: deque[list[StagedRow]] = deque()
        self._lock = asyncio.Lock()

    async def next(self) -> list[StagedRow] | None:
        """The next chunk, or None at the end.

        Raises:
            ConservationError: The stage does not hold the rows it says.
        """
        async with self._lock:
            if not self._chunks and self._read < self._rows:
                await self._read_page()
            return self._chunks.popleft() if self._chunks else None

    async def _read_page(self) -> None:
        first = self._read + 1
        last = min(self._read + PAGE_CHUNKS * CHUNK_ROWS, self._rows)
        rows = await self._in_warehouse(
            lambda: self._warehouse.read_stage(self._stage, first, last)
        )
        if [row.number for row in rows] != list(range(first, last + 1)):
            raise ConservationError(f"the stage does not hold rows {first} to {last}, each once")
        await self._before(last)
        self._read = last
        self._chunks.extend(rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS))
