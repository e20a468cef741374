"""Requests as the warehouse remembers them: what others spent, and what this run is about to."""

from __future__ import annotations

from collections import Counter

from qsync.execution.clock import Clock
from qsync.execution.locking import Lease
from qsync.execution.ports import DAY, MINUTE, ExecutionWarehouse
from qsync.execution.reading import InWarehouse
from qsync.execution.watching import ApplyApi


class Spending:
    """Tells the client what other runs spent, and the warehouse what this one is about to.

    Args:
        run_id: This run.
        warehouse: Called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        api: The client.
        clock: The time.
    """

    def __init__(
        self,
        run_id: str,
        warehouse: ExecutionWarehouse,
        in_warehouse: InWarehouse,
        api: ApplyApi,
        clock: Clock,
    ) -> None:
        self._run_id = run_id
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._api = api
        self._clock = clock
        self._lease: Lease | None = None
        self._known: Counter[float] = Counter()

    async def begin(self) -> None:
        """Before the first request."""
        await self._remember()
        self._api.note_requests(self._note)

    async def locked(self, lease: Lease) -> None:
        """The lock is ours: whoever had it until now has spent something meanwhile.

        From here on the lease is kept with every note, so that a run whose machine slept while
        another one took over makes no request when it wakes up.
        """
        self._lease = lease
        await self._remember()

    def settle(self) -> None:
        """The run ends: what it noted is replaced by what it made. Called in the warehouse."""
        made = self._api.tally.by_minute
        self._warehouse.settle_requests(self._run_id, made, self._clock.time() - 2 * DAY)

    async def _remember(self) -> None:
        since = self._clock.time() - DAY
        spent = Counter(
            dict(await self._in_warehouse(lambda: self._warehouse.requests_since(since)))
        )
        # What is known already has been told, or is our own.
        self._api.remember(sorted((spent - self._known).items()))
        self._known |= spent

    async def _note(self, minute: float, requests: int) -> None:
        if self._lease is not None:
            await self._lease.keep()
        await self._in_warehouse(
            lambda: self._warehouse.note_requests(self._run_id, minute, requests)
        )
        # The warehouse counts a minute's requests as made at its end.
        self._known[float(int(minute) + MINUTE)] += requests
