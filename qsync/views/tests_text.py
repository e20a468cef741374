"""`qsync test` as text: a line per test, and below a failed one what differs, a line per field."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from qsync.views.diagnostics_text import render_entry
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, clean, counted, sentence, styled, write, write_whole
from qsync.views.reasons import reason_words
from qsync.views.tests_document import FAILED, PASSED, SKIPPED

_WORDS = {PASSED: ("ok", "green"), FAILED: ("FAILED", "bold red"), SKIPPED: ("skipped", "yellow")}
_INDENT = 8
_MATCH = {"lead": "email", "company": "domain"}


def render_tests(document: JsonObject, console: Console) -> None:
    """Write every test, and the closing line."""
    for test in document["tests"]:
        _test(test, console)
    if document["tests"]:
        write(console)
    write(console, styled(tests_summary(document), "bold"))


def tests_summary(document: JsonObject) -> str:
    """`Tests: 3 passed, 1 failed.`; the skipped are named when there are any."""
    parts = [f"{document[PASSED]} passed", f"{document[FAILED]} failed"]
    if document[SKIPPED]:
        parts.append(f"{document[SKIPPED]} skipped")
    return f"Tests: {', '.join(parts)}."


def _test(test: JsonObject, console: Console) -> None:
    word, style = _WORDS[test["status"]]
    name = f"{test['sync']}: {test['name']}"
    skipped = f" ({test['skipped']})" if test["skipped"] else ""
    line = Text.assemble((word.ljust(_INDENT), style), clean(name + skipped))
    write_whole(console, line)
    if test["status"] != FAILED:
        return
    _line(console, _INDENT, styled(f"{test['path']}:{test['line']}", "dim"))
    for entry in test["problems"]:
        render_entry(entry, console, indent=_INDENT)
    for difference in test["differences"]:
        match difference["kind"]:
            case "item":
                _item(difference, console)
            case "invalid":
                _invalid(difference, console)
            case _:
                _count(difference, console)


def _item(item: JsonObject, console: Console) -> None:
    name = f"{item['object']} {item['key']}"
    if not item["sent"]:
        _line(console, _INDENT, f"{name}: expected, not sent")
        sentence(console, _why(item), indent=_INDENT + 2, style="dim")
        return
    _line(console, _INDENT, name if item["expected"] else f"{name}: sent, not expected")
    width = max((len(field["field"]) for field in item["fields"]), default=0)
    for field in item["fields"]:
        label = f"{field['field']}:".ljust(width + 2)
        sent = _side(field, "sent", "nothing")
        if item["expected"]:
            expected = _side(field, "expected", "nothing")
            told = Text.assemble(
                clean(label), "expected ", (expected, "green"), ", sent ", (sent, "red")
            )
        else:
            told = Text.assemble(clean(label), (sent, "red"))
        _line(console, _INDENT + 2, told)


def _why(item: JsonObject) -> str:
    why: str = item["why"] or ""
    invalid, _, reason = why.partition("invalid, ")
    if invalid or not reason:
        return why
    code, _, field = reason.partition(":")
    return f"{why} ({reason_words(code, field or _MATCH[item['object']])})"


def _side(field: JsonObject, side: str, absent: str) -> str:
    """A value as JSON has it, so that blanks and kinds can be seen."""
    if not field[f"in_{side}"]:
        return absent
    return clean(json.dumps(field[side], ensure_ascii=False))


def _invalid(item: JsonObject, console: Console) -> None:
    reason = item["reason"] if item["field"] is None else f"{item['reason']}:{item['field']}"
    who = [f"{item['object']} {item['key']}"] if item["key"] is not None else []
    if not who and item["object"]:
        who = [item["object"]]
    if item["rows"]:
        rows = ", ".join(map(str, item["rows"]))
        who.append(f"row {rows}" if len(item["rows"]) == 1 else f"rows {rows}")
    name = ", ".join(who) or "a record"
    if item["found"]:
        words = reason_words(item["reason"], item["field"] or _MATCH[item["object"]])
        _line(console, _INDENT, f"{name}: invalid, not expected: {reason}")
        sentence(console, words, indent=_INDENT + 2, style="dim")
    else:
        _line(console, _INDENT, f"{name}: expected to be invalid, and is not: {reason}")


def _count(item: JsonObject, console: Console) -> None:
    told = f"{item['reason']}: expected {counted(item['expected'], 'invalid record')}"
    _line(console, _INDENT, f"{told}, found {item['found']}")


def _line(console: Console, indent: int, line: Part) -> None:
    """One line, never broken: a value's blanks are its own."""
    text = styled(line) if isinstance(line, str) else line
    write_whole(console, Text.assemble(" " * indent, text))
