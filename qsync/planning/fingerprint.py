"""Fingerprints: what changes when, and only when, the meaning of a mapping does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import orjson

from qsync.planning.compiled import FOLDING_VERSION, HASH_VERSION, CompiledField

_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,48}")


def digest(parts: object, length: int = 12) -> str:
    """A short hex digest of plain data, the same on every machine."""
    text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:length]


def stream_id(destination: str, project: str, sync: str, object_name: str) -> str:
    """A stream's identity in state: destination, dbt project, sync and object."""
    return digest([destination, project, sync, object_name], 16)


def state_column(field: str) -> str:
    """The state table's column for a field.

    Field names are case-sensitive and may hold any character, identifiers of some warehouses are
    not and may not: a name that is not plainly an identifier gets a digest of itself, and another
    prefix, so that no plain name can look like it.
    """
    if _PLAIN.fullmatch(field):
        return f"v_{field}"
    plain = re.sub(r"[^a-z0-9]+", "_", field.lower()).strip("_")[:40]
    return f"x_{plain}_{digest(field, 8)}"


def hash_prefix(fields: Iterable[CompiledField]) -> str:
    """What stands before the values in every row hash.

    Two rows with the same hash must mean the same values to be sent, so everything that decides
    what is sent besides the values is in it: the fields' names, how they are written, and what a
    null means. The column a value comes from is not: renaming a column sends nothing.
    """
    parts = [[field.name, field.type.value, field.on_null.value] for field in fields]
    return f"{HASH_VERSION}.{FOLDING_VERSION}.{digest(parts)}"


def mapping_fingerprint(match_column: str, fields: Sequence[CompiledField]) -> str:
    """The meaning of a stream's mapping: match key, fields, where from, what a null means."""
    parts = [
        [field.name, field.type.value, field.column, field.constant, field.on_null.value]
        for field in fields
    ]
    return digest([HASH_VERSION, FOLDING_VERSION, match_column, parts])


def stream_meaning(fingerprint: str, fields: Sequence[CompiledField]) -> str:
    """The mapping with the definitions of the fields it maps: what a reject rests on."""
    return digest(
        [fingerprint, [[field.name, field.type.value, field.options] for field in fields]]
    )
