"""What one checkout of a project changes against another, on the same rows: pure data.

The *base* is the other checkout, the *head* this one. State is no part of it: it says what would be
sent differently under the head than under the base, not what Qualified has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qsync.planning.compiled import CompiledStream
from qsync.project.model import ObjectType

COMPARISON_FORMAT = 1
"""Of the comparison's JSON, `schemas/comparison.schema.json`."""


class Standing(StrEnum):
    """Which side has a sync that sends."""

    KEPT = "kept"
    """Both."""
    ADDED = "added"
    REMOVED = "removed"
    ENABLED = "enabled"
    """Both have it, and the base's is disabled."""
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Side:
    """A stream as one side maps it, and the relation that this side reads."""

    stream: CompiledStream
    relation: str


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """Two mappings to compare on the rows there are.

    Attributes:
        base: None for a stream that only the head has.
        head: None for a stream that only the base has.
        unread: Fields of the head that the base maps too, from a column that cannot be read any
            more. What the base would send there is unknown, and counts neither way.
    """

    base: Side | None
    head: Side | None
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Records:
    """Records by what the head sends of them, against the base. A record is a folded match key.

    Attributes:
        alike: Both send them with the same values.
        differing: Both send them, and something to be sent differs.
        new: Only the head sends them; the base has no row of that key.
        left: Only the base sends them; the head has no row of that key.
        valid: Only the head sends them, by the reason why they are invalid to the base.
        invalid: Only the base sends them, by the reason why they are invalid to the head.
        rekeyed: Rows that have a key on both sides, and not the same one. None when the sides read
            different relations: then no row tells.
    """

    alike: int = 0
    differing: int = 0
    new: int = 0
    left: int = 0
    valid: Mapping[str, int] = field(default_factory=dict)
    invalid: Mapping[str, int] = field(default_factory=dict)
    rekeyed: int | None = 0

    @property
    def affected(self) -> int:
        """Records of which the head sends something else than the base."""
        became = sum(self.valid.values()) + sum(self.invalid.values())
        return self.differing + self.new + self.left + became


@dataclass(frozen=True, slots=True)
class FieldCounts:
    """One field in numbers of records.

    All but `sent` are about records that both sides send, or, of a stream that one side has, all
    that it sends.

    Attributes:
        sent: The head sends a value, of whatever record.
        set: The head sends a value and the base none.
        changed: Both send a value, not the same.
        cleared: The head sends null and the base does not.
        unsent: The base sends something and the head nothing: Qualified keeps what it has.
    """

    sent: int = 0
    set: int = 0
    changed: int = 0
    cleared: int = 0
    unsent: int = 0

    @property
    def total(self) -> int:
        """Records in which the field is sent differently."""
        return self.set + self.changed + self.cleared + self.unsent


@dataclass(frozen=True, slots=True)
class Counted:
    """What the warehouse tells of one stream: counts only."""

    records: Records
    fields: Mapping[str, FieldCounts]


@dataclass(frozen=True, slots=True)
class Reworded:
    """A word of a file that is another one now; None on the side that has no such thing."""

    name: str
    base: str | None
    head: str | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a field's value comes from: exactly one of a column and a constant."""

    type: str
    column: str | None
    constant: str | None
    on_null: str


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One field that moved, or that is sent differently.

    Attributes:
        name: Qualified's API name, or `company_name`.
        moves: `added`, `dropped`, `remapped`, `retyped`, `reoptioned`; none for a field whose
            mapping stayed while its rows, or their keys, are others.
        base: How the base maps it.
        head: How the head does.
        unread: Why the base's values cannot be read, if they cannot; then only `sent` counts.
        counts: None when the stream was not counted.
    """

    name: str
    moves: tuple[str, ...]
    base: Mapped | None
    head: Mapped | None
    unread: str | None = None
    counts: FieldCounts | None = None


@dataclass(frozen=True, slots=True)
class StreamComparison:
    """One stream, the base's against the head's.

    Attributes:
        object: Lead or company.
        base_match: The base's column of the match key; None for a stream that only the head has.
        head_match: The head's.
        regrouped: Whether a record is a row on one side and a distinct domain on the other.
        fields: Those there is something to say of, by name.
        records: None when nothing differs, which needs no counting, and when nothing can be
            counted.
        uncounted: Why nothing can be counted, if that is so.
    """

    object: ObjectType
    base_match: str | None
    head_match: str | None
    regrouped: bool = False
    fields: tuple[FieldComparison, ...] = ()
    records: Records | None = None
    uncounted: str | None = None

    @property
    def match_moved(self) -> bool:
        """Whether both sides have it and take the match key from different columns."""
        return None not in (self.base_match, self.head_match) and self.base_match != self.head_match

    @property
    def differs(self) -> bool:
        """Whether there is anything to say of it."""
        one_sided = self.base_match is None or self.head_match is None
        moved = self.match_moved or self.regrouped or bool(self.fields)
        affected = self.records is not None and bool(self.records.affected)
        return one_sided or moved or affected or self.uncounted is not None


@dataclass(frozen=True, slots=True)
class SyncComparison:
    """One sync, the base's against the head's.

    Attributes:
        name: Its name in the head, or in the base when only that has it.
        former: Its name in the base, if it was renamed.
        standing: Which side has it.
        path: The file that declares it, in the head when that has it.
        line: Where in it, from 1.
        column: The same.
        base_model: The model that the base reads.
        head_model: The model that the head reads.
        base_relation: That model in the warehouse; None where it is not known.
        head_relation: The same of the head's.
        policy: Words of its config that differ.
        streams: All of both sides, companies first.
    """

    name: str
    former: str | None
    standing: Standing
    path: str
    line: int
    column: int
    base_model: str | None
    head_model: str | None
    base_relation: str | None
    head_relation: str | None
    policy: tuple[Reworded, ...]
    streams: tuple[StreamComparison, ...]

    @property
    def remodelled(self) -> bool:
        """Whether the two sides read different models or relations."""
        if self.standing is not Standing.KEPT:
            return False
        base = (self.base_model, self.base_relation)
        return base != (self.head_model, self.head_relation)

    @property
    def differs(self) -> bool:
        """Whether there is anything to say of it."""
        moved = self.standing is not Standing.KEPT or self.former is not None or self.remodelled
        return moved or bool(self.policy) or any(stream.differs for stream in self.streams)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a comparison says.

    Attributes:
        project: The dbt project's name.
        target: The dbt target whose relations were read, for both sides.
        base: The other checkout's folder, as it was given.
        own_manifest: Whether the base has a manifest; otherwise the head's tells its names.
        own_catalog: Whether the base has a field catalog; otherwise the head's is taken.
        settings: Words of `qsync.yml` that differ and that matter to what is sent where.
        syncs: Those that differ, in the order of the plan, then those only the base has.
        alike: How many syncs do not.
    """

    project: str
    target: str
    base: str
    own_manifest: bool
    own_catalog: bool
    settings: tuple[Reworded, ...]
    syncs: tuple[SyncComparison, ...]
    alike: int

    @property
    def has_differences(self) -> bool:
        """Whether the head changes anything: the one source of "no differences"."""
        return bool(self.settings or self.syncs)

    @property
    def affected(self) -> int:
        """Records that are sent differently, over all streams that could be counted."""
        return sum(
            stream.records.affected
            for sync in self.syncs
            for stream in sync.streams
            if stream.records is not None
        )
