"""One stream's staged rows to Qualified, and what became of them back into state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from qsync.execution.accounts import ChunkAccount
from qsync.execution.clock import Clock
from qsync.execution.committing import Committer
from qsync.execution.exchanges import RunLog
from qsync.execution.following import JobFollower
from qsync.execution.halt import Halt, Pause, RunBounds
from qsync.execution.items import ItemWriter
from qsync.execution.journal import Journal, NoJournal
from qsync.execution.marking import PostedMark
from qsync.execution.polling import OPEN_JOBS, PollTracker
from qsync.execution.ports import (
    BulkApi,
    CommitContext,
    ExecutionWarehouse,
    Stage,
    StagedRow,
)
from qsync.execution.reading import ChunkReader, InWarehouse
from qsync.execution.redact import Redactor
from qsync.execution.remote import RemoteError
from qsync.execution.sending import ChunkSender, Posting
from qsync.planning.plan import CHUNK_ROWS
from qsync.project.model import Limit


@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """How a delivery stands; all but `open_jobs` only grow.

    Attributes:
        planned: Rows that this delivery sends: the staged ones, cut to the limit.
        jobs: Jobs accepted so far.
        open_jobs: Those among them without an end.
    """

    planned: int
    succeeded: int
    rejected: int
    unknown: int
    invalid_late: int
    jobs: int
    open_jobs: int


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How a delivery ended. planned = succeeded + rejected + unknown + invalid_late + unsent.

    Attributes:
        planned: The stream's staged rows.
        unsent: Rows certainly not submitted: beyond the limit, or after the delivery halted.
        jobs: Jobs Qualified accepted.
        reasons: Rejected and invalid-late rows by reason, redacted.
        foreign_results: Results that carried a request id nobody sent in that job.
        unsettled_jobs: Ids of jobs that left rows unknown; the first few.
        error: The answer that ended it early, if one did.
        stopped: Whether the user ended it early.
        pause: Why it ended early although nothing failed.
        pause_error: What asked for it, if an answer did.
        open_jobs: Ids of all jobs that may still do something; the warehouse knows them.
        job_seconds: From a job's acceptance until it was done, as far as polls tell.
    """

    planned: int
    succeeded: int
    rejected: int
    unknown: int
    invalid_late: int
    unsent: int
    jobs: int
    reasons: Mapping[str, int]
    foreign_results: int
    unsettled_jobs: tuple[str, ...]
    error: RemoteError | None
    stopped: bool
    pause: Pause | None = None
    pause_error: RemoteError | None = None
    open_jobs: tuple[str, ...] = ()
    job_seconds: float | None = None


async def deliver(
    stage: Stage,
    *,
    warehouse: ExecutionWarehouse,
    in_warehouse: InWarehouse,
    api: BulkApi,
    clock: Clock,
    context: Callable[[], CommitContext],
    progress: Callable[[DeliveryProgress], None],
    stop: asyncio.Event,
    journal: Journal | None = None,
    secret: bytes = b"",
    log: RunLog | None = None,
    keep_lock: Callable[[], Awaitable[None]] | None = None,
    bounds: RunBounds | None = None,
    limit: int | None = None,
    max_rejected: Limit | None = None,
    commit_every: float | None = None,
    open_jobs: int = OPEN_JOBS,
    job_deadline: float = 3_600.0,
) -> DeliveryResult:
    """Send a stream's staged rows, follow their jobs and commit what is confirmed.

    It holds at most a page of rows and `open_jobs` chunks. What Qualified answers never raises:
    it ends in the result. A halted delivery still polls what is open and commits it. A cancelled
    one commits what is confirmed and lets go of the rest.

    Args:
        stage: The staged rows.
        warehouse: Reads the stage and commits; called through `in_warehouse` only.
        in_warehouse: Runs a call in the warehouse's own thread.
        api: Qualified; retries and limits are its own.
        clock: The time.
        context: Made anew for each commit.
        progress: Told when a job is accepted and when a chunk is done.
        stop: Set it to submit nothing more.
        journal: Where steps are written down; nowhere unless given.
        secret: Keys the digests in the journal.
        log: Told what became of jobs; nobody unless given.
        keep_lock: Awaited before every post and every few seconds; raises when the lock is lost.
        bounds: What the run may use.
        limit: Rows to send at most; the first of the stage.
        max_rejected: Rows that may be rejected, as a number or a share of those that are sent.
        commit_every: Seconds between commits; the warehouse's own unless given.
        open_jobs: Chunks in flight at most.
        job_deadline: Seconds after which an unfinished job's rows are unknown.

    Raises:
        ConservationError: A row was accounted for twice or not at all: a bug.
        Exception: Whatever the warehouse raises. Nothing more is sent or committed then.
    """
    journal = journal or NoJournal()
    keep_lock = keep_lock or _nothing_to_keep
    bounds = bounds or RunBounds()
    rows = stage.rows if limit is None else min(stage.rows, limit)
    chunks = -(-rows // CHUNK_ROWS)
    mark = PostedMark(stage, warehouse, in_warehouse, context, journal)
    reader = ChunkReader(stage, rows, warehouse, in_warehouse, mark.reach)
    writer = ItemWriter(stage.request.stream, stage.run_id)
    committer = Committer(stage, warehouse, in_warehouse, context, journal, keep_lock)
    halt = Halt(stop, clock, bounds)
    # Where requests are counted none is spent on impatience.
    tracker = PollTracker(chunks, patient=bounds.requests is not None)
    follower = JobFollower(api, clock, tracker, halt, job_deadline, bounds.end_by)

    def report() -> None:
        progress(_progress(committer, sender, rows))

    async def ready() -> None:
        await keep_lock()
        await mark.heed_journal()

    posting = Posting(stage.stream_id, journal, secret, ready, committer.accepted, log)
    sender = ChunkSender(
        api, clock, follower, Redactor(stage.request.stream), halt, posting, report
    )

    async def work() -> None:
        while not halt.halted and (chunk := await reader.next()) is not None:
            committer.add(await _deliver_chunk(chunk, writer, sender))
            rejected = committer.account.rejected
            if max_rejected is not None and not max_rejected.allows(rejected, rows):
                halt.guard()
            report()

    pace = warehouse.commit_seconds if commit_every is None else commit_every
    try:
        async with asyncio.TaskGroup() as group:
            regular = group.create_task(committer.commit_regularly(clock, pace))
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(open_jobs, chunks)):
                    workers.create_task(work())
            await committer.end(regular)
    except asyncio.CancelledError:
        await committer.commit()
        raise
    except BaseExceptionGroup as group_error:
        raise _first(group_error) from None
    committer.account.check()
    return _result(committer, sender, halt, rows, stopped=stop.is_set())


async def _nothing_to_keep() -> None:
    """There is no lock."""


async def _deliver_chunk(
    chunk: list[StagedRow], writer: ItemWriter, sender: ChunkSender
) -> ChunkAccount:
    account = ChunkAccount(chunk[0].number, chunk[-1].number)
    written = writer.write(chunk)
    for reject in written.invalid_late:
        account.invalid_late(reject)
    if written.items:
        await sender.send(written.items, account)
    return account


def _progress(committer: Committer, sender: ChunkSender, rows: int) -> DeliveryProgress:
    account = committer.account
    return DeliveryProgress(
        planned=rows,
        succeeded=account.succeeded,
        rejected=account.rejected,
        unknown=account.unknown,
        invalid_late=account.invalid_late,
        jobs=sender.jobs,
        open_jobs=sender.open_jobs,
    )


def _result(
    committer: Committer, sender: ChunkSender, halt: Halt, rows: int, *, stopped: bool
) -> DeliveryResult:
    account = committer.account
    # Rows beyond the limit are unsent whatever happens.
    cut_short = account.unsent > account.planned - rows or bool(committer.open_jobs)
    return DeliveryResult(
        planned=account.planned,
        succeeded=account.succeeded,
        rejected=account.rejected,
        unknown=account.unknown,
        invalid_late=account.invalid_late,
        unsent=account.unsent,
        jobs=sender.jobs,
        reasons=dict(account.reasons),
        foreign_results=sender.foreign_results,
        unsettled_jobs=tuple(sender.unsettled_jobs),
        error=halt.error,
        stopped=stopped,
        pause=halt.pause if cut_short or halt.pause is Pause.GUARD else None,
        pause_error=halt.pause_error if cut_short else None,
        open_jobs=tuple(sorted(committer.open_jobs)),
        job_seconds=sender.job_seconds,
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the group: what follows it is of no use to anybody."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
