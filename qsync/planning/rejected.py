"""Rejected records in groups, and what a person can do about a group.

Error texts of Qualified are free (API.md, "Writing in bulk"), so the advice does not come from
them: it comes from the field a rejection names, its type and options in the field catalog, and the
line of the sync file that maps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qsync.diagnostics import Position
from qsync.fields.model import Field, FieldCatalog, FieldType
from qsync.project.model import COMPANY_NAME, FieldMapping, ObjectType, Sync

OPTIONS_SHOWN = 6
"""Options of a picklist that advice names."""


@dataclass(frozen=True, slots=True)
class RejectGroup:
    """Records of one stream that were rejected for the same reason.

    Attributes:
        sync: The sync's name.
        object: Lead or company.
        reason: Qualified's words, redacted; of reasons that differ only in numbers, one.
        field: The field it is about, if it names one.
        records: How many records.
        resting: How many of them are not sent again until something changes.
        attempts: The most that one of them was tried in a row for this reason.
        first_at: When the first of them was first rejected, UTC, as the ledger writes it.
        last_at: When the last of them was last rejected.
    """

    sync: str
    object: str
    reason: str
    field: str | None
    records: int
    resting: int
    attempts: int
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """One rejected record with its key: for an export that a person asked for, nowhere else."""

    sync: str
    object: str
    key: str
    reason: str
    field: str | None
    attempts: int
    resting: bool
    run_id: str
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a group.

    Attributes:
        text: A sentence or two.
        column: The model's column that is sent to the field; None for a constant or no field.
        place: The line of the sync file that maps it.
    """

    text: str
    column: str | None = None
    place: Position | None = None


def advise(group: RejectGroup, syncs: Mapping[str, Sync], catalog: FieldCatalog | None) -> Advice:
    """What to do about a group, from what the project and the field catalog say.

    Args:
        group: The rejected records.
        syncs: The declared syncs by name.
        catalog: The field catalog; None when there is none.
    """
    sync = syncs.get(group.sync)
    if sync is None:
        return Advice("No sync of this name is declared any more: nothing of it is sent.")
    if group.reason == LEFT_IN_BATCH:
        return Advice(_LEFT, place=sync.position)
    if group.field is None:
        return Advice(_NO_FIELD, place=sync.position)
    kind = ObjectType(group.object)
    if group.field == kind.match_field:
        column, place = _match(sync, kind)
        about = f"{group.field} is the match key of a {kind.value}. Correct it in the model"
        return Advice(f"{about}, or filter these rows out.", column, place)
    mapping = _mapping(sync, kind, group.field)
    if mapping is None:
        return Advice(f"{group.field} is not mapped any more: the next apply sends these again.")
    known = None if catalog is None else catalog.of(group.object).get(group.field)
    about = _about(group.field, known, has_catalog=catalog is not None)
    return Advice(about, mapping.column, mapping.column_position)


LEFT_IN_BATCH = "batch_left"
"""The reason of a record that was refused together with others and never alone; a test holds it
against the one execution gives (`execution.ports.BATCH_LEFT`)."""

_LEFT = (
    "Refused together with others, and the run ended before each was sent alone: they may be well. "
    "The next apply sends them again."
)

_NO_FIELD = (
    "The answer names no mapped field. Read the reason; `qsync rejects --export FILE` on your own "
    "machine lists the records."
)

_TAKES: Mapping[FieldType, str] = {
    FieldType.EMAIL: "is an email field: it takes one address (name@host.tld). Correct or empty "
    "the others in the model.",
    FieldType.PHONE: "is a phone field: it takes a telephone number, best with its country code "
    "(+1 …). Correct or empty the others in the model.",
    FieldType.DECIMAL: "is a number: no unit, no separator of thousands. Cast it in the model.",
    FieldType.BOOLEAN: "is true or false. Cast it in the model.",
    FieldType.TEXT_ARRAY: "is a list of texts. Make it an array in the model.",
    FieldType.STRING: "is one line of text. Look for values that are too long, and shorten them "
    "in the model.",
    FieldType.TEXT: "is a text. Look for values that are too long, and shorten them in the model.",
    FieldType.NAME: "is a person's name. Look for values that are too long or no name, and correct "
    "them in the model.",
    FieldType.COMPANY: "is a company's name. Look for values that are too long, and correct them "
    "in the model.",
}


def _about(name: str, known: Field | None, *, has_catalog: bool) -> str:
    if known is None and name == COMPANY_NAME:
        return f"{name} {_TAKES[FieldType.COMPANY]}"
    if known is None:
        missing = "is not in the field catalog" if has_catalog else "is unknown without a catalog"
        return f"{name} {missing}: pull it (`qsync catalog pull`), then look at this again."
    kind = known.known_type
    if kind in {FieldType.PICKLIST, FieldType.MULTI_PICKLIST} and not known.options:
        return (
            f"{name} takes options only, and the field catalog lists none of them. Compare with "
            "the field in Qualified, and map all else to one of its options in the model."
        )
    if kind in {FieldType.PICKLIST, FieldType.MULTI_PICKLIST}:
        few = "one" if kind is FieldType.PICKLIST else "any"
        return (
            f"{name} takes {few} of {_counted(known)}: {_options(known)}. Map all else to one of "
            "them in the model; capitals count. If an option is new in Qualified: `qsync catalog "
            "pull`, then `qsync retry`."
        )
    if kind is None:
        return f"{name} has the type {known.type}, which qsync does not know. Read the reason."
    return f"{name} {_TAKES[kind]}"


def _counted(known: Field) -> str:
    count = len(known.options)
    return f"{count:,} option{'' if count == 1 else 's'}"


def _options(known: Field) -> str:
    shown = ", ".join(option.value for option in known.options[:OPTIONS_SHOWN])
    return shown + (", …" if len(known.options) > OPTIONS_SHOWN else "")


def _match(sync: Sync, kind: ObjectType) -> tuple[str | None, Position | None]:
    """The column of the match key and its place: the sync's own, or its company block's."""
    if sync.object is kind:
        return sync.match_column, sync.match_position
    if sync.company is None:
        return None, None
    return sync.company.match_column, sync.company.match_position


def _mapping(sync: Sync, kind: ObjectType, field: str) -> FieldMapping | None:
    if sync.object is kind:
        mappings: Iterable[FieldMapping] = sync.fields
    else:
        mappings = () if sync.company is None else sync.company.fields
    return next((mapping for mapping in mappings if mapping.field == field), None)
