"""JSON Schema, told to a person: what breaks a schema becomes diagnostics with a place and a cure.

The schemas are the files in `schemas/` that editors use too. `jsonschema` costs 75 ms of CPU to
import, so it is imported only for a file that `qsync.schema_quick` finds at fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from qsync.diagnostics import Diagnostic, Severity
from qsync.schema_quick import is_sound
from qsync.yaml_nodes import DataPath, YamlDocument

SchemaKind = Literal["project", "sync", "catalog", "plan", "sealed-plan"]
SCHEMA_KINDS: tuple[SchemaKind, ...] = ("project", "sync", "catalog")


def schema_path(kind: SchemaKind) -> Path:
    """The schema's file: `qsync/_schemas` in a wheel, `schemas/` at the top of a checkout."""
    package = Path(__file__).parent
    name = f"{kind}.schema.json"
    shipped = package / "_schemas" / name
    return shipped if shipped.is_file() else package.parent / "schemas" / name


@cache
def load_schema(kind: SchemaKind) -> Mapping[str, Any]:
    """The schema as data."""
    schema: Mapping[str, Any] = json.loads(schema_path(kind).read_text(encoding="utf-8"))
    return schema


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic and the way to the value it is about."""

    diagnostic: Diagnostic
    path: DataPath


def check(document: YamlDocument, kind: SchemaKind) -> list[Finding]:
    """Everything in which a file breaks its schema, in order of place."""
    if is_sound(document.data, load_schema(kind)):
        return []
    findings: list[Finding] = []
    misspelt: dict[DataPath, set[str]] = {}
    errors = sorted(
        strict_validator(kind).iter_errors(document.data), key=lambda error: str(error.validator)
    )
    for error in errors:  # additionalProperties comes first
        for finding in _translate(document, error, misspelt):
            if all(finding.diagnostic != known.diagnostic for known in findings):
                findings.append(finding)
    return sorted(findings, key=lambda finding: finding.diagnostic.sort_key())


@cache
def strict_validator(kind: SchemaKind) -> Any:
    """The `jsonschema` validator, stricter on whole numbers and on the end of a pattern."""
    from jsonschema.validators import Draft7Validator, extend

    # 1.0 is no whole number to a reader of YAML, and `$` must not accept a line break at the end.
    checker = Draft7Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    pattern = Draft7Validator.VALIDATORS["pattern"]

    def whole(validator: Any, text: str, instance: object, schema: object) -> Any:
        strict = text[:-1] + r"\Z" if text.endswith("$") else text
        return pattern(validator, strict, instance, schema)

    make: Any = extend  # its stub has no types
    strict_class = make(Draft7Validator, {"pattern": whole}, type_checker=checker)
    return strict_class(load_schema(kind))


def _translate(
    document: YamlDocument, error: Any, misspelt: dict[DataPath, set[str]]
) -> Iterator[Finding]:
    path: DataPath = tuple(error.absolute_path)
    if "allOf" in error.absolute_schema_path:
        return  # which key belongs to which object is told by the meaning, in better words
    if "propertyNames" in error.absolute_schema_path:
        hint = "write the field's API name"
        yield _finding(document, path, "QS113", f"a key of `{_last(path)}` is empty", hint)
        return
    words = _WORDS.get(error.validator)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, error, path, misspelt.setdefault(path, set()))
    elif error.validator == "required":
        yield from _missing_key(document, error, path, misspelt.get(path, set()))
    elif error.validator == "oneOf":
        if path not in misspelt:
            yield _finding(document, path, "QS116", *_column_or_value(error.instance), key=True)
    elif error.validator == "const":
        message = f"`{_last(path)}` must be {error.validator_value}, not {_show(error.instance)}"
        yield _finding(
            document, path, "QS114", message, "upgrade qsync or write the file's edition"
        )
    else:
        code = "QS112" if error.validator == "type" else "QS113"
        told = words(error) if words else (str(error.message)[:200], "")
        yield _finding(document, path, code, f"`{_last(path)}` {told[0]}", told[1])


def _finding(
    document: YamlDocument, path: DataPath, code: str, message: str, hint: str, *, key: bool = False
) -> Finding:
    position = document.position_of(path, key=key)
    return Finding(Diagnostic(code, Severity.ERROR, position, message, hint), path)


def _unknown_keys(
    document: YamlDocument, error: Any, path: DataPath, meant: set[str]
) -> Iterator[Finding]:
    """One for each unknown key; what they probably mean is added to `meant`."""
    known = sorted(error.schema.get("properties", ()))
    where = f" in `{_last(path)}`" if path else ""
    for key in error.instance:
        if key in known:
            continue
        near = get_close_matches(str(key), known, n=1, cutoff=0.6)
        meant.update(near)
        spare = [name for name in known if name not in error.instance]
        hint = f"possible here: {', '.join(spare)}" if spare else "remove it"
        hint = f"did you mean `{near[0]}`?" if near else hint
        message = f"unknown key `{_cut(str(key))}`{where}"
        yield _finding(document, (*path, key), "QS110", message, hint, key=True)


def _missing_key(
    document: YamlDocument, error: Any, path: DataPath, meant: set[str]
) -> Iterator[Finding]:
    """One for each missing key, unless a misspelt one beside it was meant to be it."""
    for name in error.validator_value:
        if name not in error.instance and name not in meant:
            where = f" in `{_last(path)}`" if path else ""
            message = f"`{name}` is missing{where}"
            hint = f"add {_describe(error.schema, name)}"
            yield _finding(document, path, "QS111", message, hint, key=bool(path))


def _describe(schema: Mapping[str, Any], name: str) -> str:
    described = schema.get("properties", {}).get(name, {})
    if "const" in described:
        return f"`{name}: {described['const']}`"
    return f"`{name}`: {described.get('description', 'its value')}".rstrip(".")


def _column_or_value(instance: Mapping[str, Any]) -> tuple[str, str]:
    hint = "write `{column: a_column, on_null: keep}` or `{value: a_constant}`"
    if "column" in instance and "value" in instance:
        return "both `column` and `value`: a field has one source", hint
    if "value" in instance:
        return "`on_null` has no meaning beside a constant", hint
    return "neither `column` nor `value`", hint


_TYPES = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
}


def _type_words(error: Any) -> tuple[str, str]:
    wanted = error.validator_value
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    text = " or ".join(_TYPES.get(kind, kind) for kind in kinds)
    hint = str(error.schema.get("patternErrorMessage", ""))
    if hint:
        pass
    elif "boolean" in kinds and isinstance(error.instance, str):
        hint = "qsync reads YAML 1.2: only true and false are booleans"
    elif "string" in kinds and isinstance(error.instance, (bool, int, float)):
        hint = "quote it"
    elif "array" in kinds and isinstance(error.instance, str):
        hint = f"write `[{_cut(error.instance)}]`"
    return f"must be {text}, not {_show(error.instance)}", hint


def _enum_words(error: Any) -> tuple[str, str]:
    options = [str(option) for option in error.validator_value]
    near = get_close_matches(str(error.instance), options, n=1, cutoff=0.6)
    choice = " or ".join(filter(None, [", ".join(options[:-1]), options[-1]]))
    message = f"must be {choice}, not {_show(error.instance)}"
    return message, f"did you mean `{near[0]}`?" if near else ""


def _pattern_words(error: Any) -> tuple[str, str]:
    return f"cannot be {_show(error.instance)}", str(error.schema.get("patternErrorMessage", ""))


_WORDS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "type": _type_words,
    "enum": _enum_words,
    "pattern": _pattern_words,
    "minLength": lambda _: ("is empty", "write its value"),
    "minimum": lambda error: (f"must be at least {error.validator_value}", ""),
    "maximum": lambda error: (f"must be at most {error.validator_value}", ""),
    "exclusiveMinimum": lambda error: (f"must be more than {error.validator_value}", ""),
}


def _last(path: DataPath) -> str:
    """The last key of a path, with its index when it is a list's item; the file's top has none."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"{_last(path[:-1])}[{path[-1]}]"
    return _cut(path[-1])


def _show(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text `{_cut(value)}`"
    return _cut(str(value))


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:57] + "…"
