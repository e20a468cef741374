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

from qsync.execution.polling import OPEN_JOBS, PolledJob, PollTracker
from qsync.planning.cost import Pace, SlidingWindows, Spent
from qsync.planning.plan import CHUNK_ROWS
from qsync.project.model import LimitSettings

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


def play(jobs: Sequence[int], limits: LimitSettings, spent: Spent, pace: Pace) -> Course:
    """Go through a delivery.

    Args:
        jobs: Bulk jobs of each stream; a stream begins when the one before has ended.
        limits: The windows, the share of them, and the places in flight.
        spent: Requests of earlier runs.
        pace: How long jobs and requests take.
    """
    lines = _Lines(limits, spent, pace.request_seconds)
    for _ in range(FIELD_CALLS):
        lines.poll(lambda _: None)
        lines.run()
    for number in jobs:
        _Stream(lines, number, pace).start()
        lines.run()
    return Course(lines.sent, lines.now)


@dataclass(frozen=True, slots=True)
class _Request:
    """One that waits to be sent.

    Attributes:
        answered: Told when it was sent, once it is answered.
        reserve: Room it leaves in the windows: a submit leaves some for the polls of open jobs.
    """

    answered: Callable[[float], None]
    reserve: int = 0


@dataclass(slots=True)
class _Lines:
    """Time, and requests in the two lines in which the client has them wait."""

    limits: LimitSettings
    spent: Spent
    request_seconds: float
    now: float = 0.0
    sent: list[float] = field(default_factory=list)
    _windows: SlidingWindows = field(init=False)
    _places: int = field(init=False)
    _in_flight: int = 0
    _wakes_at: float = math.inf
    _polls: deque[_Request] = field(default_factory=deque)
    _submits: deque[_Request] = field(default_factory=deque)
    _turns: tuple[deque[_Request], deque[_Request]] = field(init=False)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._windows = SlidingWindows(self.limits, self.spent)
        self._places = max(1, min(_MOST_IN_FLIGHT, self.limits.in_flight))
        self._turns = self._polls, self._submits

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Do something then."""
        heapq.heappush(self._events, (moment, next(self._numbers), act))

    def poll(self, answered: Callable[[float], None]) -> None:
        """Send any request but a submit when its turn has come."""
        self._join(self._polls, _Request(answered))

    def submit(self, answered: Callable[[float], None], reserve: int) -> None:
        """Send a submit when its turn has come and the windows have so much room besides."""
        self._join(self._submits, _Request(answered, reserve))

    def run(self) -> None:
        """Let time pass until nothing is left to do."""
        while self._events:
            self.now, _, act = heapq.heappop(self._events)
            act()

    def _join(self, line: deque[_Request], request: _Request) -> None:
        if not line:
            # Its head begins to wait after the other line's.
            other = self._submits if line is self._polls else self._polls
            self._turns = other, line
        line.append(request)
        self._send()

    def _send(self) -> None:
        """Send what can go; the lines take turns."""
        while self._in_flight < self._places:
            for line, other in (self._turns, self._turns[::-1]):
                if not line:
                    continue
                opens = self._windows.opens(self.now, self._in_flight, line[0].reserve)
                if opens <= self.now:
                    self._turns = other, line
                    self._start(line.popleft())
                    break
                self._wake(opens)
            else:
                return

    def _start(self, request: _Request) -> None:
        self._in_flight += 1
        sent = self.now
        self.sent.append(sent)

        def end() -> None:
            self._in_flight -= 1
            self._windows.end(self.now)
            request.answered(sent)
            self._send()

        self.at(self.now + self.request_seconds, end)

    def _wake(self, moment: float) -> None:
        if math.isinf(moment) or self.now < self._wakes_at <= moment:
            return
        self._wakes_at = moment
        self.at(moment, self._send)


@dataclass(slots=True)
class _Stream:
    """The jobs of one stream: `OPEN_JOBS` at once, each submitted and then polled."""

    lines: _Lines
    left: int
    pace: Pace
    tracker: PollTracker = field(init=False)
    unread: int = 0

    def __post_init__(self) -> None:
        self.tracker = PollTracker(self.left)

    def start(self) -> None:
        """Begin as many jobs as may be open."""
        for _ in range(min(OPEN_JOBS, self.left)):
            self._submit()

    def _submit(self) -> None:
        if self.left:
            self.left -= 1
            self.unread += 1
            self.lines.submit(lambda _: self._accepted(), self.unread)

    def _accepted(self) -> None:
        job = PolledJob(self.lines.now, CHUNK_ROWS)
        # Answers that come at the same moment are heard first: what they teach moves its poll.
        self.lines.at(self.lines.now, lambda: self._wait(job))

    def _wait(self, job: PolledJob) -> None:
        moment = max(self.lines.now, self.tracker.due(job))
        self.lines.at(moment, lambda: self._due(job))

    def _due(self, job: PolledJob) -> None:
        if self.tracker.due(job) > self.lines.now:
            self._wait(job)
            return
        self.tracker.asked(job, self.lines.now)
        self.lines.poll(lambda sent: self._seen(job, sent))

    def _seen(self, job: PolledJob, sent: float) -> None:
        age = sent - job.accepted_at
        if age >= self.pace.job_seconds:
            self.tracker.done(job)
            self.unread -= 1
            self._submit()
            return
        # It has been at work since its submit arrived, before that was answered.
        early = self.pace.request_seconds
        processed = int(job.size * (age + early) / (self.pace.job_seconds + early))
        self.tracker.missed(job, self.lines.now, processed)
        self._wait(job)
