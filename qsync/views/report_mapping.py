"""What a sync maps, as a part of the report's document: columns, fields, types, nulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from qsync.fields.model import Field, FieldCatalog, FieldType
from qsync.project.model import COMPANY_NAME, FieldMapping, ObjectType, Sync
from qsync.views.entries import JsonObject


def mapping_entry(sync: Sync, catalog: FieldCatalog | None, types: Mapping[str, str]) -> JsonObject:
    """One sync's mapping.

    Args:
        sync: As declared.
        catalog: Qualified's fields, for types and labels; None when there is no catalog.
        types: The model's column types as the warehouse names them, where known.
    """
    blocks = [(sync.object, sync.match_column, sync.fields)]
    if sync.company is not None:
        blocks.append((ObjectType.COMPANY, sync.company.match_column, sync.company.fields))
    return {
        "model": str(sync.model),
        "streams": [_stream(*block, catalog, types) for block in blocks],
    }


def _stream(
    object_type: ObjectType,
    match_column: str,
    fields: Sequence[FieldMapping],
    catalog: FieldCatalog | None,
    types: Mapping[str, str],
) -> JsonObject:
    known = {} if catalog is None else catalog.of(object_type.value)
    return {
        "object": object_type.value,
        "match": {
            "field": object_type.match_field,
            "column": match_column,
            "column_type": types.get(match_column.lower()),
        },
        "fields": [_line(field, known, object_type, types) for field in fields],
    }


def _line(
    mapping: FieldMapping,
    known: Mapping[str, Field],
    object_type: ObjectType,
    types: Mapping[str, str],
) -> JsonObject:
    field = known.get(mapping.field)
    if mapping.field == COMPANY_NAME and object_type is ObjectType.COMPANY:
        field = Field(COMPANY_NAME, "Company name", FieldType.STRING.value)
    column = mapping.column
    return {
        "field": mapping.field,
        "label": field and field.label,
        "type": field and field.type,
        "options": len(field.options) if field is not None else 0,
        "column": column,
        "column_type": None if column is None else types.get(column.lower()),
        "constant": None if column is not None else orjson.dumps(mapping.constant).decode(),
        "on_null": None if column is None else mapping.on_null.value,
    }
