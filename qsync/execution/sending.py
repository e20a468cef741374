"""One chunk to Qualified: submitted, halved where it is refused whole, followed to its results.

Before a part is posted its intent is in the journal, and records up to the stage's mark are known
to the warehouse as possibly posted; when its job is accepted, the id goes to both.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

from qsync.execution.accounts import ChunkAccount
from qsync.execution.clock import Clock
from qsync.execution.exchanges import JobEnd, NoRunLog, RunLog
from qsync.execution.following import Followed, JobFollower
from qsync.execution.halt import Halt
from qsync.execution.items import Item, bulk_body
from qsync.execution.journal import Journal, Step, body_digest
from qsync.execution.pacing import JobTimes
from qsync.execution.ports import BATCH_LEFT, BulkApi, JobView, KnownJob, Reject
from qsync.execution.redact import Redactor
from qsync.execution.remote import (
    AmbiguousError,
    NotSentError,
    RejectedBatchError,
    RemoteError,
    WaitTooLongError,
)
from qsync.execution.results import settle

MOST_POSTS = 64
"""Submits a chunk may cost when batches are refused. One bad row of 500 costs 19, five some 70;
where an answer names the bad row, one costs 4 and five 16."""

_WIDE_POSTS = MOST_POSTS // 4
"""Submits after which a chunk of which nothing was taken goes on with its smallest part."""

BATCH_REFUSED = "batch_refused"
"""Reason of a row that was refused alone, as the whole of a batch."""

_MOST_JOBS_NAMED = 20


class Posting:
    """What goes along with every post of one stream.

    Args:
        stream_id: The stream, as the journal names it.
        journal: The run's.
        secret: Keys the digests in it.
        ready: Awaited right before a post: the lock is still held, and the warehouse knows
            whether the journal can be trusted. What it raises ends the delivery.
        accepted: Told of every job, for the warehouse.
        log: Told what became of every job.
    """

    def __init__(
        self,
        stream_id: str,
        journal: Journal,
        secret: bytes,
        ready: Callable[[], Awaitable[None]],
        accepted: Callable[[KnownJob], None],
        log: RunLog | None = None,
    ) -> None:
        self._stream_id = stream_id
        self._journal = journal
        self._secret = secret
        self._ready = ready
        self._accepted = accepted
        self._log = log or NoRunLog()

    async def before(self, items: Sequence[Item], body: bytes) -> None:
        """These items are about to be posted as this body."""
        first, last = items[0].row.number, items[-1].row.number
        digest = body_digest(self._secret, body)
        self._journal.write(
            Step.INTENT, stream=self._stream_id, first=first, last=last, digest=digest
        )
        await self._ready()

    def accepted(self, job: JobView, items: Sequence[Item], at: float) -> KnownJob:
        """They are a job now."""
        first, last = items[0].row.number, items[-1].row.number
        known = KnownJob(job.id, first, last, at, job.lost_answers)
        self._journal.write(
            Step.ACCEPTED,
            stream=self._stream_id,
            job=known.id,
            first=known.first,
            last=known.last,
            at=known.accepted_at,
            lost=known.lost_answers,
        )
        self._accepted(known)
        return known

    def result(self, job: KnownJob) -> None:
        """The job has been read to its end."""
        self._journal.write(Step.RESULT, stream=self._stream_id, job=job.id)

    def settled(
        self, job: KnownJob, followed: Followed, items: Sequence[Item], account: ChunkAccount
    ) -> None:
        """What became of the job's items is in the account."""
        succeeded, unknown, rejects = account.ended(item.row.number for item in items)
        bodies: dict[int, bytes] = {}
        if rejects:
            rejected = {reject.number for reject in rejects}
            bodies = {item.row.number: item.body for item in items if item.row.number in rejected}
        self._log.settled(
            JobEnd(
                self._stream_id,
                job,
                followed.view.status,
                followed.resolved,
                followed.seconds,
                succeeded,
                unknown,
                rejects,
                bodies,
            )
        )


class ChunkSender:
    """Sends chunks of one stream.

    Attributes:
        jobs: Jobs accepted.
        open_jobs: Those among them that are not settled.
        foreign_results: Results that belong to no item of their job.
        unsettled_jobs: Ids of jobs that left rows unknown; the first few.
        times: How long the jobs took that were read to their end.
    """

    def __init__(
        self,
        api: BulkApi,
        clock: Clock,
        follower: JobFollower,
        redactor: Redactor,
        halt: Halt,
        posting: Posting,
        on_change: Callable[[], None],
    ) -> None:
        self._api = api
        self._clock = clock
        self._follower = follower
        self._redactor = redactor
        self._halt = halt
        self._posting = posting
        self._on_change = on_change
        self._submitting = 0
        self.jobs = 0
        self.open_jobs = 0
        self.foreign_results = 0
        self.unsettled_jobs: list[str] = []
        self.times = JobTimes()

    @property
    def job_seconds(self) -> float | None:
        """From a job's acceptance until it was done, as far as polls tell; None without one."""
        tally = self._api.tally
        return self.times.seconds(tally.seconds / tally.requests if tally.requests else 0.0)

    async def send(self, items: Sequence[Item], account: ChunkAccount) -> None:
        """Submit the items as one job, or as parts of it, and account for what became of them.

        Items that were not submitted when the delivery halts are left without a fate. A batch that
        is refused whole is narrowed (`_narrowed`), larger parts first: when the submits run out,
        little is left. Where even so nothing is taken, smaller parts come first: every run settles
        some of the records then, and the runs get through however many are bad.
        """
        waiting = deque([items])
        posts = 0
        accepted = narrow = False
        refused: RejectedBatchError | None = None
        async with asyncio.TaskGroup() as open_jobs:
            while waiting and self._may_submit():
                narrow = narrow or (posts == _WIDE_POSTS and not accepted)
                part = waiting.pop() if narrow else waiting.popleft()
                if posts == MOST_POSTS:
                    _refuse(part, account, BATCH_LEFT)
                    continue
                posts += 1
                try:
                    job = await self._submit(part)
                except RejectedBatchError as error:
                    refused = error
                    if len(part) == 1:
                        _refuse(part, account)
                    else:
                        waiting += _narrowed(part, error.named)
                except AmbiguousError as error:
                    # It was sent twice without an answer. It may have been accepted, twice even.
                    self._halt.answer_lost(error)
                    account.unresolved(item.row.number for item in part)
                    for item in part:
                        account.unknown(item.row.number)
                except NotSentError:
                    break  # stopped while it waited: these rows and those behind stay unsent
                except WaitTooLongError as error:
                    self._halt.too_long(error)
                except RemoteError as error:
                    self._halt.fail(error)
                else:
                    accepted = True
                    self._halt.accepted()
                    known = self._posting.accepted(job, part, self._clock.time())
                    open_jobs.create_task(self._follow(job, known, part, account))
        if refused is not None and not accepted:
            self._halt.chunk_refused(refused)

    def _may_submit(self) -> bool:
        return self._halt.may_submit(self._api.tally.requests, self._unread)

    @property
    def _unread(self) -> int:
        """Jobs that will want a poll, those not accepted yet among them."""
        return self.open_jobs + self._submitting

    async def _submit(self, part: Sequence[Item]) -> JobView:
        body = bulk_body(part)
        self._submitting += 1
        try:
            await self._posting.before(part, body)
            return await self._api.submit(body, reserve=self._unread)
        finally:
            self._submitting -= 1

    async def _follow(
        self, job: JobView, known: KnownJob, items: Sequence[Item], account: ChunkAccount
    ) -> None:
        self.jobs += 1
        self.open_jobs += 1
        self._on_change()
        followed = await self._follower.follow(job, len(items))
        self.open_jobs -= 1
        if followed.resolved:
            account.resolved(known.id)
            self._posting.result(known)
        if followed.view.finished:
            self.times.add(followed.missed, followed.asked, followed.seconds)
        if job.lost_answers or not followed.resolved:
            # Of a body that was sent before without an answer, there may be another job.
            account.unresolved(item.row.number for item in items)
        last = followed.view
        answered = {result.request_id for result in last.results}
        left_open = any(item.request_id not in answered for item in items)
        if left_open and len(self.unsettled_jobs) < _MOST_JOBS_NAMED:
            self.unsettled_jobs.append(job.id)
        self.foreign_results += settle(items, last.results, account, self._redactor)
        self._posting.settled(known, followed, items, account)


def _narrowed(part: Sequence[Item], named: frozenset[int]) -> list[Sequence[Item]]:
    """The parts to try instead of a refused one: halves, or each item named and what lies between.

    What an answer names is not taken on trust: it is tried alone, and refused only then. Parts have
    no gaps, because a job is known by the first and the last of its records.
    """
    suspects = sorted(place for place in named if place < len(part))
    if not suspects or len(suspects) > len(part) // 2:
        half = len(part) // 2
        return [part[:half], part[half:]]
    ends = [end for place in suspects for end in (place, place + 1)]
    pieces = [part[start:end] for start, end in pairwise((0, *ends, len(part)))]
    return sorted((piece for piece in pieces if piece), key=len, reverse=True)


def _refuse(items: Sequence[Item], account: ChunkAccount, reason: str = BATCH_REFUSED) -> None:
    for item in items:
        account.rejected(Reject(item.row.number, reason))
