"""Diagnostics as a compiler writes them: `file:line:column: error QS123: message`, and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from qsync.diagnostics import Diagnostic, Related, Severity
from qsync.views.entries import JsonObject
from qsync.views.layout import broken, counted, sentence, styled, write

_STYLES = {Severity.ERROR.value: "bold red", Severity.WARNING.value: "bold yellow"}


def diagnostics_document(diagnostics: Sequence[Diagnostic]) -> JsonObject:
    """All of them, by file and place, with their sums."""
    ordered = sorted(diagnostics, key=Diagnostic.sort_key)
    severities = [item.severity for item in ordered]
    return {
        "format": 1,
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
        "files": len({item.position.path for item in ordered}),
        "diagnostics": [
            {
                "code": item.code,
                "severity": item.severity.value,
                "path": item.position.path,
                "line": item.position.line,
                "column": item.position.column,
                "message": item.message,
                "hint": item.hint,
                "sync": item.sync,
                "source": item.source or None,
                "related": [_related(place) for place in item.related],
                "example": item.example or None,
            }
            for item in ordered
        ],
    }


def _related(place: Related) -> JsonObject:
    return {
        "path": place.position.path,
        "line": place.position.line,
        "column": place.position.column,
        "message": place.message,
        "source": place.source or None,
    }


def render_diagnostics(diagnostics: Sequence[Diagnostic], console: Console) -> None:
    """Write all of them, grouped by file, and how many there are. Nothing when there are none."""
    document = diagnostics_document(diagnostics)
    for _, group in groupby(document["diagnostics"], key=lambda entry: entry["path"]):
        for entry in group:
            render_entry(entry, console)
        write(console)
    if document["diagnostics"]:
        write(console, styled(diagnostics_summary(document), "bold"))


def diagnostics_summary(document: JsonObject) -> str:
    """`3 errors, 1 warning in 2 files`."""
    parts = [
        counted(document[name], word)
        for name, word in (("errors", "error"), ("warnings", "warning"))
        if document[name]
    ]
    return f"{', '.join(parts) or 'no problem'} in {counted(document['files'], 'file')}"


def render_entry(entry: JsonObject, console: Console, indent: int = 0) -> None:
    """Write one diagnostic and its cure."""
    place = f"{entry['path']}:{entry['line']}:{entry['column']}:"
    kind = f"{entry['severity']} {entry['code']}:"
    lines = broken(f"{place} {kind} {entry['message']}", console, indent, hang=4)
    for text in lines:
        line = Text(text)
        line.highlight_regex(rf"{entry['severity']} {entry['code']}", _STYLES[entry["severity"]])
        write(console, line)
    _source(entry, console, indent)
    for place in entry["related"]:
        where = f"{place['path']}:{place['line']}:{place['column']}: {place['message']}"
        sentence(console, where, indent=indent + 4)
        _source(place, console, indent)
    if entry["hint"]:
        sentence(console, entry["hint"], indent=indent + 4, style="dim")
    for code in (entry["example"] or "").splitlines():
        write(console, styled(f"{' ' * indent}        {code}", "cyan"))


def _source(place: JsonObject, console: Console, indent: int) -> None:
    """The line that stands at a place, with its number."""
    if place["source"]:
        text = f"{place['line']} | {place['source']}"
        sentence(console, text, indent=indent + 6, style="cyan")
