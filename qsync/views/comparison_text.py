"""A comparison for a person, rendered from its document; it stands before the plan.

The last line has a fixed form and is never broken; every other keeps within 80 columns:

    Compared: 1 added, 0 removed, 2 changed, 5 alike. 1,204 records are affected.
    Compared: no differences.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from qsync.views.comparison_words import (
    KINDS,
    count_words,
    move_words,
    opening,
    standing_words,
    stream_notes,
    summary_line,
    sync_notes,
    word_change,
)
from qsync.views.entries import JsonObject
from qsync.views.layout import (
    Part,
    columns,
    flow,
    number,
    sentence,
    styled,
    write,
    write_whole,
)
from qsync.views.reasons import reason_words

FIELDS_SHOWN = 16
"""Fields of a stream before `--verbose` is asked for."""


def render_comparison(document: JsonObject, console: Console, verbose: bool = False) -> None:
    """Write the comparison.

    Args:
        document: What `comparison_document` made.
        console: Where to.
        verbose: Every field.
    """
    sentence(
        console,
        f"Compared with {document['base']}, on the rows of target {document['target']}: what this "
        "checkout alone changes in what is sent. What Qualified has is the plan's matter, below.",
        indent=0,
    )
    for text, style in opening(document):
        sentence(console, text, indent=0, style=style)
    if document["settings"]:
        write(console)
        write(console, styled("qsync.yml", "bold"))
        _words(document["settings"], console, 2)
    for sync in document["syncs"]:
        write(console)
        _sync(sync, console, verbose)
    write(console)
    write_whole(console, styled(summary_line(document), "bold"))


def _sync(sync: JsonObject, console: Console, verbose: bool) -> None:
    header: list[Part] = [styled(sync["name"], "bold")]
    if sync["objects"]:
        header.append(styled(" + ".join(sync["objects"]), "cyan"))
    flow(console, [*header, styled(standing_words(sync), "yellow")], indent=0)
    write(console, styled(f"  {sync['path']}:{sync['line']}", "dim"))
    for text, style in sync_notes(sync):
        sentence(console, text, style=style)
    if sync["policy"]:
        write(console, "  policy:")
        _words(sync["policy"], console, 4)
    if not any(stream["differs"] for stream in sync["streams"]):
        write(console, styled("  every record is sent as before", "dim"))
        return
    many = len(sync["streams"]) > 1
    for stream in sync["streams"]:
        if many:
            alike = Text() if stream["differs"] else Text(": as before", style="dim")
            write(console, Text.assemble("  ", (stream["object"], "cyan"), alike))
        if stream["differs"]:
            _stream(stream, console, 4 if many else 2)
            if verbose or sync["standing"] not in {"removed", "disabled"}:
                # Of a sync that is gone every field is.
                _fields(stream, console, 4 if many else 2, verbose)


def _words(words: list[JsonObject], console: Console, indent: int) -> None:
    rows = [[f"{word['name']}:", word_change(word)] for word in words]
    columns(console, rows, indent=indent)


def _stream(stream: JsonObject, console: Console, indent: int) -> None:
    records = stream["records"]
    if records is not None:
        shown: list[Part] = [
            styled(f"{kind.symbol} {number(records[kind.name])} {kind.words}", kind.style)
            for kind in KINDS
            if records[kind.name]
        ]
        flow(console, shown or [styled("no record on either side", "dim")], indent)
    for text, style in stream_notes(stream):
        sentence(console, text, indent, style)
    if records is not None:
        _reasons("become invalid, never sent:", records["invalid"], console, indent)
        _reasons("become valid, and were:", records["valid"], console, indent)


def _reasons(heading: str, entries: list[JsonObject], console: Console, indent: int) -> None:
    if not entries:
        return
    write(console, " " * indent + heading)
    rows: list[list[Part]] = [
        [styled(number(entry["rows"]), "magenta"), reason_words(entry["code"], entry["field"])]
        for entry in entries
    ]
    columns(console, rows, indent=indent + 2, right=(0,))


def _fields(stream: JsonObject, console: Console, indent: int, verbose: bool) -> None:
    fields = stream["fields"] if verbose else stream["fields"][:FIELDS_SHOWN]
    if not fields:
        return
    write(console, " " * indent + "fields:")
    rows = [[f"{item['field']}:", _told(item)] for item in fields]
    columns(console, rows, indent=indent + 2)
    if len(fields) < len(stream["fields"]):
        write(console, styled(" " * (indent + 2) + "and more: --verbose shows them all", "dim"))


def _told(item: JsonObject) -> str:
    return ": ".join(part for part in (move_words(item), count_words(item)) if part)
