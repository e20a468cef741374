"""The one place that repeats requests."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from qsync.execution.exchanges import Exchange, Watch
from qsync.execution.ports import RequestTally
from qsync.execution.remote import (
    AmbiguousError,
    FinalError,
    NotSentError,
    RemoteError,
    RequestsSpentError,
    RetryableError,
    WaitTooLongError,
)
from qsync.qualified.answers import UnreadableError, error_code
from qsync.qualified.clock import Clock
from qsync.qualified.headers import retry_after
from qsync.qualified.notes import RequestNotes
from qsync.qualified.quota import Asker, Quota, Slot, SubmitsEndedError, TooLongError
from qsync.qualified.refusals import SAFE_AGAIN, Call, describe, refusal
from qsync.qualified.verdict import Verdict, verdict
from qsync.qualified.wire import Loss, LossKind, Reply, Wire
from qsync.waiting import OvertakenError, unless

T = TypeVar("T")

MAX_ATTEMPTS = 6
MAX_LOST_POSTS = 2
"""The same body makes at most so many jobs by accident: the same values, so harmless."""
LONGEST_BACKOFF = 60.0
MAX_WAIT = 900.0
BUDGET, RETRY_COST, TIMEOUT_COST = 500, 5, 10

_ABOUT_THE_BODY = frozenset({400, 413, 422})
"""Refusals that the first copy of the same body will have met too: it made no job."""


def backoff(attempt: int, rng: random.Random) -> float:
    """Full jitter: seconds to wait after the attempt of that number, from 1."""
    return rng.uniform(0.0, min(LONGEST_BACKOFF, 2.0**attempt))


@dataclass(slots=True)
class RetryBudget:
    """Ends storms: when most requests fail, repeating them all only makes things worse."""

    tokens: int = BUDGET

    def spend(self, cost: int) -> bool:
        """Pay for a retry; False when that is no longer possible."""
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    def earn(self) -> None:
        """A request succeeded."""
        self.tokens = min(BUDGET, self.tokens + 1)


@dataclass(slots=True)
class _Course:
    """How one call has gone so far."""

    call: Call
    attempts: int = 0
    waited: float = 0.0
    lost: int = 0

    @property
    def may_exist(self) -> bool:
        """Whether a POST may have had its effect."""
        return self.lost > 0 and self.call.method == "POST"

    def failed(self, message: str, hint: str, outcome: Reply | Loss | None) -> RetryableError:
        """The error for giving up."""
        status = outcome.status if isinstance(outcome, Reply) else None
        code = error_code(outcome) if isinstance(outcome, Reply) else None
        if self.may_exist:
            return AmbiguousError(
                f"{message}. An earlier answer was lost, so {self.call.effect}",
                status=status,
                code=code,
                hint=f"{hint} {SAFE_AGAIN}",
            )
        return RetryableError(message, status=status, code=code, hint=f"{hint} {SAFE_AGAIN}")

    def too_long(self, message: str, hint: str, seconds: float) -> RetryableError:
        """The error for not waiting so long."""
        if self.may_exist:
            return self.failed(message, hint, None)
        return WaitTooLongError(message, seconds=seconds, hint=f"{hint} {SAFE_AGAIN}")

    def spent(self, most: int) -> RetryableError:
        """The error for a request beyond those the run may make."""
        message = f"{self.call} was not made: all {most:,} requests of this run have been"
        if self.may_exist:
            return self.failed(message, "", None)
        return RequestsSpentError(message, hint=f"Run again to go on. {SAFE_AGAIN}")

    def ended(self) -> RetryableError:
        """The error for a submit that the run's stop overtook."""
        message = f"{self.call} was not sent: the run was stopped"
        if self.may_exist:
            return self.failed(message, "", None)
        return NotSentError(message)


class Caller:
    """Makes calls: waits for the quota, sends, repeats what may be repeated.

    Args:
        wire: What sends.
        quota: What lets requests go.
        clock: Time.
        rng: For the jitter.
        key_name: The key's variable, for hints.
        max_wait: Seconds a call waits at most because the server says so or failed: `Retry-After`
            and backoff. Waiting for one's own windows does not count.

    Attributes:
        tally: Requests and retries so far.
        notes: Puts requests down before they are made.
        most: Requests that may be made at all; no limit unless given.
        watch: Told of every request that was made, once it is over.
    """

    def __init__(
        self,
        wire: Wire,
        quota: Quota,
        clock: Clock,
        rng: random.Random,
        *,
        key_name: str,
        max_wait: float = MAX_WAIT,
    ) -> None:
        self._wire = wire
        self._quota = quota
        self._clock = clock
        self._rng = rng
        self._key_name = key_name
        self._max_wait = max_wait
        self._budget = RetryBudget()
        self.tally = RequestTally()
        self.notes = RequestNotes(clock)
        self.most: int | None = None
        self.watch: Watch | None = None
        self._claimed = 0

    async def call(self, call: Call, read: Callable[[Reply], T]) -> T:
        """Make a call and read its answer; see `call_counting`."""
        answer, _ = await self.call_counting(call, read)
        return answer

    async def call_counting(self, call: Call, read: Callable[[Reply], T]) -> tuple[T, int]:
        """Make a call and read its answer: that, and how many answers were lost before it.

        Args:
            call: What to ask.
            read: Makes something of an answer; raises `UnreadableError` when it cannot.

        Raises:
            RetryableError: No usable answer, however often it was tried.
            WaitTooLongError: It would have to wait too long.
            AmbiguousError: The same, for a POST that may have had its effect.
            FinalError: An answer that would be the same next time (or one of its subclasses).
        """
        course = _Course(call)
        while True:
            outcome = await self._attempt(course)
            found = verdict(call, outcome)
            if found is Verdict.ANSWERED and isinstance(outcome, Reply):
                try:
                    answer = read(outcome)
                except UnreadableError as error:
                    outcome, found = Loss(LossKind.LOST, str(error)), Verdict.LOST
                else:
                    self._budget.earn()
                    return answer, course.lost
            if found is Verdict.LOST:
                course.lost += 1
                self.tally.lost_submits += call.reserve is not None
            refused = self._refused(course, found, outcome)
            if refused is not None:
                raise refused
            await self._pause(course, outcome)

    async def _attempt(self, course: _Course) -> Reply | Loss:
        call = course.call
        self._check_spent(course)  # not after waiting for nothing
        try:
            async with self._quota.slot(self._max_wait - course.waited, call.reserve) as slot:
                course.waited += slot.held_back
                self._check_spent(course)
                self._claimed += 1
                self._count(await self.notes.next(), again=course.attempts > 0)
                course.attempts += 1
                sent = self._clock.monotonic()
                at = self._clock.time()
                outcome = await self._wire.send(call.method, call.path, call.body)
                seconds = self._clock.monotonic() - sent
                self.tally.seconds += seconds
                if self.watch is not None:
                    self.watch(_exchange(course, outcome, at, seconds, slot.held_back))
                if isinstance(outcome, Reply):
                    self._heed(outcome, verdict(call, outcome), slot)
                return outcome
        except TooLongError as error:
            # Raised out here: what it comes of is no part of the message.
            refused = _not_waited(course, error)
        except SubmitsEndedError:
            refused = course.ended()
        raise refused

    def _check_spent(self, course: _Course) -> None:
        if self.most is not None and self._claimed >= self.most:
            raise course.spent(self.most)

    def _count(self, minute: int, *, again: bool) -> None:
        self.tally.requests += 1
        self.tally.retries += again
        self.tally.by_minute[minute] = self.tally.by_minute.get(minute, 0) + 1

    def _heed(self, reply: Reply, found: Verdict, slot: Slot) -> None:
        """Tell the quota what an answer says about waiting, before the place is given back."""
        self._quota.heed(reply.headers)
        if found not in {Verdict.BUSY, Verdict.LOST}:
            slot.succeeded()
        elif seconds := self._asked(reply):
            self._quota.hold(seconds)
        elif found is Verdict.BUSY:
            slot.overloaded()

    def _asked(self, reply: Reply) -> float | None:
        return retry_after(reply.headers, self._clock.time())

    def _refused(
        self, course: _Course, found: Verdict, outcome: Reply | Loss
    ) -> RemoteError | None:
        """The error when there is no point in another attempt."""
        if found is Verdict.IMPOSSIBLE and isinstance(outcome, Loss):
            hint = "Check base_url in qsync.yml, and proxies and certificates in between."
            message = f"{course.call} cannot be sent: {outcome.reason}"
            if course.may_exist:
                return course.failed(message, hint, outcome)
            return FinalError(message, hint=hint)
        if found is Verdict.REFUSED and isinstance(outcome, Reply):
            error = refusal(course.call, outcome, self._key_name)
            if course.may_exist and outcome.status not in _ABOUT_THE_BODY:
                return course.failed(error.message, error.hint or "", outcome)
            return error
        if course.call.method == "POST" and course.lost >= MAX_LOST_POSTS:
            return self._gave_up(course, outcome, "and the request was sent twice")
        if course.attempts >= MAX_ATTEMPTS:
            return self._gave_up(course, outcome, f"after {course.attempts} attempts")
        timeout = isinstance(outcome, Loss) and outcome.timeout
        if not self._budget.spend(TIMEOUT_COST if timeout else RETRY_COST):
            return self._gave_up(course, outcome, "and too many requests of this run have failed")
        return None

    async def _pause(self, course: _Course, outcome: Reply | Loss) -> None:
        if isinstance(outcome, Reply) and self._asked(outcome):
            return  # the quota holds everybody back
        seconds = backoff(course.attempts, self._rng)
        if course.waited + seconds > self._max_wait:
            raise self._gave_up(course, outcome, f"within {math.ceil(self._max_wait)} seconds")
        if self._quota.too_late(seconds):
            raise course.too_long(
                f"{_last(course, outcome)}; asking again in {math.ceil(seconds)} seconds would be "
                "after the run's deadline",
                "Run again later.",
                seconds,
            )
        course.waited += seconds
        stop = None if course.call.reserve is None else self._quota.stop
        with suppress(OvertakenError):
            await unless(stop, self._clock.sleep(seconds))

    def _gave_up(self, course: _Course, outcome: Reply | Loss, when: str) -> RetryableError:
        message = f"{_last(course, outcome)}; given up {when}"
        return course.failed(message, "Try again later.", outcome)


def _exchange(
    course: _Course, outcome: Reply | Loss, at: float, seconds: float, held_back: float
) -> Exchange:
    call = course.call
    told = Exchange(at, seconds, held_back, call.method, call.path, course.attempts, call.body)
    if isinstance(outcome, Loss):
        return replace(told, problem=outcome.reason)
    return replace(told, status=outcome.status, headers=outcome.headers, answer=outcome.body)


def _last(course: _Course, outcome: Reply | Loss) -> str:
    if isinstance(outcome, Loss):
        return f"{course.call} came to nothing ({outcome.reason})"
    return describe(course.call, outcome)


def _not_waited(course: _Course, error: TooLongError) -> RetryableError:
    seconds = f"{math.ceil(error.seconds)} seconds"
    why = "beyond the run's deadline" if error.late else "longer than a run waits"
    if error.asker is Asker.WINDOWS:
        return course.too_long(
            f"The team's quota as configured leaves no room for {course.call} for {seconds} more, "
            f"{why}",
            "The quota of this time is spent: run again later, or look at `limits` in qsync.yml.",
            error.seconds,
        )
    return course.too_long(
        f"Qualified asks to wait {seconds} more before {course.call}, {why}",
        "The team's quota is spent: run again later, or lower `limits` in qsync.yml.",
        error.seconds,
    )
