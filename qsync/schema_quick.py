"""Is this data sound? A quick answer for the usual case, so that `jsonschema` need not be imported.

The package costs 75 ms of CPU to import, a quarter of what `qsync validate` may take. This reads
the keywords our own schemas use and says yes or no; whatever is not sound goes to `jsonschema`,
which says why. Both are held to the same answer by a test over generated files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "null": lambda value: value is None,
}

_SILENT = frozenset(
    {"$schema", "$id", "title", "description", "definitions", "patternErrorMessage", "then"}
)
"""Keywords that decide nothing by themselves."""


def is_sound(data: Any, schema: Mapping[str, Any]) -> bool:
    """True only when the data keeps to the schema; an unknown keyword counts as no."""
    return _fits(data, schema, schema)


def _fits(data: Any, schema: Any, top: Mapping[str, Any]) -> bool:
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:  # draft-07: its siblings are ignored
        return _fits(data, top["definitions"][schema["$ref"].rpartition("/")[2]], top)
    return all(
        keyword in _SILENT or (keyword in _CHECKS and _CHECKS[keyword](data, value, schema, top))
        for keyword, value in schema.items()
    )


def _type(data: Any, value: Any, _schema: Any, _top: Any) -> bool:
    return any(_TYPES[kind](data) for kind in ([value] if isinstance(value, str) else value))


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _properties(data: Any, value: Any, _schema: Any, top: Any) -> bool:
    return not isinstance(data, dict) or all(
        _fits(data[key], part, top) for key, part in value.items() if key in data
    )


def _additional(data: Any, value: Any, schema: Any, top: Any) -> bool:
    known = schema.get("properties", {})
    return not isinstance(data, dict) or all(
        _fits(item, value, top) for key, item in data.items() if key not in known
    )


def _pattern(data: Any, value: str, _schema: Any, _top: Any) -> bool:
    strict = value[:-1] + r"\Z" if value.endswith("$") else value
    return not isinstance(data, str) or re.search(strict, data) is not None


def _conditional(data: Any, value: Any, schema: Any, top: Any) -> bool:
    return not _fits(data, value, top) or _fits(data, schema.get("then", True), top)


def _number(data: Any) -> bool:
    return isinstance(data, (int, float)) and not isinstance(data, bool)


_CHECKS: Mapping[str, Callable[[Any, Any, Any, Any], bool]] = {
    "type": _type,
    "const": lambda data, value, _s, _t: _equal(data, value),
    "enum": lambda data, value, _s, _t: any(_equal(data, option) for option in value),
    "required": lambda data, value, _s, _t: not isinstance(data, dict) or data.keys() >= {*value},
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": lambda data, value, _s, top: (
        not isinstance(data, dict) or all(_fits(key, value, top) for key in data)
    ),
    "maxProperties": lambda data, value, _s, _t: not isinstance(data, dict) or len(data) <= value,
    "items": lambda data, value, _s, top: (
        not isinstance(data, list) or all(_fits(item, value, top) for item in data)
    ),
    "minLength": lambda data, value, _s, _t: not isinstance(data, str) or len(data) >= value,
    "pattern": _pattern,
    "minimum": lambda data, value, _s, _t: not _number(data) or data >= value,
    "maximum": lambda data, value, _s, _t: not _number(data) or data <= value,
    "exclusiveMinimum": lambda data, value, _s, _t: not _number(data) or data > value,
    "if": _conditional,
    "allOf": lambda data, value, _s, top: all(_fits(data, part, top) for part in value),
    "oneOf": lambda data, value, _s, top: sum(_fits(data, part, top) for part in value) == 1,
    "not": lambda data, value, _s, top: not _fits(data, value, top),
}
