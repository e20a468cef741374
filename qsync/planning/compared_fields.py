"""The fields of a stream that two checkouts map differently, or whose values are others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qsync.planning.comparison import FieldComparison, FieldCounts, Mapped
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.lenient import LenientStream
from qsync.planning.movement import Movement, mapping_text, movement

_NONE: Mapping[str, str] = {}


def compared_fields(
    base: LenientStream | None,
    head: CompiledStream | None,
    counts: Mapping[str, FieldCounts] | None,
) -> tuple[FieldComparison, ...]:
    """Every field there is something to say of, by name.

    Args:
        base: The other checkout's stream, if it has it.
        head: This checkout's.
        counts: What the warehouse counted, if it could.
    """
    after = {} if head is None else {item.name: item for item in head.fields}
    if base is not None:
        fields = tuple(_spelled(item, after.get(item.name)) for item in base.mapped.fields)
        base = replace(base, mapped=replace(base.mapped, fields=fields))
    before = {} if base is None else {item.name: item for item in base.mapped.fields}
    lost = _NONE if base is None else base.lost
    moved = _movement(base, head)
    found = []
    for name in sorted(before.keys() | after.keys()):
        moves = _moves(name, moved)
        count = None if counts is None else counts.get(name)
        if not moves and (count is None or not (count.total or name in lost)):
            continue
        found.append(
            FieldComparison(
                name,
                moves,
                _mapped(before.get(name)),
                _mapped(after.get(name)),
                # Nothing hangs on it where nothing is counted.
                unread=None if counts is None else lost.get(name),
                counts=count,
            )
        )
    return tuple(found)


def _spelled(item: CompiledField, head: CompiledField | None) -> CompiledField:
    """A column in the head's spelling, if it is the same: one that is gone is as it was written."""
    if head is None or item.column is None or head.column is None:
        return item
    same = item.column.lower() == head.column.lower()
    return replace(item, column=head.column) if same else item


def _movement(base: LenientStream | None, head: CompiledStream | None) -> Movement:
    if head is None:
        dropped = () if base is None else tuple(item.name for item in base.mapped.fields)
        return Movement(dropped=dropped)
    if base is None:
        return Movement(added=tuple(item.name for item in head.fields))
    columns = {item.state_column for item in head.fields}
    return movement(head, mapping_text(base.mapped), None, columns) or Movement()


def _moves(name: str, moved: Movement) -> tuple[str, ...]:
    words = ("added", "dropped", "remapped", "retyped", "reoptioned")
    return tuple(word for word in words if name in getattr(moved, word))


def _mapped(item: CompiledField | None) -> Mapped | None:
    if item is None:
        return None
    return Mapped(item.type.value, item.column, item.constant, item.on_null.value)
