"""A record's story for a person, from its document (`why_document`)."""

from __future__ import annotations

from rich.console import Console

from qsync.views.entries import JsonObject
from qsync.views.layout import Part, columns, number, sentence, styled, write
from qsync.views.samples_text import shortened
from qsync.views.why_document import ENDINGS

_STYLES = {
    "in_sync": "green",
    "invalid": "red",
    "resting": "red",
    "rejected": "red",
    "problem": "bold red",
    "suppressed": "yellow",
    "removed": "yellow",
    "disabled": "yellow",
}

_NOW = {
    "changed": "differs from what was confirmed",
    "set": "set for the first time",
    "cleared": "null: is cleared",
    "as_acknowledged": "as confirmed",
    "null_kept": "null: left as it is",
    "left_out": "rows disagree: left out",
}


def render_why(document: JsonObject, console: Console) -> None:
    """Write the story of each stream."""
    name = document["object"]
    if document["key"] is not None:
        write(console, styled(f"{name} {shortened(document['key'])}", "bold"))
    if not document["streams"]:
        sentence(console, f"No sync sends a {name}.", indent=0)
    for place, stream in enumerate(document["streams"]):
        if place or document["key"] is not None:
            write(console)
        _stream(stream, name, console)


def _stream(stream: JsonObject, name: str, console: Console) -> None:
    title = f"{stream['sync']} ({name}), {stream['path']}:{stream['line']}, {stream['model']}"
    write(console, styled(title, "bold"))
    sentence(console, stream["explanation"], style=_STYLES.get(stream["verdict"], ""))
    for note in stream["notes"]:
        sentence(console, note)
    if stream["cure"]:
        sentence(console, f"→ {stream['cure']}")
    _fields(stream, console)
    if not stream["runs"]:
        return
    write(console)
    sentence(console, "Runs that were to send it, newest first:")
    for run in stream["runs"]:
        _run(run, console)


def _fields(stream: JsonObject, console: Console) -> None:
    told = [item for item in stream["fields"] if item["now"] is not None or "value" in item]
    if not told:
        return
    with_values = any("value" in item for item in told)
    titles: list[Part] = ["field", "column", "line", "now"]
    if with_values:
        titles += ["in the model", "confirmed"]
    rows: list[list[Part]] = [titles]
    for item in told:
        row: list[Part] = [
            item["name"],
            item["column"] or "(constant)",
            str(item["line"]),
            _NOW.get(item["now"] or "", ""),
        ]
        if with_values:
            row += [_value(item.get("value")), _value(item.get("acknowledged"))]
        rows.append(row)
    write(console)
    columns(console, rows, indent=4, header=True, right=(2,))


def _value(value: str | None) -> str:
    return "null" if value is None else shortened(value)


def _run(run: JsonObject, console: Console) -> None:
    style = "green" if run["result"] == "succeeded" else "red"
    told = f"{run['run_id']}, {run['at']} UTC: {ENDINGS[run['result']]}"
    sentence(console, told, indent=4, style=style)
    told = f"{run['op']}, record {number(run['record'])} of {number(run['records'])}"
    if run["job"] is not None:
        chunk = run["chunk"]
        told += f", job {run['job']} (records {number(chunk['first'])} to {number(chunk['last'])})"
    sentence(console, told, indent=6)
    if run["fields"]:
        sentence(console, f"fields: {', '.join(run['fields'])}", indent=6)
    if run["reason"] is not None:
        about = f" ({run['reason_field']})" if run["reason_field"] else ""
        sentence(console, f"{run['reason']}{about}", indent=6)
