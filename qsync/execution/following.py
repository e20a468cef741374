"""One accepted job until it ends, or until nothing more can be learnt of it."""

from __future__ import annotations

from dataclasses import dataclass

from qsync.execution.clock import Clock
from qsync.execution.halt import Halt
from qsync.execution.polling import PolledJob, PollTracker
from qsync.execution.ports import BulkApi, JobView
from qsync.execution.remote import FinalError, RetryableError, WaitTooLongError

GONE_AT_FIRST = 60.0
"""Seconds in which a 404 may only mean that the job is not there yet."""

DRAIN = 120.0
"""Seconds after the run's end in which open jobs are still awaited."""

_MOST_FAILED_POLLS = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """A job as it was seen last.

    Attributes:
        view: What it showed.
        resolved: Whether it can do nothing more: it has finished, or is gone (API.md: an unfinished
            job is never removed).
        seconds: From its acceptance until it was seen last.
        missed: From its acceptance until the last poll was asked for that found it unfinished.
        asked: From its acceptance until the last poll was asked for.
    """

    view: JobView
    resolved: bool
    seconds: float
    missed: float = 0.0
    asked: float = 0.0


class JobFollower:
    """Polls jobs when the tracker says so.

    Args:
        api: Where to poll.
        clock: The time.
        tracker: When to poll; shared by the jobs of a stream.
        halt: Told of answers that end the delivery.
        deadline: Seconds after which an unfinished job is given up.
        end_by: The run's end in monotonic seconds; open jobs are awaited a little longer.
    """

    def __init__(
        self,
        api: BulkApi,
        clock: Clock,
        tracker: PollTracker,
        halt: Halt,
        deadline: float,
        end_by: float | None = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._tracker = tracker
        self._halt = halt
        self._deadline = deadline
        self._end_by = end_by

    async def follow(self, submitted: JobView, size: int, age: float = 0.0) -> Followed:
        """The job as it was seen last: finished, or as far as could be learnt.

        A poll that stays unanswered, a job that is gone and one past its deadline end it; what the
        job has shown of its results until then counts.

        Args:
            submitted: As its acceptance showed it.
            size: Its items.
            age: Seconds since it was accepted.
        """
        now = self._clock.monotonic()
        job = PolledJob(now - age, size)
        last = submitted
        if last.finished and last.results:
            return Followed(last, True, age)
        give_up_at = now + self._deadline
        if self._end_by is not None:
            give_up_at = min(give_up_at, max(now, self._end_by) + DRAIN)
        failed = 0
        missed = 0.0
        while True:
            await self._wait_for_turn(job, give_up_at)
            asked_at = self._clock.monotonic()
            self._tracker.asked(job, asked_at)
            try:
                seen = await self._api.job(last.id)
            except WaitTooLongError as error:
                # It stays known by its id: the next run asks again.
                failed = _MOST_FAILED_POLLS
                seen = None
                self._halt.too_long(error)
            except RetryableError as error:
                failed += 1
                seen = None
                if failed >= _MOST_FAILED_POLLS:
                    self._halt.fail(error)
            except FinalError as error:
                # 401 and 403 among them: the other jobs will learn it from their own polls.
                failed = _MOST_FAILED_POLLS
                seen = None
                self._halt.fail(error)
            else:
                failed = 0
            now = self._clock.monotonic()
            age = now - job.accepted_at
            if seen is None:
                self._tracker.unanswered(job, now)
                gone = failed == 0 and age >= GONE_AT_FIRST
                if gone or failed >= _MOST_FAILED_POLLS or now >= give_up_at:
                    return Followed(last, gone, age)
                continue
            last = seen
            if last.finished:
                self._tracker.done(job)
                return Followed(last, True, age, missed, asked_at - job.accepted_at)
            missed = asked_at - job.accepted_at
            self._tracker.missed(job, now, last.processed)
            if now >= give_up_at:
                return Followed(last, False, age)

    async def _wait_for_turn(self, job: PolledJob, give_up_at: float) -> None:
        while True:
            wait = min(self._tracker.due(job), give_up_at) - self._clock.monotonic()
            if wait <= 0:
                return
            await self._clock.sleep(wait)
