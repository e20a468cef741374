"""Whether the fields a sync maps still are what its catalog says, just before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable

from qsync.fields.model import FieldCatalog
from qsync.planning.compiled import CompiledStream
from qsync.project.model import COMPANY_NAME


def drift(streams: Iterable[CompiledStream], live: FieldCatalog) -> str | None:
    """Why the mapping no longer fits the live definitions, or None when it does."""
    for stream in streams:
        known = live.of(stream.object.value)
        for field in stream.fields:
            if field.name == COMPANY_NAME:
                continue
            now = known.get(field.name)
            if now is None:
                return (
                    f"Qualified has no {stream.object.value} field '{field.name}' any more; run "
                    "`qsync catalog pull` and look at what changed"
                )
            if now.type != field.type.value:
                return (
                    f"{stream.object.value} field '{field.name}' is {now.type} now, the catalog "
                    f"says {field.type.value}; run `qsync catalog pull` and look at what changed"
                )
    return None
