"""How long jobs take, from polls that only ever see them not done yet, or done since.

When a poll sees a job done it has been so for a while: of the time until then one's own lateness is
a part, often a fifth and more. A plan that took it for the job's would add that lateness again.
"""

from __future__ import annotations


class JobTimes:
    """What the polls of a run tell of the seconds from a job's acceptance until it is done."""

    def __init__(self) -> None:
        self._longest_missed = 0.0
        self._shortest_seen: float | None = None
        self._middles = 0.0
        self._jobs = 0

    def add(self, missed: float, seen: float) -> None:
        """A job was done.

        Args:
            missed: Its age when the last poll that found it unfinished was sent; 0 without one.
            seen: Its age when the poll that found it done was sent.
        """
        self._jobs += 1
        self._longest_missed = max(self._longest_missed, missed)
        self._shortest_seen = min(seen, self._shortest_seen or seen)
        self._middles += (missed + seen) / 2 if missed else seen

    @property
    def seconds(self) -> float | None:
        """The middle of what all jobs agree on; where they differ, of each, on average."""
        if self._shortest_seen is None:
            return None
        if self._longest_missed > self._shortest_seen:
            return self._middles / self._jobs
        if not self._longest_missed:
            return self._shortest_seen
        return (self._longest_missed + self._shortest_seen) / 2
