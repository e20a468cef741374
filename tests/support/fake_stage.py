"""A staged table in memory, and a warehouse that reads it and remembers what is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from qsync.execution.ports import (
    Commit,
    CommitContext,
    ExecutionWarehouse,
    KnownJob,
    Outcome,
    Stage,
    StagedRow,
)
from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.ports import DiffRequest, StreamState
from qsync.project.model import ObjectType, OnNull, OnRemoved

RUN_ID = "r1"

T = TypeVar("T")


def field_of(
    name: str, field_type: FieldType = FieldType.STRING, on_null: OnNull = OnNull.KEEP
) -> CompiledField:
    """A mapped field."""
    return CompiledField(
        name, field_type, name, None, ColumnKind.TEXT, None, (), on_null, f"v_{name}"
    )


def stream_of(*fields: CompiledField, object_type: ObjectType = ObjectType.LEAD) -> CompiledStream:
    """A stream with these fields."""
    return CompiledStream(
        sync="people",
        object=object_type,
        match_column=object_type.match_field,
        fields=fields,
        grouped=False,
        allow_free_mail=False,
        on_removed=OnRemoved.KEEP,
        company_match_column=None,
        hash_prefix="h",
        fingerprint="f",
        meaning="m",
    )


def people(count: int) -> list[StagedRow]:
    """Leads with a phone; every key and every phone is another."""
    return [
        StagedRow(number, f"person{number}@example.com", (f"+1555{number:07}",))
        for number in range(1, count + 1)
    ]


def context() -> CommitContext:
    """What a commit needs besides."""
    return CommitContext(RUN_ID, epoch=1, at="2026-11-03 05:00:00")


@dataclass
class FakeStage:
    """The staging side of a warehouse. Like the real one it is used in one thread at a time.

    Attributes:
        rows: The staged rows.
        commits: Outcomes, commit by commit, with the moment if there is a clock.
        reads: How many rows each read answered.
        missing: Numbers of rows that the table lacks.
        fail_commits: What a commit raises.
        marks: How far may be posted, mark by mark, and whether a journal tells what was.
        jobs: Jobs that are noted as open.
    """

    rows: Sequence[StagedRow]
    stream: CompiledStream = field(
        default_factory=lambda: stream_of(field_of("phone", FieldType.PHONE))
    )
    now: Callable[[], float] = lambda: 0.0
    commits: list[tuple[float, tuple[Outcome, ...]]] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    missing: frozenset[int] = frozenset()
    commit_seconds: float = 5.0
    fail_commits: Exception | None = None
    marks: list[tuple[int, bool]] = field(default_factory=list)
    jobs: dict[str, KnownJob] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        """The handle that execution gets."""
        request = DiffRequest(self.stream, "relation", StreamState("people"))
        return Stage(RUN_ID, "people", "stage_people", request, len(self.rows))

    @property
    def warehouse(self) -> ExecutionWarehouse:
        """This double, as what it stands for; execution of one stream uses no more of it."""
        return cast(ExecutionWarehouse, self)

    async def in_warehouse(self, work: Callable[[], T]) -> T:
        """Run a call here and now."""
        return work()

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """Rows by number."""
        rows = [row for row in self.rows[first - 1 : last] if row.number not in self.missing]
        self.reads.append(len(rows))
        return rows

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Remember how far may be posted."""
        self.marks.append((last, journaled))

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Remember them."""
        if self.fail_commits is not None:
            raise self.fail_commits
        self.jobs |= {job.id: job for job in changes.accepted}
        for job_id in changes.resolved:
            del self.jobs[job_id]
        if changes.outcomes:
            self.commits.append((self.now(), tuple(changes.outcomes)))

    @property
    def fates(self) -> dict[int, str]:
        """What was committed of each row, by number; a row committed twice fails the test."""
        fates: dict[int, str] = {}
        for _, outcomes in self.commits:
            for outcome in outcomes:
                named = {reject.number: "rejected" for reject in outcome.rejects}
                named |= dict.fromkeys(outcome.unknown, "unknown")
                named |= {reject.number: "invalid_late" for reject in outcome.invalid_late}
                for number in range(outcome.first, outcome.last + 1):
                    assert number not in fates, f"row {number} was committed twice"
                    fates[number] = named.get(number, "succeeded")
        return fates

    @property
    def counts(self) -> Counter[str]:
        """How many rows were committed as what."""
        return Counter(self.fates.values())
