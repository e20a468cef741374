"""Finding a field in the catalog and a column in the model, and saying what is wrong when not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.fields.model import Field, FieldCatalog
from qsync.planning.ports import Column
from qsync.project.model import ObjectType, Sync


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one name that was probably meant."""
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return found[0] if found else None


def meant_field(object_type: ObjectType, name: str, catalog: FieldCatalog | None) -> str:
    """The API name of the field that a written name means: its own, or by capitals or label.

    The name itself where the catalog knows no such field, or there is no catalog.
    """
    fields = {} if catalog is None else catalog.of(object_type.value)
    if name in fields:
        return name
    for known in fields.values():
        if name.lower() in {known.name.lower(), known.label.lower()}:
            return known.name
    return name


def find_field(
    sync: Sync, object_type: ObjectType, name: str, position: Position, catalog: FieldCatalog
) -> Field | Diagnostic:
    """The field of that exact name, or a diagnostic: field names are case-sensitive."""
    fields = catalog.of(object_type.value)
    if name in fields:
        return fields[name]

    def wrong(code: str, message: str, hint: str) -> Diagnostic:
        return Diagnostic(code, Severity.ERROR, position, message, hint, sync.name)

    other = ObjectType.COMPANY if object_type is ObjectType.LEAD else ObjectType.LEAD
    for known in fields.values():
        if known.name.lower() == name.lower():
            return wrong(
                "QS301",
                f"Qualified has no {object_type.value} field '{name}'",
                f"field names are case-sensitive: write '{known.name}'",
            )
        if known.label.lower() == name.lower():
            return wrong(
                "QS301",
                f"'{name}' is the label of a {object_type.value} field, not its API name",
                f"write '{known.name}'",
            )
    if name in catalog.of(other.value):
        where = (
            "under the sync's `company: fields:`, or in a sync with `object: company`"
            if other is ObjectType.COMPANY
            else "in a sync with `object: lead`"
        )
        return wrong(
            "QS302",
            f"'{name}' is a {other.value} field, mapped here for a {object_type.value}",
            f"map it {where}",
        )
    meant = closest(name, fields)
    hint = f"did you mean '{meant}'? " if meant else ""
    return wrong(
        "QS301",
        f"Qualified has no {object_type.value} field '{name}'",
        f"{hint}Fields cannot be created through Qualified's API: an admin adds them in Qualified, "
        "then run `qsync catalog pull`",
    )


def find_column(
    sync: Sync, name: str, position: Position, columns: Sequence[Column]
) -> Column | Diagnostic:
    """The model's column of that name, exactly or else without regard to case."""
    for column in columns:
        if column.name == name:
            return column
    folded = [column for column in columns if column.name.lower() == name.lower()]
    if len(folded) == 1:
        return folded[0]
    meant = closest(name, (column.name for column in columns))
    return Diagnostic(
        "QS304",
        Severity.ERROR,
        position,
        f"model '{sync.model}' has no column '{name}'",
        f"did you mean '{meant}'?" if meant else "add it to the model, or map another column",
        sync.name,
    )


def undocumented_column(
    sync: Sync, name: str, position: Position, documented: Sequence[str]
) -> Diagnostic | None:
    """A warning for a column that a documented model does not document.

    The manifest knows no other columns. A model that documents none says nothing about them.
    """
    if not documented or name.lower() in {known.lower() for known in documented}:
        return None
    meant = closest(name, documented)
    return Diagnostic(
        "QS305",
        Severity.WARNING,
        position,
        f"model '{sync.model}' documents no column '{name}'",
        (f"did you mean '{meant}'? " if meant else "") + "`qsync plan` asks the warehouse",
        sync.name,
    )
