"""What a sync means once its model and the field catalog are known: the compiler's result.

Everything here is data; nothing names a warehouse dialect or an HTTP client.
"""

from __future__ import annotations

from dataclasses import dataclass

from qsync.artifacts import Node
from qsync.fields.kinds import Check, ColumnKind
from qsync.fields.model import FieldType
from qsync.project.model import ObjectType, OnNull, OnRemoved, Sync

HASH_VERSION = 1
"""Of the row hash and the canonical texts it is made of. Moved when either changes."""

FOLDING_VERSION = 1
"""Of how match keys are folded."""


@dataclass(frozen=True, slots=True)
class CompiledField:
    """One field of a stream and where its value comes from.

    Attributes:
        name: Qualified's API name, or `company_name`.
        type: The field's type; `company_name` counts as a string.
        column: The model's column, in the warehouse's own spelling; None for a constant.
        constant: A constant's canonical text.
        kind: What the column holds.
        check: What only the value can tell, if anything.
        options: For a picklist: the values there are.
        on_null: What a null means.
        state_column: The column of the state table that keeps the last acknowledged value.
    """

    name: str
    type: FieldType
    column: str | None
    constant: str | None
    kind: ColumnKind
    check: Check | None
    options: tuple[str, ...]
    on_null: OnNull
    state_column: str


@dataclass(frozen=True, slots=True)
class CompiledStream:
    """The lead or the company records of one sync.

    Attributes:
        sync: The sync's name.
        object: What its records are.
        match_column: The model's column with the match key.
        fields: Sorted by field name.
        grouped: True for a `company:` block: one record per distinct domain.
        allow_free_mail: Whether a free-mail domain may be a company.
        on_removed: What happens when a record left the model.
        company_match_column: For leads with a `company:` block: the column with their company's
            domain, so that a plan can count addresses of another domain.
        hash_prefix: Goes into every row hash: equal hashes mean equal values to be sent.
        fingerprint: Changes when the meaning of the mapping does.
        meaning: Changes when the mapping or the definition of a mapped field does; a reject rests
            only while it stays.
    """

    sync: str
    object: ObjectType
    match_column: str
    fields: tuple[CompiledField, ...]
    grouped: bool
    allow_free_mail: bool
    on_removed: OnRemoved
    company_match_column: str | None
    hash_prefix: str
    fingerprint: str
    meaning: str

    @property
    def label(self) -> str:
        """How people name it: `leads (company)` for a `company:` block, else the sync's name."""
        return f"{self.sync} ({self.object.value})" if self.grouped else self.sync


@dataclass(frozen=True, slots=True)
class CompiledSync:
    """A sync, its model and its streams; companies come before leads."""

    sync: Sync
    node: Node
    streams: tuple[CompiledStream, ...]
    fingerprint: str

    @property
    def name(self) -> str:
        """The sync's name."""
        return self.sync.name
