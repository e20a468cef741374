"""The plan: pure data, the one object that plan shows, apply executes and every view reads."""

from __future__ import annotations

from dataclasses import dataclass

from qsync.planning.changes import ChangeCounts, FieldChange, Imprint
from qsync.planning.compiled import CompiledStream, CompiledSync
from qsync.planning.cost import Cost
from qsync.planning.gate import Gate
from qsync.planning.movement import Movement
from qsync.project.model import Limit, ObjectType

CHUNK_ROWS = 500
"""Items a bulk job can carry (API.md, "Writing in bulk")."""

PLAN_FORMAT = 1
"""Of the plan's JSON, `schemas/plan.schema.json`."""


@dataclass(frozen=True, slots=True)
class GuardBreach:
    """A guard that does not hold: `max_changed` is 20% and 31% (780 of 2,500) would change.

    `field` is the one that is cleared most often, for `max_cleared`; `base_of` says where the
    records are that `base` counts.
    """

    guard: str
    limit: str
    count: int
    base: int
    field: str | None = None
    base_of: str = "in state"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What would happen to one stream.

    Attributes:
        stream: The compiled stream.
        stream_id: Its identity in state.
        counts: Its records by what would happen to them.
        fields: The per-field histogram, largest first.
        first_load: No state yet: everything counts as added.
        baseline_unknown: No state, and this target may not write: nothing can be called added.
        limit: Records to send at most (`--limit`), or None.
        breaches: Guards that do not hold.
        full_refresh: Everything valid is sent.
        baseline: Records are put down as synced and nothing is sent.
        moved: How the mapping moved since the last apply that finished with it, if it did.
        imprint: What its change set is known by, for a sealed plan.
        max_rejected: The guard that is asked while it is sent, if there is one.
    """

    stream: CompiledStream
    stream_id: str
    counts: ChangeCounts
    fields: tuple[FieldChange, ...]
    first_load: bool
    baseline_unknown: bool = False
    limit: int | None = None
    breaches: tuple[GuardBreach, ...] = ()
    full_refresh: bool = False
    baseline: bool = False
    moved: Movement | None = None
    imprint: Imprint | None = None
    max_rejected: Limit | None = None

    @property
    def object(self) -> ObjectType:
        """Lead or company."""
        return self.stream.object

    @property
    def planned(self) -> int:
        """Records that would be sent if nothing limited it."""
        if self.baseline or self.baseline_unknown:
            return 0
        return self.counts.added + self.counts.changed + self.counts.clearing

    @property
    def to_send(self) -> int:
        """Records this run sends: `planned`, cut to the limit."""
        return self.planned if self.limit is None else min(self.planned, self.limit)

    @property
    def jobs(self) -> int:
        """Bulk jobs it takes."""
        return -(-self.to_send // CHUNK_ROWS)

    @property
    def requests(self) -> int:
        """HTTP requests it takes at best: one submit and one poll per job."""
        return 2 * self.jobs

    @property
    def writes_state(self) -> bool:
        """Whether apply has anything to do, sending aside: tombstones, hashes, a baseline."""
        counts = self.counts
        return bool(
            self.planned
            or counts.removed
            or counts.rehashed
            or (self.baseline and counts.added + counts.changed)
        )


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """One sync's streams, or why it cannot run.

    Attributes:
        compiled: The compiled sync.
        relation: The relation it reads, as dbt names it under this target.
        streams: In the order they run.
        blocked: Why apply would not run it, if it would not (an empty model, a gate).
        gate: What the tests of its model say, if it asks.
        overridden: Whether the user lets it run although guards do not hold.
    """

    compiled: CompiledSync
    relation: str
    streams: tuple[StreamPlan, ...]
    blocked: str | None = None
    gate: Gate | None = None
    overridden: bool = False

    @property
    def name(self) -> str:
        """The sync's name."""
        return self.compiled.name

    @property
    def planned(self) -> int:
        """Records it would send."""
        return sum(stream.planned for stream in self.streams)

    @property
    def stopped(self) -> bool:
        """Whether apply would leave this sync alone."""
        return self.blocked is not None or (self.broken and not self.overridden)

    @property
    def broken(self) -> bool:
        """Whether a guard does not hold."""
        return any(stream.breaches for stream in self.streams)


@dataclass(frozen=True, slots=True)
class OrphanState:
    """State of a sync that is no longer declared. It sends nothing."""

    stream_id: str
    sync: str
    object: str
    rows: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a plan says.

    Attributes:
        project: The dbt project's name.
        target: The dbt target.
        destination: Host, with the account when one is named.
        dbt_invocation_id: Of the manifest it stands on.
        syncs: Companies' syncs first, then leads', each in the order declared.
        orphans: State nobody declares any more.
        apply_allowed: Whether this target may write.
        cost: What sending it costs; None when nothing is sent.
    """

    project: str
    target: str
    destination: str
    dbt_invocation_id: str | None
    syncs: tuple[SyncPlan, ...]
    orphans: tuple[OrphanState, ...] = ()
    apply_allowed: bool = True
    cost: Cost | None = None

    @property
    def has_changes(self) -> bool:
        """Whether anything would be sent or marked: the one source of "no changes" and exit 2."""
        return any(
            stream.planned or stream.counts.removed or stream.baseline_unknown
            for sync in self.syncs
            for stream in sync.streams
        )

    @property
    def jobs(self) -> tuple[int, ...]:
        """Bulk jobs of each stream that sends any, in the order they run."""
        return tuple(
            stream.jobs
            for sync in self.syncs
            if not sync.stopped
            for stream in sync.streams
            if stream.jobs
        )

    @property
    def stopped(self) -> tuple[SyncPlan, ...]:
        """Syncs that apply would leave alone."""
        return tuple(sync for sync in self.syncs if sync.stopped)
