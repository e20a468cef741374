"""A comparison as Markdown, for a pull request's comment or a job's summary on GitHub.

Like the plan's: what does not fit is left out whole, and the last line says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from qsync.views.layout import counted, number
from qsync.views.markdown import Sheet, code, html_code, prose, row, table
from qsync.views.plan_markdown import LIMIT, ROWS_SHOWN, markdown_plan
from qsync.views.plan_notes import Note
from qsync.views.reasons import reason_words

MARKER = "<!-- qsync compare -->"
"""The first line."""

BESIDE_A_PLAN = LIMIT // 2
"""Bytes at most, when the plan follows in the same comment."""

_HEADER = ("sync", "object", *(kind.words for kind in KINDS))
_END_KEEP = 400
"""Bytes kept for the last line."""


def markdown_comparison(document: JsonObject, limit: int = LIMIT) -> str:
    """The comparison as Markdown of at most `limit` bytes: some thousands, or little is in it."""
    sheet = Sheet(limit)
    base, target = code(document["base"]), code(document["target"])
    sheet.add(
        f"{MARKER}\n### What this pull request alone changes\n\n**{summary_line(document)}** "
        f"Compared with {base}, on the rows of {target}.\n"
    )
    notes = [f"- {prose(note.text)}\n" for note in opening(document)]
    sheet.add("".join(["\n", *notes]) if notes else "")
    left = []
    if document["settings"]:
        settings = f"\n{_words('qsync.yml', document['settings'])}"
        left += [] if sheet.add(settings, limit // 2) else ["what differs in `qsync.yml`"]
    streams = [(sync, stream) for sync in document["syncs"] for stream in sync["streams"]]
    if streams:
        sheet.add("\n" + table(_HEADER, (), range(2, len(_HEADER))) + "\n")
    rows = sheet.add_all((row(_cells(*pair)) + "\n" for pair in streams), limit // 3)
    left += [f"{counted(rows, 'line')} of the table"] if rows else []
    syncs = sheet.add_all((_details(sync) for sync in document["syncs"]), _END_KEEP)
    left += [f"the details of {counted(syncs, 'sync')}"] if syncs else []
    if left:
        sheet.add(
            f"\nLeft out here, because a comment has a limit: {', '.join(left)}. "
            "`qsync plan --compare-to` shows them all.\n"
        )
    return sheet.text()


def markdown_both(comparison: JsonObject, plan: JsonObject) -> str:
    """A comparison and then its plan, together of at most the bytes of one."""
    first = markdown_comparison(comparison, BESIDE_A_PLAN) + "\n"
    return first + markdown_plan(plan, LIMIT - len(first.encode()))


def _cells(sync: JsonObject, stream: JsonObject) -> list[str]:
    records = stream["records"]
    if records is not None:
        counts = [number(records[kind.name]) for kind in KINDS]
    else:
        # Nothing differs, or nobody could count.
        counts = ["?" if stream["differs"] else "as before", *[""] * (len(KINDS) - 1)]
    return [code(sync["name"]), stream["object"], *counts]


def _details(sync: JsonObject) -> str:
    objects = " + ".join(sync["objects"])
    title = f"{html_code(sync['name'])} ({objects}) {_standing(sync)}"
    parts = [f"\n<details><summary>{title}</summary>\n", _at(sync)]
    parts += _notes(list(sync_notes(sync)))
    if sync["policy"]:
        parts.append(_words("policy", sync["policy"]))
    if not any(stream["differs"] for stream in sync["streams"]):
        parts.append("Every record is sent as before.\n")
    for stream in sync["streams"]:
        if len(sync["streams"]) > 1:
            alike = "" if stream["differs"] else ", as before"
            parts.append(f"**{stream['object']}**{alike}\n")
        if stream["differs"]:
            parts += _stream(stream)
    return "\n".join([*parts, "</details>\n"])


def _standing(sync: JsonObject) -> str:
    if sync["former"] is None:
        return standing_words(sync)
    words = standing_words({**sync, "former": None})
    return f"{words}, renamed from {html_code(sync['former'])}"


def _at(sync: JsonObject) -> str:
    return f"{code(sync['path'])}, line {sync['line']}\n"


def _stream(stream: JsonObject) -> Iterator[str]:
    yield from _notes(list(stream_notes(stream)))
    records = stream["records"]
    if records is not None:
        for heading, name in (("become invalid, never sent", "invalid"), ("become valid", "valid")):
            if records[name]:
                cells = [
                    [number(entry["rows"]), prose(reason_words(entry["code"], entry["field"]))]
                    for entry in records[name]
                ]
                yield _capped(("records", heading), cells, (0,))
    if stream["fields"]:
        cells = [
            [code(item["field"]), prose(move_words(item)), prose(count_words(item))]
            for item in stream["fields"]
        ]
        yield _capped(("field", "mapping", "records"), cells, ())


def _notes(notes: Sequence[Note]) -> list[str]:
    lines = [f"- {_bullet(note)}" for note in notes]
    return ["\n".join(lines) + "\n"] if lines else []


def _bullet(note: Note) -> str:
    return f"**{prose(note.text)}**" if note.style == "bold red" else prose(note.text)


def _words(heading: str, words: Sequence[JsonObject]) -> str:
    cells = [[code(word["name"]), prose(word_change(word))] for word in words]
    return _capped((heading, "base -> head"), cells, ())


def _capped(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    text = table(header, rows[:ROWS_SHOWN], right) + "\n"
    if len(rows) > ROWS_SHOWN:
        text += "\nAnd more: `qsync plan --compare-to` with `--verbose` shows them all.\n"
    return text
