"""Compile: sync + model + field catalog → what will be compared and sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qsync.artifacts import Node
from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.fields.encoding import canonical_constant
from qsync.fields.kinds import RULES, Check, ColumnKind, Written, check_of, fits
from qsync.fields.model import Field, FieldCatalog, FieldType
from qsync.planning.compiled import CompiledField, CompiledStream, CompiledSync
from qsync.planning.fingerprint import (
    digest,
    hash_prefix,
    mapping_fingerprint,
    state_column,
    stream_meaning,
)
from qsync.planning.ports import Column
from qsync.planning.resolve import find_column, find_field, undocumented_column
from qsync.project.model import (
    COMPANY_NAME,
    FieldMapping,
    ObjectType,
    OnRemoved,
    Sync,
)

_COMPANY_NAME_FIELD = Field(COMPANY_NAME, "Company name", FieldType.STRING.value)
_UNKNOWN = Column("", ColumnKind.TEXT, "")


@dataclass(frozen=True, slots=True)
class Compilation:
    """A compiled sync, or None with the errors that prevented it; warnings either way."""

    compiled: CompiledSync | None
    diagnostics: tuple[Diagnostic, ...]


def check_sync(sync: Sync, node: Node, catalog: FieldCatalog | None) -> list[Diagnostic]:
    """What can be known offline: fields and their types against the catalog, documented columns."""
    return _Compiler(sync, node, None, catalog).run()[1]


def compile_sync(
    sync: Sync, node: Node, columns: Sequence[Column], catalog: FieldCatalog
) -> Compilation:
    """Compile a sync against the columns the warehouse really has."""
    streams, diagnostics = _Compiler(sync, node, columns, catalog).run()
    if any(item.severity is Severity.ERROR for item in diagnostics):
        return Compilation(None, tuple(diagnostics))
    fingerprint = digest([node.unique_id, [stream.fingerprint for stream in streams]])
    return Compilation(CompiledSync(sync, node, tuple(streams), fingerprint), tuple(diagnostics))


class _Compiler:
    """One sync's compilation; collects every problem before it gives up."""

    def __init__(
        self,
        sync: Sync,
        node: Node,
        columns: Sequence[Column] | None,
        catalog: FieldCatalog | None,
    ) -> None:
        self._sync = sync
        self._node = node
        self._columns = columns
        self._catalog = catalog
        self._problems: list[Diagnostic] = []

    def run(self) -> tuple[list[CompiledStream], list[Diagnostic]]:
        """The streams (companies first) and every diagnostic."""
        sync, block = self._sync, self._sync.company
        streams: list[CompiledStream] = []
        if block is not None:
            streams.append(
                self._stream(
                    ObjectType.COMPANY, block.match_column, block.match_position, block.fields, True
                )
            )
        streams.append(
            self._stream(sync.object, sync.match_column, sync.match_position, sync.fields, False)
        )
        return streams, sorted(self._problems, key=Diagnostic.sort_key)

    def _stream(
        self,
        object_type: ObjectType,
        match_name: str,
        match_position: Position,
        mappings: Sequence[FieldMapping],
        grouped: bool,
    ) -> CompiledStream:
        sync = self._sync
        match = self._match(object_type, match_name, match_position)
        compiled = [self._field(object_type, mapping) for mapping in mappings]
        fields = tuple(
            sorted((item for item in compiled if item is not None), key=lambda item: item.name)
        )
        block = sync.company
        fingerprint = mapping_fingerprint(match.name, fields)
        return CompiledStream(
            sync=sync.name,
            object=object_type,
            match_column=match.name,
            fields=fields,
            grouped=grouped,
            allow_free_mail=sync.config.allow_free_mail,
            on_removed=OnRemoved.KEEP if grouped else sync.config.on_removed,
            company_match_column=(
                self._match(ObjectType.COMPANY, block.match_column, block.match_position).name
                if block is not None and not grouped
                else None
            ),
            hash_prefix=hash_prefix(fields),
            fingerprint=fingerprint,
            meaning=stream_meaning(fingerprint, fields),
        )

    def _match(self, object_type: ObjectType, name: str, position: Position) -> Column:
        column = self._column(name, position)
        if self._columns is not None and column is not None and column.kind is not ColumnKind.TEXT:
            self._error(
                "QS311",
                position,
                f"the match key '{object_type.match_field}' needs a text column; "
                f"'{name}' is {column.type}",
                "cast it in the dbt model",
            )
        return column or _UNKNOWN

    def _field(self, object_type: ObjectType, mapping: FieldMapping) -> CompiledField | None:
        field = self._definition(object_type, mapping)
        column = None
        if mapping.column is not None:
            column = self._column(mapping.column, mapping.column_position)
            if column is None:
                return None
        if field is None:
            return None
        field_type = field.known_type
        if field_type is None:
            self._error(
                "QS309",
                mapping.field_position,
                f"field '{field.name}' is of type '{field.type}', which qsync does not know",
                "leave it out, or update qsync",
            )
            return None
        options = tuple(option.value for option in field.options)
        constant = None
        if column is None:
            constant = self._constant(mapping, field_type, options)
            if constant is None:
                return None
        elif self._columns is not None and not fits(field_type, column.kind):
            self._error(
                "QS303",
                mapping.column_position,
                f"column '{column.name}' is {column.type}, "
                f"field '{field.name}' is {field_type.value}",
                RULES[field_type].advice,
            )
            return None
        return CompiledField(
            name=field.name,
            type=field_type,
            column=None if column is None else column.name,
            constant=constant,
            kind=ColumnKind.TEXT if column is None else column.kind,
            check=None
            if column is None
            else check_of(field_type, column.kind, has_options=bool(options)),
            options=options,
            on_null=mapping.on_null,
            state_column=state_column(field.name),
        )

    def _definition(self, object_type: ObjectType, mapping: FieldMapping) -> Field | None:
        if mapping.field == COMPANY_NAME and object_type is ObjectType.COMPANY:
            return _COMPANY_NAME_FIELD
        if self._catalog is None:
            return None
        found = find_field(
            self._sync, object_type, mapping.field, mapping.field_position, self._catalog
        )
        if isinstance(found, Diagnostic):
            self._problems.append(found)
            return None
        return found

    def _constant(
        self, mapping: FieldMapping, field_type: FieldType, options: tuple[str, ...]
    ) -> str | None:
        value = mapping.constant
        text = None if value is None else canonical_constant(field_type, value)
        if text is None:
            hint = (
                "lists cannot be constants: map a column"
                if RULES[field_type].written is Written.LIST
                else f"write a {RULES[field_type].written.value}"
            )
            self._error(
                "QS307",
                mapping.column_position,
                f"this constant does not fit field '{mapping.field}', which is {field_type.value}",
                hint,
            )
        elif RULES[field_type].check is Check.OPTION and options and text not in options:
            self._error(
                "QS308",
                mapping.column_position,
                f"this constant is not an option of '{mapping.field}'",
                f"options: {', '.join(options)}",
            )
            return None
        return text

    def _column(self, name: str, position: Position) -> Column | None:
        if self._columns is None:
            problem = undocumented_column(self._sync, name, position, self._node.columns)
            if problem is not None:
                self._add(problem)
            return Column(name, ColumnKind.TEXT, "")
        found = find_column(self._sync, name, position, self._columns)
        if isinstance(found, Diagnostic):
            self._add(found)
            return None
        return found

    def _error(self, code: str, position: Position, message: str, hint: str) -> None:
        self._add(Diagnostic(code, Severity.ERROR, position, message, hint, self._sync.name))

    def _add(self, problem: Diagnostic) -> None:
        if problem not in self._problems:
            self._problems.append(problem)
