"""A delivery in miniature: when its requests would go, without sending any.

Pure: time is a number. Jobs all take as long as an earlier run measured; they are polled by the
tracker that polls the real ones, and requests wait for places in flight and for the windows as the
client has them wait. So what changes there changes here.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from qsync.execution.polling import PolledJob, PollTracker
from qsync.planning.cost import Pace, SlidingWindows, Spent
from qsync.planning.plan import CHUNK_ROWS
from qsync.project.model import LimitSettings

OPEN_JOBS = 20
"""Jobs of a stream that `deliver` has open at once."""

FIELD_CALLS = 2
"""Requests before the first job: the definitions of leads and of companies."""

_MOST_IN_FLIGHT = 10


@dataclass(frozen=True, slots=True)
class Course:
    """How a delivery would go.

    Attributes:
        sent: When each request is sent, in order, from 0.
        seconds: When the last answer is there.
    """

    sent: Sequence[float]
    seconds: float


def rehearse(jobs: Sequence[int], limits: LimitSettings, spent: Spent, pace: Pace) -> Course:
    """Go through a delivery.

    Args:
        jobs: Bulk jobs of each stream; a stream begins when the one before has ended.
        limits: The windows, the share of them, and the places in flight.
        spent: Requests of earlier runs.
        pace: How long jobs and requests take.
    """
    line = _Line(limits, spent, pace.request_seconds)
    for _ in range(FIELD_CALLS):
        line.request(lambda _: None)
        line.run()
    for number in jobs:
        _Stream(line, number, pace).start()
        line.run()
    return Course(line.sent, line.now)


@dataclass(slots=True)
class _Line:
    """Requests in the order they are asked for, and time."""

    limits: LimitSettings
    spent: Spent
    request_seconds: float
    now: float = 0.0
    sent: list[float] = field(default_factory=list)
    _windows: SlidingWindows = field(init=False)
    _places: int = field(init=False)
    _in_flight: int = 0
    _looks_at: float = math.inf
    _waiting: deque[Callable[[float], None]] = field(default_factory=deque)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._windows = SlidingWindows(self.limits, self.spent)
        self._places = max(1, min(_MOST_IN_FLIGHT, self.limits.in_flight))

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Do something then."""
        heapq.heappush(self._events, (moment, next(self._numbers), act))

    def request(self, answered: Callable[[float], None]) -> None:
        """Send a request when its turn has come; `answered` is told when it was sent."""
        self._waiting.append(answered)
        self._send()

    def run(self) -> None:
        """Let time pass until nothing is left to do."""
        while self._events:
            self.now, _, act = heapq.heappop(self._events)
            act()

    def _send(self) -> None:
        while self._waiting and self._in_flight < self._places:
            opens = self._windows.opens(self.now, self._in_flight)
            if opens > self.now:
                if self.now < opens < math.inf and not self.now < self._looks_at <= opens:
                    self._looks_at = opens
                    self.at(opens, self._send)
                return
            answered = self._waiting.popleft()
            self._in_flight += 1
            self.sent.append(self.now)
            self.at(self.now + self.request_seconds, self._answering(answered, self.now))

    def _answering(self, answered: Callable[[float], None], sent: float) -> Callable[[], None]:
        def answer() -> None:
            self._in_flight -= 1
            self._windows.end(self.now)
            answered(sent)
            self._send()

        return answer


@dataclass(slots=True)
class _Stream:
    """The jobs of one stream: `OPEN_JOBS` at once, each submitted and then polled."""

    line: _Line
    left: int
    pace: Pace
    tracker: PollTracker = field(init=False)

    def __post_init__(self) -> None:
        self.tracker = PollTracker(self.left)

    def start(self) -> None:
        for _ in range(min(OPEN_JOBS, self.left)):
            self._next()

    def _next(self) -> None:
        if self.left:
            self.left -= 1
            self.line.request(lambda _: self._accepted())

    def _accepted(self) -> None:
        job = PolledJob(self.line.now, CHUNK_ROWS)
        # Answers that come at the same moment are heard first: what they teach moves its poll.
        self.line.at(self.line.now, lambda: self._wait(job))

    def _wait(self, job: PolledJob) -> None:
        self.line.at(max(self.line.now, self.tracker.due(job)), lambda: self._due(job))

    def _due(self, job: PolledJob) -> None:
        if self.tracker.due(job) > self.line.now:
            self._wait(job)
            return
        self.tracker.asked(job, self.line.now)
        self.line.request(lambda sent: self._seen(job, sent))

    def _seen(self, job: PolledJob, sent: float) -> None:
        age = sent - job.accepted_at
        if age >= self.pace.job_seconds:
            self.tracker.done(job)
            self._next()
            return
        # It has been at work since its submit arrived, before that was answered.
        early = self.pace.request_seconds
        processed = int(job.size * (age + early) / (self.pace.job_seconds + early))
        self.tracker.missed(job, self.line.now, processed)
        self._wait(job)
