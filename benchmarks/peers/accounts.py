"""What of a run is counted, and how: pure, so that it can be tested by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One contender in one phase.

    Attributes:
        seconds: Of all its processes, start-up included.
        cpu_seconds: Of the processor, of the contender alone.
        requests: HTTP requests the emulator counted.
        sent: Rows it took in.
        needless: Of these, those whose values had not changed.
        megabytes: Peak resident memory.
        wrong: Leads that differ from the warehouse when all accepted jobs have ended.
    """

    contender: str
    phase: str
    seconds: float
    cpu_seconds: float
    requests: int
    sent: int
    needless: int
    megabytes: float
    wrong: int


@dataclass(frozen=True, slots=True)
class Crash:
    """A run that was killed halfway while some rows were rejected, and the run after it.

    Attributes:
        changed: Rows that had changed; rejected ones are among them.
        rejected: Rows that Qualified rejects.
        arrived: Changed rows that the account holds as the warehouse does.
        said: Rows the tool says arrived, in all it wrote down; None if it says nothing.
        named: Rejected rows the tool can name.
        sent_again: Rows sent beyond the changed ones: sent twice, or unchanged.
        seconds: Of the run after the kill, with every command needed for it.
        commands: How many that were.
    """

    contender: str
    changed: int
    rejected: int
    arrived: int
    said: int | None
    named: int
    sent_again: int
    seconds: float
    commands: int


def needless(sent: int, changed: int) -> int:
    """Rows sent beyond the changed ones."""
    return max(0, sent - changed)


def received(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """Rows an account took in between two counts, in bulk jobs and one by one."""
    return sum(after[name] - before[name] for name in ("submitted", "write_lead"))


def differing(wanted: Mapping[str, str], held: Mapping[str, str]) -> int:
    """Leads of the warehouse that the account lacks or holds otherwise."""
    return sum(held.get(email) != value for email, value in wanted.items())
