"""What execution asks of a warehouse and of Qualified, as protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qsync.ledger.record import RunRecord
from qsync.planning.changes import ChangeSet
from qsync.planning.ports import DiffRequest, PlanningWarehouse

# --- Qualified -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item's result (API.md, "Writing in bulk"). `errors` is the server's text, unredacted."""

    request_id: str
    ok: bool
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobView:
    """A bulk job as read: `status` is the server's word, which may be one nobody knows yet.

    `lost_answers` is told by the answer to a submit: how often the same body was sent before
    without an answer. Each of them may have made a job too.
    """

    id: str
    status: str
    processed: int
    total: int
    results: tuple[ItemResult, ...] = ()
    lost_answers: int = 0

    @property
    def finished(self) -> bool:
        """Completed or failed: no more results will come."""
        return self.status in {"completed", "failed"}


MINUTE, DAY = 60, 86_400
"""Seconds. Requests are counted by minute; no window of Qualified's is longer than a day."""


@dataclass(slots=True)
class RequestTally:
    """Requests made so far by one client, for the record of a run.

    Attributes:
        requests: All of them, retries included.
        retries: Those that repeated another one.
        lost_submits: Submits whose answers were lost: each may have made a job.
        seconds: How long they took together, from sending to the answer or its loss.
        by_minute: How many were sent in each minute, by its first epoch second.
    """

    requests: int = 0
    retries: int = 0
    lost_submits: int = 0
    seconds: float = 0.0
    by_minute: dict[int, int] = field(default_factory=dict)


class BulkApi(Protocol):
    """Writes in bulk. Errors are `RemoteError`s; retries, waiting and limits happen inside."""

    @property
    def tally(self) -> RequestTally:
        """Requests made so far."""

    async def submit(self, body: bytes, *, reserve: int = 0) -> JobView:
        """POST /v2/bulk with `{"items": [...]}` already serialized.

        It waits until every window has room for `reserve` more requests: polls of open jobs.
        """

    async def job(self, job_id: str) -> JobView | None:
        """GET /v2/bulk/{id}; None when it is gone (404)."""


# --- The warehouse ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One staged record: its number (from 1, in the order sent), key and canonical texts.

    `values` stands in the order of the stream's fields. `clearing` marks a removed record whose
    fields are cleared. `left_out` holds the places of fields that are not sent at all although null
    would clear them: a company's rows disagree about them, or this sync never wrote them.
    """

    number: int
    key: str
    values: tuple[str | None, ...]
    clearing: bool = False
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A bulk job of one stream: the staged records `first` to `last` (numbers, inclusive).

    `accepted_at` is in epoch seconds. Records of the range that could not be serialized are none
    of its items. `lost_answers` is how often its body was sent before without an answer: each may
    have made a job too, of which nobody will ever know.
    """

    id: str
    first: int
    last: int
    accepted_at: float
    lost_answers: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stream's staged table."""

    run_id: str
    stream_id: str
    table: str
    request: DiffRequest
    rows: int
    """Records to send, numbered 1 to `rows`."""


BATCH_LEFT = "batch_left"
"""Reason of a record that was refused with others and never alone: the submits ran out before.

It may be healthy, so it counts as no rejection of its own and never rests. What it was rejected for
before stays as it is.
"""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record Qualified rejected. `reason` is redacted: no value, no address."""

    number: int
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the staged records `first` to `last` (numbers, inclusive).

    Every record of the range that is in none of the three lists succeeded. `unresolved` means that
    a job with these records may still be waiting to run, whatever another one has answered: their
    state is `open`, so that their newest values go in the next run and once more in the one after.
    """

    first: int
    last: int
    rejects: tuple[Reject, ...] = ()
    unknown: tuple[int, ...] = ()
    invalid_late: tuple[Reject, ...] = ()
    unresolved: bool = False

    @property
    def total(self) -> int:
        """Records in the range."""
        return self.last - self.first + 1

    @property
    def succeeded(self) -> int:
        """Records whose own result said so."""
        return self.total - len(self.rejects) - len(self.unknown) - len(self.invalid_late)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds the destination's lock."""

    lock_id: str
    holder: str
    since: str
    expires: str


@dataclass(frozen=True, slots=True)
class RejectSummary:
    """Rejects of a stream by reason."""

    sync: str
    object: str
    reason: str
    rows: int
    resting: int


@dataclass(frozen=True, slots=True)
class StateSummary:
    """One stream's state, as `qsync state ls` shows it."""

    stream_id: str
    destination: str
    project: str
    sync: str
    object: str
    rows: int
    removed: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class Purged:
    """Records of forgotten people that were deleted.

    Attributes:
        state: From state.
        rejects: From the rejects.
        stages: From staged tables of runs that left some behind.
        history: From what was sent when.
    """

    state: int = 0
    rejects: int = 0
    stages: int = 0
    history: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(
            self.state + other.state,
            self.rejects + other.rejects,
            self.stages + other.stages,
            self.history + other.history,
        )


@dataclass(frozen=True, slots=True)
class LiveField:
    """A live field definition's identity: which account this key belongs to."""

    object: Literal["lead", "company"]
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class CommitContext:
    """What a commit needs besides the outcomes."""

    run_id: str
    epoch: int
    at: str
    """UTC, as the ledger writes it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction brings to the warehouse.

    Attributes:
        outcomes: What became of records.
        accepted: Jobs that are open now: should this run die, the next one asks about them.
        resolved: Ids of jobs that are not open any more.
        jobs: All jobs accepted since the last commit, open or not.
    """

    outcomes: Sequence[Outcome] = ()
    accepted: Sequence[KnownJob] = ()
    resolved: Sequence[str] = ()
    jobs: Sequence[KnownJob] = ()


@dataclass(frozen=True, slots=True)
class DeadStream:
    """One stream of a run that died, or that ended with jobs open or records unsent.

    Attributes:
        run_id: The run.
        sync: The sync's name.
        object: Lead or company.
        planned: Records it had to send.
        running: Whether its record is still open: the run died.
        stage: Its staged table; None when it is gone or from another version.
        posted: The highest record number that may have been posted.
        journaled: Whether the run's local journal tells, for all up to `posted`, what was.
        jobs: Its jobs that are not resolved.
        table: The staged table's name, whether it can be read or not; None when none is noted.
    """

    run_id: str
    sync: str
    object: str
    planned: int
    running: bool
    stage: Stage | None = None
    posted: int = 0
    journaled: bool = False
    jobs: tuple[KnownJob, ...] = ()
    table: str | None = None


class DeliveryWarehouse(Protocol):
    """What delivering one staged table asks of the warehouse."""

    @property
    def commit_seconds(self) -> float:
        """Seconds between commits while records are delivered: more where a commit is slow."""

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """The staged records of a range of numbers, in order."""

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Put down that records up to `last` may be posted from now on, before they are.

        `journaled` says whether the local journal will tell which of them really were.
        """

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Bring state up to date with outcomes, in SQL, in one transaction.

        Succeeded records are acknowledged, rejects kept, unknown ones marked unsettled. Open jobs
        are noted and resolved ones forgotten in the same transaction.
        """


class ExecutionWarehouse(PlanningWarehouse, DeliveryWarehouse, Protocol):
    """Staging, state and records of one destination and project.

    Every method is one or a few statements; none holds rows. All are called from one thread.
    """

    def prepare(self) -> None:
        """Create the state schema and qsync's own tables where they are missing."""

    def known_field_ids(self) -> frozenset[str]:
        """Ids of the live fields seen at this destination before."""

    def remember_fields(self, fields: Sequence[LiveField]) -> None:
        """Store the live fields' ids."""

    def acquire_lock(self, lock_id: str, holder: str) -> int | LockHolder:
        """Take the destination's lock: its epoch, or who has it."""

    def renew_lock(self, epoch: int) -> None:
        """Keep the lock for longer; a `UserError` when it was lost."""

    def release_lock(self, epoch: int) -> None:
        """Give the lock back, if it is still ours."""

    def dead_streams(self) -> tuple[DeadStream, ...]:
        """What earlier runs left behind, oldest run first. Called under the lock."""

    def close_dead(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool = False,
    ) -> None:
        """Close what a run left behind, in one transaction.

        Records of the ranges `posted` that nobody answered become `open`; a running record is
        closed as interrupted; the stage and the notes on its jobs go, unless the stage is kept.
        """

    def secret(self) -> bytes:
        """The key of hashes that leave the warehouse; made with the tables."""

    def note_requests(self, run_id: str, minute: float, requests: int) -> None:
        """Put down that up to so many more requests are made in a minute (epoch seconds)."""

    def settle_requests(self, run_id: str, by_minute: Mapping[int, int], before: float) -> None:
        """Replace a run's notes by what was really made; all notes of before a moment go."""

    def requests_since(self, moment: float) -> Sequence[tuple[float, int]]:
        """Requests by earlier runs since a moment: `(epoch seconds, how many)`, oldest first."""

    def stage(self, run_id: str, stream_id: str, request: DiffRequest) -> tuple[Stage, ChangeSet]:
        """Write the change set to a table and count it from there."""

    def drop_stage(self, stage: Stage) -> None:
        """Drop a stage's table."""

    def begin(self, stage: Stage, context: CommitContext) -> None:
        """Make the state table fit, and write what needs no sending: hashes, tombstones."""

    def purge_removed(self, stage: Stage, before: str, context: CommitContext) -> None:
        """Delete tombstones, and rejects of keys that left the model, older than a time.

        The time is UTC, as the ledger writes it. Called once the stream has begun, or has nothing
        to begin; a run that is about some records only leaves it to the next one.
        """

    def keep_history(self, stage: Stage, before: str | None, context: CommitContext) -> None:
        """Put down which records a stream's run is about to send, and let go of older runs'.

        Args:
            stage: Its staged records; none are put down when there are none to send.
            before: The id that a run would have which began at the end of what is kept; None
                keeps nothing, not even of this run.
            context: Of the commit.
        """

    def settle_mapping(self, stage: Stage, context: CommitContext) -> None:
        """Put down that all records of a stream are up to date under its mapping."""

    def baseline(self, stage: Stage, context: CommitContext) -> None:
        """Acknowledge every staged record without sending."""

    def run_of_plan(self, plan_id: str) -> str | None:
        """The run that applied a sealed plan; None when nobody has."""

    def open_record(self, record: RunRecord) -> None:
        """Insert a run record as it stands."""

    def close_record(self, record: RunRecord, epoch: int) -> None:
        """Replace the run record with its end, if the lock is still ours: a `UserError` if not."""

    def ledger(self, project: str, limit: int = 2_000) -> list[tuple[str, ...]]:
        """The ledger's rows, oldest first, as texts; an empty cell is an empty text."""
