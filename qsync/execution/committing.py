"""Confirmed outcomes back into state, in batches, with the ids of the jobs that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from qsync.execution.accounts import ChunkAccount, StreamAccount
from qsync.execution.clock import Clock
from qsync.execution.journal import Journal, Step
from qsync.execution.ports import (
    Commit,
    CommitContext,
    ExecutionWarehouse,
    KnownJob,
    Outcome,
    Stage,
)
from qsync.execution.reading import InWarehouse
from qsync.ledger.record import ConservationError


class Committer:
    """Collects outcomes and commits them, checking every time that no row is lost or doubled.

    Args:
        stage: The stream's staged table.
        warehouse: Commits, through `in_warehouse`.
        in_warehouse: Runs a call in the warehouse's own thread.
        context: Made anew for each commit.
        journal: Told what is committed.
        keep: Awaited when there is nothing to commit, so that the lock is kept all the same.

    Attributes:
        account: The stream's sums, committed or about to be.
        open_jobs: Jobs the warehouse knows, or is about to, that have not been resolved.
    """

    def __init__(
        self,
        stage: Stage,
        warehouse: ExecutionWarehouse,
        in_warehouse: InWarehouse,
        context: Callable[[], CommitContext],
        journal: Journal,
        keep: Callable[[], Awaitable[None]],
    ) -> None:
        self.account = StreamAccount(stage.rows)
        self.open_jobs: set[str] = set()
        self._stage = stage
        self._warehouse = warehouse
        self._in_warehouse = in_warehouse
        self._context = context
        self._journal = journal
        self._keep = keep
        self._outcomes: list[Outcome] = []
        self._accepted: dict[str, KnownJob] = {}
        self._resolved: list[str] = []
        self._committed = 0
        self._lock = asyncio.Lock()

    def accepted(self, job: KnownJob) -> None:
        """Take a job's id for the next commit."""
        self._accepted[job.id] = job
        self.open_jobs.add(job.id)

    def add(self, chunk: ChunkAccount) -> None:
        """Take a chunk's outcomes for the next commit.

        Raises:
            ConservationError: A row of them ended before, or is not of this stream.
        """
        outcomes = chunk.outcomes()
        self.account.add(outcomes)
        self._outcomes += outcomes
        self._resolved += chunk.resolved_jobs

    async def commit(self) -> None:
        """Commit what is pending, if anything, in one transaction."""
        async with self._lock:
            if not (self._outcomes or self._accepted or self._resolved):
                return
            outcomes, self._outcomes = self._outcomes, []
            accepted, self._accepted = self._accepted, {}
            resolved, self._resolved = self._resolved, []
            self._committed += sum(outcome.total for outcome in outcomes)
            self.account.check()
            if self._committed != self.account.planned - self.account.unsent:
                raise ConservationError("outcomes committed and rows accounted for differ")
            # A job that began and ended since the last commit never needs to be known.
            ended = set(resolved)
            changes = Commit(
                outcomes,
                [job for job in accepted.values() if job.id not in ended],
                [job_id for job_id in resolved if job_id not in accepted],
                list(accepted.values()),
            )
            context = self._context()
            await self._in_warehouse(lambda: self._warehouse.commit(self._stage, changes, context))
            self.open_jobs.difference_update(resolved)
            self._journal.write(Step.COMMITTED, stream=self._stage.stream_id, jobs=resolved)

    async def commit_regularly(self, clock: Clock, seconds: float) -> None:
        """Commit every so often, until cancelled by `end`."""
        while True:
            await clock.sleep(seconds)
            await self.commit()
            await self._keep()

    async def end(self, regular: asyncio.Task[None]) -> None:
        """End `commit_regularly`, never in the middle of a commit, and commit the rest."""
        async with self._lock:
            regular.cancel()
        await self.commit()
