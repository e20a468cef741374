"""From staged rows to the items of a bulk body (API.md, "Writing in bulk")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import orjson

from qsync.execution.ports import Reject, StagedRow
from qsync.fields.encoding import JsonValue, UnwritableError, encoder
from qsync.fields.kinds import RULES, Written
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.project.model import COMPANY_NAME, OnNull

NOT_UNICODE = "not_unicode"
"""Reason of a text with half a surrogate pair in it, which no UTF-8 body can carry."""


_Column = tuple[str, Callable[[str], JsonValue] | None, bool]
"""A field's name, its encoder (None where the text is the value), whether a null is sent."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item as it is sent. `body` is its JSON; `row` is kept to take its values out of errors.

    `request_id` names the run and the row's number: it travels to Qualified and into its logs, so
    nothing personal is in it.
    """

    row: StagedRow
    request_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ChunkItems:
    """A chunk, serialized: what can be sent, and the rows that cannot."""

    items: tuple[Item, ...]
    invalid_late: tuple[Reject, ...]


class ItemWriter:
    """Serializes the rows of one stream. What it looks up by field, it looks up once.

    A null of a field with `on_null: keep` is left out and one with `clear` is sent. One with `fail`
    never gets here as a bad row. Where a domain's rows disagree the field is null and in the row's
    `left_out`: it is not sent, whatever null means. So are the fields of a record that is cleared,
    where this sync never wrote any value to them.
    """

    def __init__(self, stream: CompiledStream, run_id: str) -> None:
        self._entity = stream.object.value
        self._match_field = stream.object.match_field
        self._run_id = run_id
        self._columns = tuple(_column(spec) for spec in stream.fields)
        self._cleared: dict[str, JsonValue | None] = {spec.name: None for spec in stream.fields}

    def write(self, rows: Iterable[StagedRow]) -> ChunkItems:
        """Serialize rows, in order. A row that cannot be written is `invalid_late`."""
        items: list[Item] = []
        invalid: list[Reject] = []
        for row in rows:
            request_id = f"{self._run_id}-{row.number}"
            try:
                body = self._body(row, request_id)
            except _UnwritableFieldError as error:
                invalid.append(Reject(row.number, f"{error.code}:{error.field}", error.field))
            else:
                items.append(Item(row, request_id, body))
        return ChunkItems(tuple(items), tuple(invalid))

    def _body(self, row: StagedRow, request_id: str) -> bytes:
        fields = dict(self._cleared) if row.clearing else self._written(row.values)
        for place in row.left_out:
            fields.pop(self._columns[place][0], None)
        data: dict[str, object] = {self._match_field: row.key}
        if COMPANY_NAME in fields:
            # The API has it beside the fields.
            data["name"] = fields.pop(COMPANY_NAME)
        data["fields"] = fields
        item = {
            "entity": self._entity,
            "action": "POST",
            "data": data,
            "request_id": request_id,
        }
        try:
            # A copy: what orjson returns keeps the room it grew to, about half of it unused.
            return memoryview(orjson.dumps(item)).tobytes()
        except TypeError:
            raise _UnwritableFieldError(NOT_UNICODE, self._not_unicode(row)) from None

    def _written(self, values: Sequence[str | None]) -> dict[str, JsonValue | None]:
        fields: dict[str, JsonValue | None] = {}
        name = ""
        try:
            for (name, encode, sends_null), text in zip(self._columns, values, strict=True):
                if text is None:
                    if sends_null:
                        fields[name] = None
                elif encode is None:
                    fields[name] = text
                else:
                    fields[name] = encode(text)
        except UnwritableError as error:
            raise _UnwritableFieldError(error.code, name) from None
        return fields

    def _not_unicode(self, row: StagedRow) -> str:
        """The field whose text made the item unwritable."""
        for (name, _, _), text in zip(self._columns, row.values, strict=True):
            if text is not None and not _is_unicode(text):
                return name
        return self._match_field


class _UnwritableFieldError(Exception):
    def __init__(self, code: str, field: str) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field


def _column(spec: CompiledField) -> _Column:
    is_text = RULES[spec.type].written is Written.STRING
    return (spec.name, None if is_text else encoder(spec.type), spec.on_null is OnNull.CLEAR)


def bulk_body(items: Sequence[Item]) -> bytes:
    """The body of `POST /v2/bulk` for 1 to 500 items."""
    return b'{"items":[' + b",".join([item.body for item in items]) + b"]}"


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
