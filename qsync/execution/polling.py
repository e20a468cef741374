"""When to ask whether a job is done: near one poll per job, without knowing how long jobs take.

Pure: no clock and no I/O; moments are seconds of whatever clock the caller has.

Requests are what a large run is made of, so a job should be asked about once, when it is likely
to be done. Nobody tells how long that takes, and it cannot be estimated from the moment a job was
*seen* done: that moment is one's own late poll, and such an estimate climbs for ever. So the delay
before a first poll is steered by one bit: a little shorter when the job was done, much longer when
it was not, in the proportion that settles where about nine jobs of ten are done.

Two things keep many jobs in flight from all making the same mistake. Before any job has been seen
done they take turns: one asks, the others wait half as long again, until one is done. Afterwards
only one at a time tries a shorter delay than has worked, by a step for each hit since the last try;
while its answer is out, the others keep the delay that did.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field

START_DELAY = 0.25
"""Seconds before the first poll of the first job."""

PATIENT_DELAY = 5.0
"""The same, where polls count more than time."""

SHORTER = math.exp(-0.03)
"""What a first poll that found its job done does to the delay."""

LONGER = math.exp(0.27)
"""What one that did not does. Nine times as much: one miss to nine hits stands still."""

OPEN_JOBS = 20
"""Jobs of a stream that are open at once."""

EAGER_JOBS = 10
"""A stream of so few jobs is asked about often: it cannot spend much, and somebody is waiting."""

_FIRST_STEPS = 1.5
_TURN = 0.1
_MOST_STEPS = 5
_GROWTH = 1.5
_SHORTEST_WAIT = 0.2
_LONGEST_WAIT = 30.0
_LONGEST_EAGER_WAIT = 2.0
_BAND_ENDS = (10, 50, 200)


@dataclass(slots=True, eq=False)
class PolledJob:
    """One job in flight, as the tracker remembers it.

    Attributes:
        accepted_at: When the submit was answered.
        size: Its items.
        polls: Polls sent.
    """

    accepted_at: float
    size: int
    polls: int = 0
    delay: float = field(default=0.0, repr=False)
    again_at: float | None = field(default=None, repr=False)
    waits: int = field(default=0, repr=False)


@dataclass(slots=True)
class _Band:
    """What is known of jobs of about the same size.

    Attributes:
        delay: Before any was seen done: how long to wait at least. Then: the delay that works.
        measured: Whether any was seen done.
        hits: First polls that found their job done since the last trial.
        trial: The job that is asked earlier than `delay`, until it answers.
    """

    delay: float = START_DELAY
    measured: bool = False
    hits: int = 1
    trial: PolledJob | None = None

    @property
    def next_delay(self) -> float:
        """What the next first poll waits for."""
        if self.trial is not None or not self.measured:
            return self.delay
        return self.delay * SHORTER ** min(self.hits, _MOST_STEPS)


class PollTracker:
    """Says when each job is to be polled next, and learns from what polls find.

    For each poll: wait until `due` (look again after waiting: it may have moved), call `asked`
    before the request and then `done`, `missed` or `unanswered`.

    Args:
        jobs: Jobs the stream will have, as far as known.
        patient: Whether polls count more than time, however few jobs there are.
    """

    def __init__(self, jobs: int, *, patient: bool = False) -> None:
        self._eager = jobs <= EAGER_JOBS and not patient
        delay = PATIENT_DELAY if patient else START_DELAY
        self._bands = tuple(_Band(delay) for _ in range(len(_BAND_ENDS) + 1))

    def due(self, job: PolledJob) -> float:
        """The moment of the job's next poll."""
        if job.again_at is not None:
            return job.again_at
        if self._eager:
            return job.accepted_at + START_DELAY
        band = self._band(job)
        turn = 0.0 if band.measured else _TURN * job.polls
        return job.accepted_at + band.next_delay * (1 + turn)

    def asked(self, job: PolledJob, now: float) -> None:
        """A poll of this job is being sent."""
        job.polls += 1
        job.delay = max(now - job.accepted_at, _SHORTEST_WAIT)
        band = self._band(job)
        if not band.measured:
            band.delay = max(band.delay, job.delay * _FIRST_STEPS)
        elif job.polls == 1 and job.delay < band.delay and band.trial is None:
            band.trial = job
            band.hits = 0

    def done(self, job: PolledJob) -> None:
        """The job was done when asked."""
        band = self._band(job)
        if not band.measured:
            band.measured = True
            band.delay = job.delay
        elif job.polls == 1:
            # A poll later than `delay` says nothing about a shorter one.
            band.delay = min(band.delay, job.delay)
            band.hits += 1
        self._end_trial(job, band)

    def missed(self, job: PolledJob, now: float, processed: int = 0) -> None:
        """The job was not done; `processed` of its items were."""
        band = self._band(job)
        if band.measured and job.polls == 1:
            band.delay = max(band.delay, job.delay * LONGER)
        self._end_trial(job, band)
        if self._eager or band.measured:
            self._poll_again(job, band, now, processed)

    def unanswered(self, job: PolledJob, now: float) -> None:
        """The poll failed and says nothing about the job."""
        band = self._band(job)
        if band.trial is job:
            band.hits = 1  # so that another one tries
        self._end_trial(job, band)
        self._poll_again(job, band, now, 0)

    def _poll_again(self, job: PolledJob, band: _Band, now: float, processed: int) -> None:
        if self._eager:
            wait = min(_growing(_SHORTEST_WAIT, job.waits), _LONGEST_EAGER_WAIT)
        elif 0 < processed < job.size:
            # It tells its own speed; waiting in a queue makes it look slower than it is.
            wait = 1.1 * (now - job.accepted_at) * (job.size - processed) / processed
        else:
            wait = _growing(band.delay / 2, job.waits)
        job.waits += 1
        job.again_at = now + min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)

    def _band(self, job: PolledJob) -> _Band:
        return self._bands[bisect_left(_BAND_ENDS, job.size)]

    @staticmethod
    def _end_trial(job: PolledJob, band: _Band) -> None:
        if band.trial is job:
            band.trial = None


def _growing(first: float, times: int) -> float:
    # An hour of waiting for one job is some 120 polls: the exponent must not run away.
    return first * _GROWTH ** min(times, 20)
