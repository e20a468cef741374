"""What a warehouse answers when it is asked what changed: counts, and nothing but counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Cause(StrEnum):
    """Why a changed record is sent, in the order in which plans tell it.

    A record has one: the first that holds of full refresh, unsettled, retry, then of its fields.
    """

    DATA = "data"
    MAPPING = "mapping"
    CATALOG = "catalog"
    HASH_VERSION = "hash_version"
    RETRY = "retry"
    UNSETTLED = "unsettled"
    FULL_REFRESH = "full_refresh"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """How often one field changes among the changed records.

    Attributes:
        field: Qualified's API name, or `company_name`.
        changed: Another value than the one acknowledged.
        set: A value where none was acknowledged.
        cleared: Null where a value was acknowledged (`on_null: clear`, `on_removed: clear`).
    """

    field: str
    changed: int = 0
    set: int = 0
    cleared: int = 0

    @property
    def total(self) -> int:
        """Records this field differs in."""
        return self.changed + self.set + self.cleared


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """A stream's records by what would happen to them.

    `in_model = added + changed + unchanged + resting + deferred + suppressed + invalid`; `removed`
    left the model. `stranded` counts them with those that left before.

    Attributes:
        state_rows: Records in state that have not been removed: the base of guards' shares.
        deferred: Those that would be sent, in a run that is about others (`resume`, `retry`).
        suppressed: Those that were forgotten (`qsync forget`): never sent, whatever they hold.
        invalid: By reason: a code, or `code:field`.
        retried: Those among added and changed that Qualified rejected before, as they are.
        unsettled: Those among changed whose last answer is unknown.
        clearing: Those among removed that hold something to clear (`on_removed: clear`).
        returned: Those among changed and unchanged that had been removed.
        rehashed: Those among unchanged whose hash is brought up to date without sending.
        conflicts: Per field, domains whose rows disagree; the field is left out.
        other_domain: Leads whose address is of another domain than their company's.
        stranded: Records this sync sent whose key no row of the model has: removed now, or earlier
            and still tombstones. Qualified has them for ever (API.md: it upserts by key).
        causes: Of changed records, those whose cause is another than the data; none at a full
            refresh, which is the cause of all.
        cleared: Those among changed and removed in which a field is cleared.
        filled: Per field, the added records that have a value for it. Counted before there is any
            state, where it takes no statement of its own.
    """

    state_rows: int = 0
    in_model: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    resting: int = 0
    deferred: int = 0
    suppressed: int = 0
    invalid: Mapping[str, int] = field(default_factory=dict)
    retried: int = 0
    unsettled: int = 0
    clearing: int = 0
    returned: int = 0
    rehashed: int = 0
    conflicts: Mapping[str, int] = field(default_factory=dict)
    other_domain: int = 0
    stranded: int = 0
    causes: Mapping[Cause, int] = field(default_factory=dict)
    cleared: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)

    @property
    def invalid_total(self) -> int:
        """Records that are never sent as they are."""
        return sum(self.invalid.values())


@dataclass(frozen=True, slots=True)
class Imprint:
    """What a change set is known by, without its rows.

    Attributes:
        keyed: Whether the warehouse has a secret to make digests with.
        digest: The keyed digest over all records that anything happens to; None without a secret,
            or where nothing happens.
        writer: The run that wrote the stream's state last; None before there is any.
    """

    keyed: bool = False
    digest: str | None = None
    writer: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A stream's counts with its per-field histogram.

    The histogram is over changed and removed records; before there is any state, over added ones.
    """

    counts: ChangeCounts
    fields: tuple[FieldChange, ...] = ()
    imprint: Imprint | None = None
    """Only when the request asked for one."""
