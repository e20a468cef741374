"""The tables of a warehouse in memory, which outlive the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from qsync.execution.ports import KnownJob, Stage
from qsync.ledger.record import RunRecord
from tests.support.memory_diff import Judged, Known, Rejected, Source

RunKey = tuple[str, str, str]
"""Run id, sync and object."""


@dataclass(slots=True)
class StagedTable:
    """A staged table and its line in the registry."""

    stage: Stage
    rows: list[Judged]
    posted: int = 0
    journaled: bool = False

    def numbered(self, first: int, last: int) -> list[Judged]:
        """The records of a range of numbers, in order."""
        sent = (row for row in self.rows if row.number is not None and first <= row.number <= last)
        return sorted(sent, key=lambda row: row.number or 0)


@dataclass(slots=True)
class StreamTable:
    """A stream's state table and its line in the registry."""

    columns: frozenset[str]
    fingerprint: str
    sync: str
    object: str
    mapping: str | None = None
    rows: dict[str, Known] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryLock:
    """The lock's one row; times in epoch seconds."""

    epoch: int = 0
    lock_id: str | None = None
    holder: str = ""
    since: float = 0.0
    expires: float = 0.0


@dataclass(slots=True)
class MemoryStore:
    """All tables of one destination and project, and the model. `clock` answers epoch seconds."""

    clock: Callable[[], float]
    relations: Mapping[str, str]
    columns: Sequence[str]
    model: Source = ()
    streams: dict[str, StreamTable] = field(default_factory=dict)
    rejects: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    stages: dict[str, StagedTable] = field(default_factory=dict)
    jobs: dict[tuple[str, str], dict[str, KnownJob]] = field(default_factory=dict)
    runs: dict[RunKey, RunRecord] = field(default_factory=dict)
    requests: list[tuple[str, int, int]] = field(default_factory=list)
    fields: frozenset[str] = frozenset()
    lock: MemoryLock = field(default_factory=MemoryLock)
