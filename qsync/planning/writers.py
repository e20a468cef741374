"""One writer per field and object: two syncs that write one field would overwrite each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project.model import FieldMapping, ObjectType, Sync


def _writes(sync: Sync) -> Iterator[tuple[ObjectType, FieldMapping]]:
    for mapping in sync.fields:
        yield sync.object, mapping
    if sync.company is not None:
        for mapping in sync.company.fields:
            yield ObjectType.COMPANY, mapping


def check_writers(syncs: Iterable[Sync]) -> list[Diagnostic]:
    """An error for every field that an enabled sync before it writes already.

    A company sync and a `company:` block write the same object.
    """
    first: dict[tuple[ObjectType, str], tuple[Sync, Position]] = {}
    problems = []
    for sync in syncs:
        if not sync.config.enabled:
            continue
        for object_type, mapping in _writes(sync):
            key = (object_type, mapping.field)
            if key not in first:
                first[key] = (sync, mapping.field_position)
                continue
            other, where = first[key]
            if other is sync:
                continue
            problems.append(
                Diagnostic(
                    "QS306",
                    Severity.ERROR,
                    mapping.field_position,
                    f"{object_type.value} field '{mapping.field}' is written by sync "
                    f"'{other.name}' too, at {where}",
                    "a field has one writer: union the two models in dbt and map it once",
                    sync.name,
                )
            )
    return problems
