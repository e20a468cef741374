"""How a mapping moved since the last apply that finished with it, and what that says of changes.

State keeps, per stream, the mapping under which all its records were last brought up to date. A
changed record that differs only in fields whose mapping moved since changed because of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import orjson

from qsync.planning.compiled import FOLDING_VERSION, HASH_VERSION, CompiledField, CompiledStream
from qsync.planning.fingerprint import digest

MAPPING_FORMAT = 1
"""Of the mapping as state keeps it."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What of a mapping is another than it was.

    Attributes:
        added: Fields that were not mapped.
        dropped: Fields that are not mapped any more.
        remapped: Fields that read another column, have another constant or mean another null by it.
        retyped: Fields whose type in the field catalog changed.
        reoptioned: Fields whose options in the field catalog changed. Rows that were invalid may be
            sent now, which looks like a change of the data.
        match_key: Whether the match key comes from another column.
        versions: Whether qsync writes or folds values in another way (the hash version).
        untold: Whether the mapping moved and state does not say all of how.
    """

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    remapped: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    reoptioned: tuple[str, ...] = ()
    match_key: bool = False
    versions: bool = False
    untold: bool = False

    @property
    def told_apart(self) -> bool:
        """Whether a record's differing fields tell if the movement changed it."""
        return not (self.match_key or self.versions)

    @property
    def by_mapping(self) -> frozenset[str]:
        """Fields in which a difference is the mapping's doing."""
        return frozenset((*self.added, *self.remapped)) if self.told_apart else frozenset()

    @property
    def by_catalog(self) -> frozenset[str]:
        """Fields in which a difference is the field catalog's doing."""
        return frozenset(self.retyped) if self.told_apart else frozenset()


def movement(
    stream: CompiledStream, mapping: str | None, fingerprint: str | None, columns: Set[str]
) -> Movement | None:
    """What moved between the mapping that state knows and the compiled one; None if nothing did.

    Args:
        stream: The compiled stream.
        mapping: What state keeps, as `mapping_text` wrote it, if it does.
        fingerprint: Of the mapping that wrote state last.
        columns: The value columns that the state table has.
    """
    known = None if mapping is None else _read(mapping)
    if known is not None:
        found = _told(stream, known, columns)
    elif fingerprint == stream.fingerprint:
        return None
    else:
        found = _untold(stream, columns)
    return None if found == Movement() else found


def mapping_text(stream: CompiledStream) -> str:
    """A stream's mapping as state keeps it. Constants are in it, values of rows are not."""
    document = {
        "format": MAPPING_FORMAT,
        "versions": [HASH_VERSION, FOLDING_VERSION],
        "match": stream.match_column,
        "fields": {field.name: _cells(field) for field in stream.fields},
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def _cells(field: CompiledField) -> list[Any]:
    """Type, options (as a digest: there may be thousands), and what the user wrote."""
    written = [field.column, field.constant, field.on_null.value]
    return [field.type.value, digest(field.options), written]


def _read(text: str) -> Mapping[str, Any] | None:
    """None when another version of qsync wrote it in a way this one does not know."""
    document: Mapping[str, Any] = orjson.loads(text)
    return document if document["format"] == MAPPING_FORMAT else None


def _told(stream: CompiledStream, known: Mapping[str, Any], columns: Set[str]) -> Movement:
    now = {field.name: _cells(field) for field in stream.fields}
    # A field that was dropped and is mapped again is as new, whatever the mapping says.
    lost = {field.name for field in stream.fields if field.state_column not in columns}
    before = {name: cells for name, cells in known["fields"].items() if name not in lost}
    both = [name for name in now if name in before]
    retyped = tuple(name for name in both if now[name][0] != before[name][0])
    return Movement(
        added=tuple(name for name in now if name not in before),
        dropped=tuple(sorted(before.keys() - now.keys())),
        remapped=tuple(name for name in both if now[name][2] != before[name][2]),
        retyped=retyped,
        reoptioned=tuple(
            name for name in both if now[name][1] != before[name][1] and name not in retyped
        ),
        match_key=known["match"] != stream.match_column,
        versions=known["versions"] != [HASH_VERSION, FOLDING_VERSION],
    )


def _untold(stream: CompiledStream, columns: Set[str]) -> Movement:
    """From the columns of the state table alone: what an interrupted first load leaves behind."""
    mapped = {field.state_column for field in stream.fields}
    return Movement(
        added=tuple(field.name for field in stream.fields if field.state_column not in columns),
        # Of columns with other names (`x_…`) the field's own name is not known.
        dropped=tuple(
            column.removeprefix("v_")
            for column in sorted(columns - mapped)
            if column.startswith("v_")
        ),
        untold=True,
    )
