"""Qualified's API as qsync uses it."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from types import TracebackType
from typing import Self
from urllib.parse import quote

from qsync.execution.exchanges import Watch
from qsync.execution.ports import JobView, RequestTally
from qsync.execution.remote import RejectedBatchError, RemoteError
from qsync.fields.model import Field, FieldCatalog
from qsync.project.model import LimitSettings
from qsync.qualified.answers import (
    UnreadableError,
    is_json_object,
    read_fields,
    read_job,
    read_nothing,
)
from qsync.qualified.clock import Clock, SystemClock
from qsync.qualified.headers import RateLimit
from qsync.qualified.key import ApiKey
from qsync.qualified.notes import Note
from qsync.qualified.quota import Quota
from qsync.qualified.refusals import Call
from qsync.qualified.retry import MAX_WAIT, Caller
from qsync.qualified.wire import Patience, Reply, Transport, Wire

MAX_DELETED = 5_000
"""Addresses that one deletion request may name (API.md, "Deleting")."""

PROBE_ID = "qsync-scope-probe"
"""The id of a job that cannot exist."""


class BulkScope(Enum):
    """What a key may do with bulk jobs, as far as can be found out without writing."""

    GRANTED = "granted"
    """It may read bulk jobs. Whether it may submit them too, only submitting shows."""
    MISSING = "missing"
    """It may not even read them."""
    UNCLEAR = "unclear"
    """The answer was none that the API documents."""


class QualifiedClient:
    """Calls to one account with one key: limited, retried, and with errors of `remote` only.

    Implements `qsync.execution.ports.BulkApi`. Made for one event loop.

    Args:
        base_url: `https://api.qualified.com`.
        key: From `read_api_key`.
        limits: The team's limits and qsync's share; the documented ones unless given.
        transport: What carries the requests instead of the network.
        clock: Time.
        rng: For the jitter of retries.
        spent: Requests that earlier runs made, as `(epoch seconds, how many)`.
        max_wait: Seconds a call waits at most when the server asks for it or fails.
        patience: How long one request may take.

    Raises:
        UserError: `base_url` is no address.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        *,
        limits: LimitSettings | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        spent: Sequence[tuple[float, int]] = (),
        max_wait: float = MAX_WAIT,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        clock = clock or SystemClock()
        self._wire = Wire(base_url, key, transport, patience)
        self._quota = Quota(limits or LimitSettings(), clock, spent)
        self._caller = Caller(
            self._wire,
            self._quota,
            clock,
            rng or random.Random(),  # noqa: S311 - jitter, no secret
            key_name=key.name,
            max_wait=max_wait,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.close()

    @property
    def tally(self) -> RequestTally:
        """Requests made so far, and how many of them were repetitions."""
        return self._caller.tally

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer said of the team's 15-minute window; None before there is one."""
        return self._quota.rate_limit

    @property
    def waiting_until(self) -> float | None:
        """Epoch seconds at which the next request that is held back goes; None while none is."""
        return self._quota.waiting_until

    def seconds_for(self, requests: int) -> float:
        """Seconds until the quota has room for so many more requests, at the earliest."""
        return self._quota.seconds_for(requests)

    def remember(self, spent: Sequence[tuple[float, int]]) -> None:
        """Count requests that earlier runs of this team made, beside those already counted.

        Args:
            spent: `(epoch seconds, how many)`, in any order. They leave a window when it has passed
                since then: for a count over some time, name its end.
        """
        self._quota.remember(spent)

    def submit_until(self, stop: asyncio.Event) -> None:
        """Submit nothing more once this is set, not even what waits already; jobs are still read.

        Such a submit ends in `NotSentError`, or in `AmbiguousError` when an answer was lost before.
        """
        self._quota.stop = stop

    def note_requests(self, note: Note, every: int = 100) -> None:
        """Have requests put down before they are made, so that a killed run's spending is known.

        Args:
            note: Awaited with the first epoch second of a minute and a number of requests, before
                the first one of the minute and whenever those noted for it are used up. The sum
                noted for a minute is never below the requests made in it. What it raises, the
                request raises, unsent.
            every: Requests that one note is for.
        """
        self._caller.notes.note, self._caller.notes.every = note, max(1, every)

    def watched_by(self, watch: Watch | None) -> None:
        """Have somebody told of every request and its answer, bodies and all but the key."""
        self._caller.watch = watch

    def end_by(self, at: float | None) -> None:
        """Begin no wait that would end after a moment, in monotonic seconds of the client's clock.

        Such a request raises `WaitTooLongError` at once. One that need not wait still goes, so that
        open jobs can be read when the moment has come. None is no end.
        """
        self._quota.deadline = math.inf if at is None else at

    def at_most(self, requests: int | None) -> None:
        """Make no more requests than this, all counted since the client was made.

        The next one raises `RequestsSpentError`, or `AmbiguousError` where an answer was lost
        before. None is no limit.
        """
        self._caller.most = requests

    async def fields(self) -> FieldCatalog:
        """The live field definitions, with ids. Needs no scope.

        Raises:
            RemoteError: There is no usable answer.
        """
        return FieldCatalog(
            lead=await self._fields("/v2/leads/fields"),
            company=await self._fields("/v2/companies/fields"),
        )

    async def _fields(self, path: str) -> tuple[Field, ...]:
        return await self._caller.call(Call("GET", path, path), read_fields)

    async def submit(self, body: bytes, *, reserve: int = 0) -> JobView:
        """Submit a bulk job; the same body is sent again at most once when an answer is lost.

        Args:
            body: `{"items": [...]}`, 1 to 500 items, serialized.
            reserve: Requests that every window must have room for after this one: the polls of
                jobs that are open. At most all of a window but one.

        Returns:
            The job, with the number of answers that were lost before.

        Raises:
            AmbiguousError: The job may exist or not.
            WaitTooLongError: It would have to wait beyond the deadline, or too long.
            RejectedBatchError: No item was taken.
            RemoteError: No job was made.
        """
        call = Call(
            "POST",
            "/v2/bulk",
            "/v2/bulk",
            scope="bulk_job:manage",
            body=body,
            reserve=max(0, reserve),
        )
        job, lost = await self._caller.call_counting(call, read_job)
        return replace(job, lost_answers=lost)

    async def job(self, job_id: str) -> JobView | None:
        """Read a bulk job; None when Qualified no longer has it.

        Raises:
            RemoteError: There is no usable answer.
        """

        def read(reply: Reply) -> JobView | None:
            if reply.status == 404:
                if not is_json_object(reply):
                    raise UnreadableError("a 404 that is not the API's own")
                return None
            return read_job(reply, expected_id=job_id)

        return await self._caller.call(_reading(job_id, frozenset({404})), read)

    async def delete_people(self, emails: Sequence[str]) -> None:
        """Have Qualified delete people and what it knows of them, for ever (API.md, "Deleting").

        More than one request can take go in several, one after another. Asking twice does no harm.

        Raises:
            RejectedBatchError: An address is not well-formed: none of its request was taken.
            AmbiguousError: An answer was lost: the request may have been taken.
            RemoteError: The request was not taken. The hint of each of these says how many of the
                addresses were taken by earlier requests.
        """
        for first in range(0, len(emails), MAX_DELETED):
            body = json.dumps({"emails": list(emails[first : first + MAX_DELETED])}).encode()
            call = Call(
                "POST",
                "/v2/gdpr_deletion_requests",
                "/v2/gdpr_deletion_requests",
                scope="gdpr:manage",
                body=body,
                effect="the deletion request may have been taken",
            )
            try:
                await self._caller.call(call, read_nothing)
            except RemoteError as error:
                error.hint = _deletion_hint(error, first, len(emails))
                raise

    async def probe_bulk_scope(self) -> BulkScope:
        """Find out, without writing, whether the key may use bulk jobs (API.md, "Scopes").

        Raises:
            RemoteError: The key is not valid, or there is no usable answer.
        """

        def read(reply: Reply) -> BulkScope:
            if not is_json_object(reply):
                return BulkScope.UNCLEAR
            return {404: BulkScope.GRANTED, 403: BulkScope.MISSING}.get(
                reply.status, BulkScope.UNCLEAR
            )

        return await self._caller.call(_reading(PROBE_ID, frozenset({400, 403, 404})), read)


def _deletion_hint(error: RemoteError, done: int, total: int) -> str | None:
    parts = [error.hint] if error.hint else []
    if isinstance(error, RejectedBatchError):
        parts.append("An address may not be well-formed; none of this request was taken.")
    if done:
        parts.append(f"Of {total:,} addresses, {done:,} were taken by earlier requests.")
    return " ".join(parts) or None


def _reading(job_id: str, takes: frozenset[int]) -> Call:
    return Call(
        "GET",
        f"/v2/bulk/{quote(job_id, safe='')}",
        "/v2/bulk/{id}",
        scope="bulk_job:view",
        takes=takes,
    )
