"""Whom an apply talks to: Qualified, and whoever watches and decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from qsync.diagnostics import Diagnostic
from qsync.execution.deliver import DeliveryProgress
from qsync.execution.ports import BulkApi, LockHolder
from qsync.fields.model import FieldCatalog
from qsync.ledger.record import RunRecord
from qsync.planning.plan import Plan, StreamPlan


class ApplyApi(BulkApi, Protocol):
    """Qualified, as apply needs it."""

    async def fields(self) -> FieldCatalog:
        """The live field definitions, with their ids."""

    def remember(self, spent: Sequence[tuple[float, int]]) -> None:
        """Requests that earlier runs made: `(epoch seconds, how many)`."""

    def note_requests(
        self, note: Callable[[float, int], Awaitable[None]], every: int = 100
    ) -> None:
        """Await `note(minute, how many)` before as many more requests are made in a minute."""

    def submit_until(self, stop: asyncio.Event) -> None:
        """Submit nothing more once this is set, not even what waits already."""

    def end_by(self, at: float | None) -> None:
        """Make no request that would have to wait until after this moment (monotonic seconds)."""

    def at_most(self, requests: int | None) -> None:
        """Make no more requests than this."""


class ApplyView(Protocol):
    """Whoever watches and decides."""

    def show(self, plan: Plan, diagnostics: Sequence[Diagnostic]) -> None:
        """The plan, before anything is sent."""

    def approve(self, plan: Plan) -> bool:
        """Whether to go on; asked only when there is something to do."""

    def start(self, stream: StreamPlan) -> None:
        """A stream's delivery begins."""

    def update(self, progress: DeliveryProgress) -> None:
        """It goes on."""

    def finish(self, record: RunRecord) -> None:
        """A stream has ended and is recorded."""

    def waiting(self, held: LockHolder) -> None:
        """Another run has the lock, and is waited for."""

    def testing(self, models: Sequence[str]) -> None:
        """The tests of these models begin, before anything is planned."""

    def died(self, run_ids: Sequence[str]) -> None:
        """Earlier runs were found dead and closed."""
