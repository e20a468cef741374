"""A comparison in words that its text and its Markdown share; all numbers are the document's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qsync.views.entries import JsonObject
from qsync.views.layout import be, counted, number
from qsync.views.plan_notes import Note

LONGEST = 40
"""Characters of a constant that are shown."""

_STANDINGS = {
    "added": "new",
    "removed": "removed",
    "enabled": "enabled",
    "disabled": "disabled",
    "kept": "changed",
}


class Kind(NamedTuple):
    """A kind of records: the document's name, a sign, a colour, words."""

    name: str
    symbol: str
    style: str
    words: str


KINDS = (
    Kind("newly_sent", "+", "green", "newly sent"),
    Kind("differing", "~", "yellow", "sent differently"),
    Kind("no_longer_sent", "-", "red", "no longer sent"),
    Kind("alike", "=", "dim", "sent alike"),
)
"""In the order shown."""


def summary_line(document: JsonObject) -> str:
    """The one line of fixed form. `Compared: no differences.` exactly when there are none."""
    if not document["has_differences"]:
        return "Compared: no differences."
    total = document["summary"]
    names = ("added", "removed", "changed", "alike")
    parts = ", ".join(f"{number(total[name])} {name}" for name in names)
    records = counted(total["affected"], "record")
    return f"Compared: {parts}. {records} {be(total['affected'])} affected."


def opening(document: JsonObject) -> list[Note]:
    """What a reader has to know of how it was compared."""
    notes = []
    if not document["own_manifest"]:
        notes.append(
            Note("The base has no manifest.json: this checkout's tells its models.", "yellow")
        )
    if not document["own_catalog"]:
        notes.append(
            Note("The base has no field catalog: this checkout's is taken for both.", "yellow")
        )
    return notes


def standing_words(sync: JsonObject) -> str:
    """`new`, `changed, was old_leads`."""
    words = _STANDINGS[sync["standing"]]
    return words if sync["former"] is None else f"{words}, renamed from {sync['former']}"


def sync_notes(sync: JsonObject) -> Iterator[Note]:
    """What there is to say about a sync as a whole."""
    if sync["standing"] == "removed":
        yield Note(
            "Nothing is sent for it any more; Qualified keeps what it has, and its state stays "
            "until `qsync state rm`.",
            "yellow",
        )
    if sync["standing"] == "disabled":
        yield Note("Nothing is sent for it while it is disabled.", "yellow")
    if sync["remodelled"]:
        base = sync["base_relation"] or "not in the warehouse"
        yield Note(
            f"Reads {sync['head_model']} ({sync['head_relation']}), where the base reads "
            f"{sync['base_model']} ({base}).",
            "yellow",
        )


def stream_notes(stream: JsonObject) -> Iterator[Note]:
    """What there is to say about a stream besides its counts and its fields."""
    match = stream["match_field"]
    if stream["match_moved"]:
        yield Note(
            f"The match key {match} comes from {stream['head_match']}, not from "
            f"{stream['base_match']}.",
            "bold red",
        )
    if stream["regrouped"]:
        yield Note("A record is a row on one side and a distinct domain on the other.", "bold red")
    if stream["uncounted"] is not None:
        yield Note(f"Records are not counted: {stream['uncounted']}.", "yellow")
    records = stream["records"]
    if records is None:
        return
    if records["rekeyed"]:
        rows = counted(records["rekeyed"], "row")
        yield Note(
            f"{rows} {'gets' if records['rekeyed'] == 1 else 'get'} another {match}: Qualified "
            "keeps the records under the former one.",
            "bold red",
        )
    unread = sorted(item["field"] for item in stream["fields"] if item["unread"] is not None)
    if unread:
        yield Note(
            f"Counted without {', '.join(unread)}: what the base sends there cannot be read.",
            "yellow",
        )


def word_change(word: JsonObject) -> str:
    """`20% -> 40%`; `none` where a side has no such word."""
    base, head = ("none" if word[side] is None else word[side] for side in ("base", "head"))
    return f"{base} -> {head}"


def move_words(item: JsonObject) -> str:
    """How a field's mapping moved: `remapped: column title -> column job_title`."""
    moves, base, head = item["moves"], item["base"], item["head"]
    told = []
    for move in moves:
        if move == "added":
            told.append(f"added, from {_source(head)}")
        elif move == "dropped":
            told.append(f"dropped, was {_source(base)}")
        elif move == "remapped":
            told.append(f"remapped, {_remapped(base, head)}")
        elif move == "retyped":
            told.append(f"retyped, {base['type']} -> {head['type']}")
        else:
            told.append("other options")
    return "; ".join(told) or "mapped as before"


def count_words(item: JsonObject) -> str:
    """What that does: `28 changed, 4 newly set`; empty when nothing was counted."""
    counts = item["counts"]
    if item["unread"] is not None:
        having = "" if counts is None else f"; {number(counts['sent'])} with a value now"
        return f"{item['unread']}{having}"
    if counts is None:
        return ""
    parts = (
        ("changed", "changed"),
        ("set", "newly set"),
        ("cleared", "cleared"),
        ("unsent", "no longer sent"),
    )
    told = ", ".join(f"{number(counts[name])} {words}" for name, words in parts if counts[name])
    return told or "no record differs"


def _source(mapped: JsonObject) -> str:
    told = f"column {mapped['column']}" if mapped["column"] is not None else _constant(mapped)
    return told if mapped["on_null"] == "keep" else f"{told} (on_null: {mapped['on_null']})"


def _constant(mapped: JsonObject) -> str:
    text = mapped["constant"]
    return f"the constant {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def _remapped(base: JsonObject, head: JsonObject) -> str:
    if (base["column"], base["constant"]) == (head["column"], head["constant"]):
        return f"on_null: {base['on_null']} -> {head['on_null']}"
    return f"{_source(base)} -> {_source(head)}"
