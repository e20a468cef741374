"""The plan as Markdown, for a pull request's comment or a job's summary on GitHub.

Rendered from the plan's document, like the text. First the summary line, notes and a table with a
line per stream, then a folded part per sync. It is never larger than GitHub takes: what does not
fit is left out whole, the syncs that would change nothing first, and the last line says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qsync.views.cost_text import cost_sentence
from qsync.views.entries import JsonObject
from qsync.views.layout import counted, number
from qsync.views.markdown import Sheet, code, html_code, prose, row, table
from qsync.views.plan_causes import cause_pieces, moved_notes
from qsync.views.plan_counts import hidden_counts, shown_counts
from qsync.views.plan_notes import Note, gate_notes, plan_notes, stream_notes
from qsync.views.plan_text import has_differences, summary_line
from qsync.views.reasons import reason_cure, reason_words

MARKER = "<!-- qsync plan -->"
"""The first line: by it a later run finds the comment to replace."""

LIMIT = 60_000
"""Bytes. A comment on GitHub may have 65,536 characters."""

ROWS_SHOWN = 50
"""Fields, reasons or notes of one stream."""

_COLUMNS = ("added", "changed", "cleared", "removed", "unchanged", "invalid", "resting")
_HEADER = ("sync", "object", *_COLUMNS, "to send")
_END_KEEP = 400
"""Bytes kept for the last line."""


def markdown_plan(document: JsonObject, limit: int = LIMIT) -> str:
    """The plan as Markdown of at most `limit` bytes: some thousands, or there is little in it."""
    sheet = Sheet(limit)
    sheet.add(_head(document))
    notes = [f"- {_bullet(note)}\n" for note in plan_notes(document)]
    if notes:
        sheet.add("\n")
    notes_left = sheet.add_all(notes, limit * 3 // 4)
    streams = [(sync, stream) for sync in document["syncs"] for stream in sync["streams"]]
    if streams:
        sheet.add("\n" + table(_HEADER, (), range(2, len(_HEADER))) + "\n")
    rows = (row(_cells(sync, stream)) + "\n" for sync, stream in streams)
    rows_left = sheet.add_all(rows, limit // 2)
    syncs_left = _add_syncs(sheet, document["syncs"])
    sheet.add(_ending(document, notes_left, rows_left, syncs_left))
    return sheet.text()


def no_plan(problems: Sequence[str]) -> str:
    """That there is no plan, and why, one sentence each; the marker is there all the same."""
    sheet = Sheet(LIMIT)
    sheet.add(f"{MARKER}\n### qsync plan\n\n**No plan:** the project has errors.\n\n")
    left = sheet.add_all((f"- {prose(problem)}\n" for problem in problems), _END_KEEP)
    if left:
        sheet.add(f"\n{counted(left, 'more problem')}: `qsync validate` shows them all.\n")
    return sheet.text()


def _head(document: JsonObject) -> str:
    lines = [
        MARKER,
        f"### qsync plan: {code(document['target'])} to {code(document['destination'])}",
        "",
        f"**{summary_line(document)}**",
        "",
    ]
    if document["cost"] is not None:
        lines += [prose(" ".join(cost_sentence(document["cost"]))), ""]
    return "\n".join(lines)


def _bullet(note: Note) -> str:
    grave = note.style.endswith("red") and note.style.startswith("bold")
    return f"**{prose(note.text)}**" if grave else prose(note.text)


def _cells(sync: JsonObject, stream: JsonObject) -> list[str]:
    hidden = hidden_counts(stream)
    counts = ("?" if name in hidden else number(stream["counts"][name]) for name in _COLUMNS)
    sends = "stopped" if sync["stopped"] else number(stream["to_send"])
    return [code(sync["name"]), stream["object"], *counts, sends]


def _add_syncs(sheet: Sheet, syncs: Sequence[JsonObject]) -> int:
    """Every sync's part that fits, in the plan's order; how many did not."""
    wanted = sorted(range(len(syncs)), key=lambda place: _rank(syncs[place]))
    budget, chosen = Sheet(sheet.left - _END_KEEP), {}
    for place in wanted:
        text = _details(syncs[place])
        if budget.add(text):
            chosen[place] = text
    for place in sorted(chosen):
        sheet.add(chosen[place])
    return len(syncs) - len(chosen)


def _rank(sync: JsonObject) -> int:
    """Stopped ones first, then those that change something."""
    if sync["stopped"]:
        return 0
    moves = any(stream["planned"] or stream["counts"]["removed"] for stream in sync["streams"])
    return 1 if moves else 2


def _details(sync: JsonObject) -> str:
    """One sync, folded unless it is stopped."""
    objects = " + ".join(sync["objects"])
    opened = " open" if sync["stopped"] else ""
    title = f"{html_code(sync['name'])} ({objects}) from {html_code(sync['model'])}"
    parts = [f"\n<details{opened}><summary>{title}</summary>\n"]
    if sync["blocked"] is not None:
        parts.append(f"**{prose('Blocked: ' + sync['blocked'])}**\n")
    parts += [f"{_bullet(note)}\n" for note in gate_notes(sync)]
    for stream in sync["streams"]:
        if len(sync["streams"]) > 1:
            kind = "one record per domain" if stream["grouped"] else "one record per row"
            parts.append(f"**{stream['object']}**, {kind}\n")
        parts += _stream(stream)
    return "\n".join([*parts, "</details>\n"])


def _stream(stream: JsonObject) -> Iterator[str]:
    counts = [prose(f"{number(shown.records)} {shown.kind.name}") for shown in shown_counts(stream)]
    yield (", ".join(counts) or "no rows") + "\n"
    causes = cause_pieces(stream)
    if causes:
        yield prose(" ".join(causes)) + "\n"
    notes = [*moved_notes(stream), *stream_notes(stream)][:ROWS_SHOWN]
    if notes:
        yield "\n".join(f"- {_bullet(note)}" for note in notes) + "\n"
    if stream["invalid"]:
        yield _capped(("rows", "invalid, never sent", "what to do"), _invalid(stream), (0,))
    if stream["fields"]:
        heading = "fields that differ" if has_differences(stream) else "fields with a value"
        columns = (heading, "changed", "newly set", "cleared")
        yield _capped(columns, _fields(stream), (1, 2, 3))


def _invalid(stream: JsonObject) -> list[list[str]]:
    return [
        [
            number(entry["rows"]),
            prose(reason_words(entry["code"], entry["field"])),
            prose(reason_cure(entry["code"])),
        ]
        for entry in stream["invalid"]
    ]


def _fields(stream: JsonObject) -> list[list[str]]:
    names = ("changed", "set", "cleared")
    return [
        [code(entry["field"]), *(number(entry[name]) for name in names)]
        for entry in stream["fields"]
    ]


def _capped(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    text = table(header, rows[:ROWS_SHOWN], right) + "\n"
    if len(rows) > ROWS_SHOWN:
        text += "\nAnd more: `qsync plan --verbose` shows them all.\n"
    return text


def _ending(document: JsonObject, notes: int, rows: int, syncs: int) -> str:
    total = counted(len(document["syncs"]), "sync")
    parts = []
    if notes:
        parts.append(counted(notes, "note"))
    if rows:
        parts.append(f"{counted(rows, 'line')} of the table")
    if syncs:
        parts.append(f"the details of {number(syncs)} of {total}")
    if not parts:
        return ""
    return (
        f"\nLeft out here, because a comment has a limit: {', '.join(parts)}. "
        "`qsync plan --verbose` shows them all.\n"
    )
