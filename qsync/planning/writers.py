"""One writer per field and object: two syncs that write one field would overwrite each other.

A company sync and a `company:` block write the same object; a company's name counts as a field. A
name in other capitals, or a field's label, is an error of its own (`QS301`), and means the same
field here: once it is mended, there would be two writers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from qsync.diagnostics import Diagnostic, Position, Related, Severity
from qsync.fields.model import FieldCatalog
from qsync.planning.resolve import meant_field
from qsync.project.model import FieldMapping, ModelRef, ObjectType, Sync

LineOf = Callable[[Position], str]
"""The line of a file at a place, without its indent; empty when it cannot be read."""


def _no_line(_: Position) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class _Writer:
    """A mapping, and where it belongs."""

    sync: Sync
    object: ObjectType
    match_column: str
    mapping: FieldMapping

    def line(self, line_of: LineOf) -> str:
        """What stands there; a constant's value is left out."""
        if self.mapping.column is None:
            return f"{self.mapping.field}: {{value: …}}"
        return line_of(self.mapping.field_position)

    def select(self, field: str) -> str:
        """The rows it writes, as a part of the union."""
        key = _named(self.match_column, self.object.match_field)
        value = _named(self.mapping.column or "'…'", field)
        return f"select {key}, {value}\nfrom {{{{ {_ref(self.sync.model)} }}}}"


def _writers(sync: Sync) -> Iterator[_Writer]:
    for mapping in sync.fields:
        yield _Writer(sync, sync.object, sync.match_column, mapping)
    if sync.company is not None:
        for mapping in sync.company.fields:
            yield _Writer(sync, ObjectType.COMPANY, sync.company.match_column, mapping)


def check_writers(
    syncs: Iterable[Sync], catalog: FieldCatalog | None = None, line_of: LineOf = _no_line
) -> list[Diagnostic]:
    """An error (`QS306`) for every field that an enabled sync before it writes already.

    Args:
        syncs: In the order declared; disabled ones write nothing.
        catalog: Knows which field a name in other capitals means; without one names count as
            written.
        line_of: Reads the lines that are shown.
    """
    first: dict[tuple[ObjectType, str], _Writer] = {}
    problems = []
    for sync in syncs:
        if not sync.config.enabled:
            continue
        for writer in _writers(sync):
            field = meant_field(writer.object, writer.mapping.field, catalog)
            other = first.setdefault((writer.object, field), writer)
            if other.sync is not sync:
                problems.append(_conflict(field, other, writer, line_of))
    return problems


def _conflict(field: str, first: _Writer, second: _Writer, line_of: LineOf) -> Diagnostic:
    where = first.mapping.field_position
    hint, example = _cure(field, first, second)
    return Diagnostic(
        "QS306",
        Severity.ERROR,
        second.mapping.field_position,
        f"{second.object.value} field '{field}' is written by sync '{first.sync.name}' too, "
        f"at {where}",
        hint,
        second.sync.name,
        source=second.line(line_of),
        related=(Related(where, f"sync '{first.sync.name}'", first.line(line_of)),),
        example=example,
    )


def _cure(field: str, first: _Writer, second: _Writer) -> tuple[str, str]:
    read = [(writer.sync.model, writer.match_column) for writer in (first, second)]
    if read[0] == read[1]:
        hint = (
            f"a field has one writer, and both read {first.sync.model}: leave one of the two lines "
            "out, and choose in dbt if their values differ"
        )
        return hint, ""
    hint = (
        "a field has one writer: union the two in a dbt model, keep one row per "
        f"{first.object.match_field} (rows that share one are invalid), and map '{field}' from "
        "there once:"
    )
    return hint, f"{first.select(field)}\nunion all\n{second.select(field)}"


def _named(column: str, name: str) -> str:
    return column if column == name else f"{column} as {name}"


def _ref(model: ModelRef) -> str:
    """As dbt's Jinja has it: `ref('a_package', 'dim_leads', v=2)`."""
    words = [repr(part) for part in (model.package, model.name) if part is not None]
    if model.version is not None:
        number = model.version.replace(".", "", 1).isdigit()
        words.append(f"v={model.version if number else repr(model.version)}")
    return f"ref({', '.join(words)})"
