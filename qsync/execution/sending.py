"""One chunk to Qualified: submitted, halved where it is refused whole, followed to its results."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from qsync.execution.accounts import ChunkAccount
from qsync.execution.following import JobFollower
from qsync.execution.halt import Halt
from qsync.execution.items import Item, bulk_body
from qsync.execution.ports import BulkApi, JobView, Reject
from qsync.execution.redact import Redactor
from qsync.execution.remote import AmbiguousError, RejectedBatchError, RemoteError
from qsync.execution.results import settle

MOST_POSTS = 64
"""Submits a chunk may cost when batches are refused. One bad row of 500 costs 19, five some 70."""

BATCH_REFUSED = "batch_refused"
"""Reason of a row that was refused with its batch, and of those left when the submits run out."""

_MOST_JOBS_NAMED = 20


class ChunkSender:
    """Sends chunks of one stream.

    Attributes:
        jobs: Jobs accepted.
        open_jobs: Those among them that are not settled.
        foreign_results: Results that belong to no item of their job.
        unsettled_jobs: Ids of jobs that left rows unknown; the first few.
    """

    def __init__(
        self,
        api: BulkApi,
        follower: JobFollower,
        redactor: Redactor,
        halt: Halt,
        on_change: Callable[[], None],
    ) -> None:
        self._api = api
        self._follower = follower
        self._redactor = redactor
        self._halt = halt
        self._on_change = on_change
        self.jobs = 0
        self.open_jobs = 0
        self.foreign_results = 0
        self.unsettled_jobs: list[str] = []

    async def send(self, items: Sequence[Item], account: ChunkAccount) -> None:
        """Submit the items as one job, or as parts of it, and account for what became of them.

        Items that were not submitted when the delivery halts are left without a fate. A batch that
        is refused whole is halved, larger parts first: when the submits run out, little is left.
        """
        waiting = deque([items])
        posts = 0
        accepted = False
        refused: RejectedBatchError | None = None
        async with asyncio.TaskGroup() as open_jobs:
            while waiting and not self._halt.halted:
                part = waiting.popleft()
                if posts == MOST_POSTS:
                    _refuse(part, account)
                    continue
                posts += 1
                try:
                    job = await self._api.submit(bulk_body(part))
                except RejectedBatchError as error:
                    refused = error
                    if len(part) == 1:
                        _refuse(part, account)
                    else:
                        half = len(part) // 2
                        waiting += (part[:half], part[half:])
                except AmbiguousError as error:
                    # It may have been accepted: no second submit, and nobody will ever tell.
                    self._halt.answer_lost(error)
                    for item in part:
                        account.unknown(item.row.number)
                except RemoteError as error:
                    self._halt.fail(error)
                else:
                    accepted = True
                    self._halt.accepted()
                    open_jobs.create_task(self._follow(job, part, account))
        if refused is not None and not accepted:
            self._halt.chunk_refused(refused)

    async def _follow(self, job: JobView, items: Sequence[Item], account: ChunkAccount) -> None:
        self.jobs += 1
        self.open_jobs += 1
        self._on_change()
        last = await self._follower.follow(job, len(items))
        self.open_jobs -= 1
        answered = {result.request_id for result in last.results}
        left_open = any(item.request_id not in answered for item in items)
        if left_open and len(self.unsettled_jobs) < _MOST_JOBS_NAMED:
            self.unsettled_jobs.append(job.id)
        self.foreign_results += settle(items, last.results, account, self._redactor)


def _refuse(items: Sequence[Item], account: ChunkAccount) -> None:
    for item in items:
        account.rejected(Reject(item.row.number, BATCH_REFUSED))
