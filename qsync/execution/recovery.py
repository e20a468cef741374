"""What earlier runs left behind: their known jobs are asked, and their results go into state.

Only then is anything new sent: no record gets another value while a job with an older one of it is
known and could still run. What nobody can tell any more, a job whose id was lost or one that does
not end, makes its records `open`: their newest values go now, and once more in the next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qsync.execution.accounts import ChunkAccount
from qsync.execution.clock import Clock
from qsync.execution.following import JobFollower
from qsync.execution.halt import Halt, RunBounds
from qsync.execution.items import ItemWriter
from qsync.execution.journal import Journal, JournalNotes
from qsync.execution.polling import PollTracker
from qsync.execution.ports import (
    BulkApi,
    Commit,
    CommitContext,
    DeadStream,
    ExecutionWarehouse,
    JobView,
    KnownJob,
    Stage,
)
from qsync.execution.reading import InWarehouse
from qsync.execution.redact import Redactor
from qsync.execution.remote import RemoteError, RetryableError, WaitTooLongError
from qsync.execution.results import settle

SETTLE_WAIT = 600.0
"""Seconds to wait for jobs of earlier runs to end."""


UNREADABLE_FOR = 3_600.0
"""Seconds after its acceptance in which a job that cannot be read is waited for by failing."""


class NothingLeftError(Exception):
    """The run that is to be resumed has left nothing; nothing was closed."""


class RecoveryStoppedError(Exception):
    """The user ended the run while jobs of an earlier one were awaited; nothing was closed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found and done.

    Attributes:
        died: Runs that had died, oldest first.
        jobs: Jobs of earlier runs that were asked about.
        kept: Stages that were kept, by stream id.
    """

    died: tuple[str, ...] = ()
    jobs: int = 0
    kept: Mapping[str, Stage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Settles and closes what earlier runs left at a destination. The lock must be held.

    Attributes:
        warehouse: Called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        api: Qualified.
        clock: The time.
        context: Makes the context of a commit; its run id is replaced by the dead run's.
        journal: Reads the journals of earlier runs, if this machine has them.
        stop: Ends the waiting.
        keep_lock: Awaited while jobs are; raises when the lock is lost.
        wait: Seconds to wait for a job.
        bounds: Of the run that does it; it ends at them and the jobs stay known.
    """

    warehouse: ExecutionWarehouse
    in_warehouse: InWarehouse
    api: BulkApi
    clock: Clock
    context: Callable[[str], CommitContext]
    journal: Journal
    stop: asyncio.Event
    keep_lock: Callable[[], Awaitable[None]]
    wait: float = SETTLE_WAIT
    bounds: RunBounds = RunBounds()  # noqa: RUF009 - frozen

    async def run(self, keep: str | None = None) -> Recovered:
        """Settle and close everything, but keep the stages of run `keep`.

        Raises:
            RemoteError: Qualified does not answer, or the run is at one of its bounds: what is
                open stays so, to be asked next time.
            RecoveryStoppedError: The user ended it.
            NothingLeftError: There is no stage of run `keep`.
            UserError: The warehouse refuses, or the lock was lost.
        """
        found = await self.in_warehouse(self.warehouse.dead_streams)
        if keep is not None and not any(dead.run_id == keep and dead.stage for dead in found):
            raise NothingLeftError
        notes = {run_id: self.journal.read(run_id) for run_id in {dead.run_id for dead in found}}
        kept: dict[str, Stage] = {}
        asked = 0
        for dead in found:
            told = notes[dead.run_id]
            jobs = _known_jobs(dead, told)
            # Without a state table nothing was posted, or `state mv` has been there since.
            if dead.stage is not None and jobs and dead.stage.request.state.table is not None:
                asked += len(jobs)
                await self._settle(dead.stage, jobs)
            keeping = dead.run_id == keep and dead.stage is not None
            if keeping and dead.stage is not None:
                kept[dead.stage.stream_id] = dead.stage
            await self._close(dead, _posted(dead, told), keeping)
        for run_id in notes:
            self.journal.discard(run_id)
        died = tuple(dict.fromkeys(dead.run_id for dead in found if dead.running))
        return Recovered(died, asked, kept)

    async def _close(
        self, dead: DeadStream, posted: Sequence[tuple[int, int]], keep_stage: bool
    ) -> None:
        context = self.context(dead.run_id)
        await self.in_warehouse(
            lambda: self.warehouse.close_dead(dead, posted, context, keep_stage=keep_stage)
        )

    async def _settle(self, stage: Stage, jobs: Sequence[KnownJob]) -> None:
        tracker = PollTracker(len(jobs), patient=self.bounds.requests is not None)
        redactor = Redactor(stage.request.stream)
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self._settle_one(stage, job, tracker, redactor)) for job in jobs
        ]
        tasks.append(asyncio.ensure_future(self._keep_lock()))
        *asking, keeping = tasks
        stopping = asyncio.ensure_future(self.stop.wait())
        pending: set[asyncio.Future[Any]] = set(asking)
        try:
            while pending:
                done, pending = await asyncio.wait(
                    {*pending, keeping, stopping}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done - {stopping}:
                    task.result()
                pending -= {keeping, stopping}
                if stopping.done() and pending:
                    raise RecoveryStoppedError
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    def _patience(self) -> float:
        """Seconds to wait for a job from now, within the run's time."""
        end_by = self.bounds.end_by
        return self.wait if end_by is None else min(self.wait, end_by - self.clock.monotonic())

    async def _keep_lock(self) -> None:
        while True:
            await self.clock.sleep(5.0)
            await self.keep_lock()

    async def _settle_one(
        self, stage: Stage, job: KnownJob, tracker: PollTracker, redactor: Redactor
    ) -> None:
        rows = await self.in_warehouse(
            lambda: self.warehouse.read_stage(stage, job.first, job.last)
        )
        items = ItemWriter(stage.request.stream, stage.run_id).write(rows).items
        seen = JobView(job.id, "unread", 0, len(items))
        age = max(0.0, self.clock.time() - job.accepted_at)
        halt = Halt(self.stop, self.clock)
        follower = JobFollower(self.api, self.clock, tracker, halt, self._patience())
        followed = await follower.follow(seen, len(items), age)
        refused = halt.error or halt.pause_error
        if refused is not None and not _given_up(refused, followed.seconds):
            raise refused  # the job stays known, to be asked next time
        if not followed.resolved and self._patience() <= 0 and refused is None:
            raise WaitTooLongError(
                "A job of an earlier run was not done when this run's time was over",
                seconds=0.0,
                hint="The next run asks about it again.",
            )
        account = ChunkAccount(job.first, job.last)
        settle(items, followed.view.results, account, redactor)
        if job.lost_answers or not followed.resolved:
            # Of a body that was sent before without an answer, there may be another job.
            account.unresolved(range(job.first, job.last + 1))
        changes = Commit(account.outcomes(), resolved=[job.id])
        context = self.context(stage.run_id)
        await self.in_warehouse(lambda: self.warehouse.commit(stage, changes, context))


def _given_up(refused: RemoteError, age: float) -> bool:
    """Whether a job that cannot be read is one that nobody will ever tell of.

    One job that Qualified cannot show must not keep everything else from being sent for ever.
    """
    passing = isinstance(refused, RetryableError) and not isinstance(refused, WaitTooLongError)
    return passing and age >= UNREADABLE_FOR


def _known_jobs(dead: DeadStream, notes: JournalNotes | None) -> list[KnownJob]:
    """The warehouse's and the journal's: the last few seconds' ids may be in the latter only."""
    known: dict[str, KnownJob] = {}
    if notes is not None and dead.stage is not None:
        of_stream = notes.jobs.get(dead.stage.stream_id, ())
        within = (job for job in of_stream if 1 <= job.first <= job.last <= dead.stage.rows)
        known.update((job.id, job) for job in within)
    # A journal may be damaged; the warehouse's word counts.
    known.update((job.id, job) for job in dead.jobs)
    return sorted(known.values(), key=lambda job: job.first)


def _posted(dead: DeadStream, notes: JournalNotes | None) -> list[tuple[int, int]]:
    """Ranges of records that may have been posted; of a run that ended, all is accounted for."""
    if not dead.running or dead.stage is None or not dead.posted:
        return []
    if not dead.journaled or notes is None or not notes.complete:
        return [(1, dead.posted)]
    # Each intent was durable before its post: what is in none of them never went.
    intents = sorted(set(notes.intents.get(dead.stage.stream_id, ())))
    return _joined([(first, min(last, dead.posted)) for first, last in intents])


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges as few: halves of a chunk lie within it, chunks follow each other."""
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        elif first <= last:
            found.append((first, last))
    return found
