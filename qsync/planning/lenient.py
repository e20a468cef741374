"""Compiling a sync of another checkout against a warehouse that has moved on since.

The rows are those of now: a column that the other checkout maps may be gone from them, or be of
another type. Such a field keeps its place in the mapping and cannot be counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qsync.artifacts import Node
from qsync.diagnostics import Diagnostic, Severity
from qsync.fields.kinds import ColumnKind, fits
from qsync.fields.model import FieldCatalog, FieldType
from qsync.planning.compile import compile_sync
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.fingerprint import state_column
from qsync.planning.ports import Column
from qsync.planning.resolve import find_column
from qsync.project.model import FieldMapping, ObjectType, Sync


@dataclass(frozen=True, slots=True)
class LenientStream:
    """A stream of the other checkout.

    Attributes:
        mapped: All that it maps.
        readable: The same without the fields that cannot be read.
        lost: Why each of those cannot be, by field.
        keyless: Why the match key cannot be read, if it cannot: then nothing can be counted.
    """

    mapped: CompiledStream
    readable: CompiledStream
    lost: Mapping[str, str]
    keyless: str | None = None


def compile_leniently(
    sync: Sync, node: Node, columns: Sequence[Column], catalog: FieldCatalog
) -> tuple[LenientStream, ...] | Diagnostic:
    """The streams of a sync, companies first, or the first reason why it cannot be compiled.

    Args:
        sync: As the other checkout declares it.
        node: Its model.
        columns: What the warehouse has of it now; nothing when it has no such relation.
        catalog: The other checkout's field catalog.
    """
    return _Lenient(sync, columns, catalog).run(node)


class _Lenient:
    """One sync: what of it is lost is left out, and put back when the rest is compiled."""

    def __init__(self, sync: Sync, columns: Sequence[Column], catalog: FieldCatalog) -> None:
        self._sync = sync
        self._columns = columns
        self._catalog = catalog

    def run(self, node: Node) -> tuple[LenientStream, ...] | Diagnostic:
        sync, block = self._sync, self._sync.company
        reduced = replace(sync, fields=self._kept(sync.object, sync.fields))
        keys = {sync.object: self._keyless(sync.match_column)}
        lines = {sync.object: sync.fields}
        if block is not None:
            fields = self._kept(ObjectType.COMPANY, block.fields)
            reduced = replace(reduced, company=replace(block, fields=fields))
            keys[ObjectType.COMPANY] = self._keyless(block.match_column)
            lines[ObjectType.COMPANY] = block.fields
        compilation = compile_sync(reduced, node, self._with_keys(), self._catalog)
        if compilation.compiled is None:
            return next(item for item in compilation.diagnostics if item.severity is Severity.ERROR)
        return tuple(
            self._whole(stream, lines[stream.object], keys[stream.object])
            for stream in compilation.compiled.streams
        )

    def _kept(
        self, object_type: ObjectType, lines: Sequence[FieldMapping]
    ) -> tuple[FieldMapping, ...]:
        return tuple(line for line in lines if self._lost(object_type, line) is None)

    def _lost(self, object_type: ObjectType, line: FieldMapping) -> str | None:
        """Why a field of a known type cannot be read; None when it can, or is no such field."""
        field_type = self._type(object_type, line.field)
        if line.column is None or field_type is None:
            return None
        column = find_column(self._sync, line.column, line.column_position, self._columns)
        if isinstance(column, Diagnostic):
            return f"the column {line.column} is gone"
        if not fits(field_type, column.kind):
            return f"the column {column.name} is {column.type} now"
        return None

    def _type(self, object_type: ObjectType, name: str) -> FieldType | None:
        known = self._catalog.of(object_type.value).get(name)
        if known is not None:
            return known.known_type
        company_name = object_type is ObjectType.COMPANY and name == "company_name"
        return FieldType.STRING if company_name else None

    def _keyless(self, name: str) -> str | None:
        column = find_column(self._sync, name, self._sync.match_position, self._columns)
        if isinstance(column, Diagnostic):
            return f"the column {name}, from which it takes the match key, is gone"
        if column.kind is not ColumnKind.TEXT:
            return f"the column {name}, from which it takes the match key, is {column.type} now"
        return None

    def _with_keys(self) -> list[Column]:
        """The columns there are, and those of match keys as if they were there."""
        block = self._sync.company
        names = [self._sync.match_column, *([] if block is None else [block.match_column])]
        lost = {name.lower() for name in names if self._keyless(name) is not None}
        kept = [column for column in self._columns if column.name.lower() not in lost]
        return [
            *kept,
            *(Column(name, ColumnKind.TEXT, "") for name in names if name.lower() in lost),
        ]

    def _whole(
        self, readable: CompiledStream, lines: Sequence[FieldMapping], keyless: str | None
    ) -> LenientStream:
        # How many leads have an address of another domain is no part of what is compared.
        readable = replace(readable, company_match_column=None)
        lost: dict[str, str] = {}
        unread: list[CompiledField] = []
        for line in lines:
            why = self._lost(readable.object, line)
            field_type = self._type(readable.object, line.field)
            if why is not None and field_type is not None:
                lost[line.field] = why
                unread.append(self._unread(readable.object, line, field_type))
        fields = sorted((*readable.fields, *unread), key=lambda item: item.name)
        return LenientStream(replace(readable, fields=tuple(fields)), readable, lost, keyless)

    def _unread(
        self, object_type: ObjectType, line: FieldMapping, field_type: FieldType
    ) -> CompiledField:
        known = self._catalog.of(object_type.value).get(line.field)
        return CompiledField(
            name=line.field,
            type=field_type,
            column=line.column,
            constant=None,
            kind=ColumnKind.OTHER,
            check=None,
            options=() if known is None else tuple(option.value for option in known.options),
            on_null=line.on_null,
            state_column=state_column(line.field),
        )
