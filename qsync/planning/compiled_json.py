"""A compiled stream as JSON and back: what a staged table means, for whoever settles its run.

It stands beside the stage in the warehouse. Constants of the mapping are in it, rows are not.
"""

from __future__ import annotations

from typing import Any

import orjson

from qsync.fields.kinds import Check, ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.project.model import ObjectType, OnNull, OnRemoved

STREAM_FORMAT = 1


def stream_json(stream: CompiledStream) -> str:
    """A compiled stream as one line of JSON."""
    return orjson.dumps({"format": STREAM_FORMAT, "stream": stream}).decode()


def stream_from_json(text: str) -> CompiledStream | None:
    """The stream; None when another version of qsync wrote it in a way this one does not know."""
    try:
        document = orjson.loads(text)
        if document["format"] != STREAM_FORMAT:
            return None
        return _stream(document["stream"])
    except (ValueError, KeyError, TypeError):
        return None


def _stream(cells: dict[str, Any]) -> CompiledStream:
    return CompiledStream(
        **{
            **cells,
            "object": ObjectType(cells["object"]),
            "on_removed": OnRemoved(cells["on_removed"]),
            "fields": tuple(_field(field) for field in cells["fields"]),
        }
    )


def _field(cells: dict[str, Any]) -> CompiledField:
    check = cells["check"]
    return CompiledField(
        **{
            **cells,
            "type": FieldType(cells["type"]),
            "kind": ColumnKind(cells["kind"]),
            "check": None if check is None else Check(check),
            "options": tuple(cells["options"]),
            "on_null": OnNull(cells["on_null"]),
        }
    )
