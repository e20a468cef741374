"""How long jobs take, from polls that only ever see them not done yet, or done since.

When a poll sees a job done it has been so for a while: of the time until then one's own lateness is
a part, often a fifth and more. A plan that took it for the job's would add that lateness again.
"""

from __future__ import annotations

_HELD_BACK = 5.0
"""Seconds a poll may be on its way, beyond the job's age when it was asked for."""


class JobTimes:
    """What the polls of a run tell of the seconds from a job's acceptance until it is done."""

    def __init__(self) -> None:
        self._longest_missed = 0.0
        self._shortest_seen: float | None = None
        self._middles = 0.0
        self._jobs = 0

    def add(self, missed: float, asked: float, seen: float) -> None:
        """A job was done. It tells nothing when the poll that saw so had to wait for a window.

        Args:
            missed: Its age when the last poll that found it unfinished was asked for; 0 without.
            asked: Its age when the poll that found it done was asked for.
            seen: Its age when that was answered.
        """
        if seen - asked > asked + _HELD_BACK:
            return
        self._jobs += 1
        self._longest_missed = max(self._longest_missed, missed)
        shortest = self._shortest_seen
        self._shortest_seen = seen if shortest is None else min(seen, shortest)
        self._middles += (missed + seen) / 2 if missed else seen

    def seconds(self, request_seconds: float = 0.0) -> float | None:
        """The middle of what all jobs agree on; where they differ, of each, on average.

        Args:
            request_seconds: How long a request takes: so long a poll has been on its way when its
                answer tells what it saw.
        """
        if self._shortest_seen is None:
            return None
        shortest = max(0.0, self._shortest_seen - request_seconds)
        if self._longest_missed > shortest:
            return max(0.0, self._middles / self._jobs - request_seconds / 2)
        if not self._longest_missed:
            return shortest
        return (self._longest_missed + shortest) / 2
