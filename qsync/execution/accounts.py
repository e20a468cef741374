"""What became of every staged row: each is accounted for exactly once, which is always checked."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from qsync.execution.ports import Outcome, Reject
from qsync.ledger.record import ConservationError

MOST_REASONS = 50
"""Reasons counted by name: a server that words each one differently shall not fill memory."""

OTHER_REASONS = "other reasons"


class Fate(Enum):
    """How a row ended, if it was sent or could not be."""

    SUCCEEDED = auto()
    REJECTED = auto()
    UNKNOWN = auto()
    INVALID_LATE = auto()


class ChunkAccount:
    """The rows `first` to `last` and what became of each. A row without a fate is unsent.

    Attributes:
        resolved_jobs: Ids of jobs of these rows that can do nothing more.
    """

    def __init__(self, first: int, last: int) -> None:
        self._numbers = range(first, last + 1)
        self._fates: dict[int, tuple[Fate, Reject | None]] = {}
        self._unresolved: set[int] = set()
        self.resolved_jobs: list[str] = []

    def resolved(self, job_id: str) -> None:
        """A job of these rows can do nothing more."""
        self.resolved_jobs.append(job_id)

    def unresolved(self, numbers: Iterable[int]) -> None:
        """A job with these rows may still be waiting to run, whatever becomes known of them."""
        self._unresolved.update(numbers)

    def succeeded(self, number: int) -> None:
        """The row's own result said so."""
        self._settle(number, Fate.SUCCEEDED)

    def rejected(self, reject: Reject) -> None:
        """Qualified said no to this row, or refused it with its batch."""
        self._settle(reject.number, Fate.REJECTED, reject)

    def unknown(self, number: int) -> None:
        """The row was sent, or may have been, and nobody said what became of it."""
        self._settle(number, Fate.UNKNOWN)

    def invalid_late(self, reject: Reject) -> None:
        """The row could not be serialized."""
        self._settle(reject.number, Fate.INVALID_LATE, reject)

    def ended(self, numbers: Iterable[int]) -> tuple[int, int, list[Reject]]:
        """Of rows that have a fate: how many succeeded, how many are unknown, the rejects."""
        found = [self._fates[number] for number in numbers if number in self._fates]
        fates = [fate for fate, _ in found]
        rejects = [reject for fate, reject in found if fate is Fate.REJECTED and reject]
        return fates.count(Fate.SUCCEEDED), fates.count(Fate.UNKNOWN), rejects

    def _settle(self, number: int, fate: Fate, reject: Reject | None = None) -> None:
        if number not in self._numbers:
            raise ConservationError(f"row {number} is not of this chunk")
        if number in self._fates:
            raise ConservationError(f"row {number} ended twice")
        self._fates[number] = (fate, reject)

    def outcomes(self) -> list[Outcome]:
        """One outcome for each run of rows that have a fate; unsent rows are in none.

        Rows of which a job may still run, and those of which none does, are in different ones.
        """
        runs: list[list[int]] = []
        for number in self._numbers:
            if number not in self._fates:
                continue
            open_ = number in self._unresolved
            before = runs[-1][-1] if runs else None
            if before == number - 1 and (before in self._unresolved) is open_:
                runs[-1].append(number)
            else:
                runs.append([number])
        return [self._outcome(run) for run in runs]

    def _outcome(self, numbers: Sequence[int]) -> Outcome:
        rejects: list[Reject] = []
        invalid: list[Reject] = []
        unknown: list[int] = []
        for number in numbers:
            fate, reject = self._fates[number]
            if fate is Fate.UNKNOWN:
                unknown.append(number)
            elif reject is not None:
                (rejects if fate is Fate.REJECTED else invalid).append(reject)
        return Outcome(
            numbers[0],
            numbers[-1],
            tuple(rejects),
            tuple(unknown),
            tuple(invalid),
            unresolved=numbers[0] in self._unresolved,
        )


class StreamAccount:
    """The sums of a stream, over all outcomes so far.

    Args:
        planned: The stream's staged rows, numbered from 1.
    """

    def __init__(self, planned: int) -> None:
        self.planned = planned
        self.succeeded = 0
        self.rejected = 0
        self.unknown = 0
        self.invalid_late = 0
        self.reasons: Counter[str] = Counter()
        self._ranges: list[tuple[int, int]] = []

    @property
    def unsent(self) -> int:
        """Rows that are in no outcome."""
        return self.planned - sum(last - first + 1 for first, last in self._ranges)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Add outcomes.

        Raises:
            ConservationError: A row that has ended before, or that the stream does not have.
        """
        for outcome in outcomes:
            self._occupy(outcome.first, outcome.last)
            self._check(outcome)
            self.succeeded += outcome.succeeded
            self.rejected += len(outcome.rejects)
            self.unknown += len(outcome.unknown)
            self.invalid_late += len(outcome.invalid_late)
            for reject in (*outcome.rejects, *outcome.invalid_late):
                self._count(reject.reason)

    def check(self) -> None:
        """Raise `ConservationError` unless planned rows and ended rows are the same in number."""
        ended = self.succeeded + self.rejected + self.unknown + self.invalid_late
        if ended + self.unsent != self.planned:
            raise ConservationError(
                f"planned {self.planned}, accounted for {ended} and {self.unsent} unsent"
            )

    def _count(self, reason: str) -> None:
        known = reason in self.reasons or len(self.reasons) < MOST_REASONS
        self.reasons[reason if known else OTHER_REASONS] += 1

    def _occupy(self, first: int, last: int) -> None:
        """Put a range down, joined with its neighbours: as many ranges as there are gaps."""
        if not 1 <= first <= last <= self.planned:
            raise ConservationError(f"rows {first} to {last} are not all of this stream")
        at = bisect_left(self._ranges, (first, last))
        before = self._ranges[at - 1] if at else None
        after = self._ranges[at] if at < len(self._ranges) else None
        if (before and before[1] >= first) or (after and after[0] <= last):
            raise ConservationError(f"rows {first} to {last}: some have ended before")
        start, end = at, at
        if before and before[1] == first - 1:
            first, start = before[0], at - 1
        if after and after[0] == last + 1:
            last, end = after[1], at + 1
        self._ranges[start:end] = [(first, last)]

    @staticmethod
    def _check(outcome: Outcome) -> None:
        """Every number named is of the range, and named once."""
        named = [reject.number for reject in (*outcome.rejects, *outcome.invalid_late)]
        named.extend(outcome.unknown)
        if len(set(named)) != len(named):
            raise ConservationError("a row ended in two ways")
        if any(not outcome.first <= number <= outcome.last for number in named):
            raise ConservationError("an outcome names a row outside of its range")
