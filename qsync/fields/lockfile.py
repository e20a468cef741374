"""`qualified_fields.yml`, the field catalog's lock file: reading and writing.

It is written by `qsync catalog pull`, committed and reviewed, so that planning needs no API key.
The text is a function of the catalog alone: fields sorted by name, options in Qualified's order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.fields.model import Field, FieldCatalog, FieldOption
from qsync.schema_check import check
from qsync.yaml_nodes import YamlDocument, read_yaml
from qsync.yaml_scalars import quote

VERSION = 1
"""The edition of the format."""

HEADER = (
    "# Qualified's field definitions, written by `qsync catalog pull`. "
    "Commit this file; do not edit it."
)
_MODELINE = "# yaml-language-server: $schema="
_OBJECTS = ("lead", "company")
_HINT = "run `qsync catalog pull`, which writes it anew"


def read_catalog(
    path: Path, name: str | None = None, *, missing: Severity = Severity.ERROR
) -> tuple[FieldCatalog | None, list[Diagnostic]]:
    """Read the lock file.

    Args:
        path: The file.
        name: How diagnostics name it; the file's own name otherwise.
        missing: How much its absence weighs: a warning to `validate`, an error to `plan`.

    Returns:
        The catalog, or None when nothing in it can be relied on: `QS401` missing, `QS402` another
        edition, `QS403` broken content, `QS404` a field that stands twice, or `QS1xx` for YAML.
    """
    shown = name if name is not None else path.name
    if not path.exists():
        message = f"there is no field catalog ({shown})"
        hint = "`qsync catalog pull` writes it; it needs an API key once"
        return None, [Diagnostic("QS401", missing, Position(shown), message, hint)]
    document, problems = read_yaml(path, shown)
    diagnostics = [problem.diagnostic(shown) for problem in problems]
    if document is None or diagnostics:
        return None, diagnostics
    if not isinstance(document.data, dict):
        message = "the field catalog is empty or no mapping"
        return None, [Diagnostic("QS403", Severity.ERROR, Position(shown), message, _HINT)]
    broken = [_recode(finding.diagnostic) for finding in check(document, "catalog")]
    broken += _twice(document)
    if broken:
        return None, broken
    fields = {kind: _fields(document.data.get(kind, ())) for kind in _OBJECTS}
    return FieldCatalog(fields["lead"], fields["company"], dict(_lines(document))), []


def write_catalog(path: Path, catalog: FieldCatalog, *, schema: str | None = None) -> None:
    """Write the lock file in one step, so that no reader sees half of it.

    Args:
        path: The file.
        catalog: What to write; ids are left out.
        schema: The path of the catalog's JSON Schema for the line that tells editors, relative to
            the file. Without one, the line the file already has is kept.
    """
    line = f"{_MODELINE}{schema}" if schema is not None else _modeline_of(path)
    text = render_catalog(catalog)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(f"{line}\n{text}" if line else text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def render_catalog(catalog: FieldCatalog) -> str:
    """The lock file's text, without the line for editors."""
    lines = [HEADER, f"version: {VERSION}"]
    for kind in _OBJECTS:
        fields = sorted(catalog.of(kind).values(), key=lambda field: field.name)
        lines.append(f"{kind}:" if fields else f"{kind}: []")
        for field in fields:
            lines += _render(field)
    return "\n".join(lines) + "\n"


def _render(field: Field) -> Iterator[str]:
    yield f"  - name: {quote(field.name)}"
    yield f"    label: {quote(field.label)}"
    yield f"    type: {quote(field.type)}"
    if field.options:
        yield "    options:"
    for option in field.options:
        yield f"      - {{value: {quote(option.value)}, label: {quote(option.label)}}}"


def _modeline_of(path: Path) -> str | None:
    try:
        first = path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].rstrip()
    except OSError:
        return None
    return first if first.startswith(_MODELINE) else None


def _recode(diagnostic: Diagnostic) -> Diagnostic:
    """A schema's diagnostic under the catalog's own codes."""
    if diagnostic.code == "QS114":
        message = "the field catalog is of another edition: " + diagnostic.message
        hint = "upgrade qsync, or run `qsync catalog pull`, which writes this edition"
        return replace(diagnostic, code="QS402", message=message, hint=hint)
    return replace(diagnostic, code="QS403", hint=diagnostic.hint or _HINT)


def _twice(document: YamlDocument) -> Iterator[Diagnostic]:
    for kind in _OBJECTS:
        seen: set[str] = set()
        entries = document.data.get(kind)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in seen:
                position = document.position_of((kind, index, "name"))
                message = f"the {kind} field `{name}` stands twice"
                yield Diagnostic("QS404", Severity.ERROR, position, message, _HINT)
            elif isinstance(name, str):
                seen.add(name)


def _fields(entries: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    fields = (
        Field(
            name=entry["name"],
            label=entry["label"],
            type=entry["type"],
            options=tuple(
                FieldOption(option["value"], option.get("label", option["value"]))
                for option in entry.get("options", ())
            ),
        )
        for entry in entries
    )
    return tuple(sorted(fields, key=lambda field: field.name))


def _lines(document: YamlDocument) -> Iterator[tuple[tuple[str, str], int]]:
    for kind in _OBJECTS:
        for index, entry in enumerate(document.data.get(kind, ())):
            yield (kind, entry["name"]), document.position_of((kind, index, "name")).line
