"""The counts of a stream as a plan shows them: each with its symbol, its colour and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qsync.views.entries import JsonObject


class Count(NamedTuple):
    """A kind of records.

    Attributes:
        name: In the document's `counts`, and the word beside the symbol.
        symbol: One sign.
        style: Its colour on a terminal.
        meaning: For the legend.
    """

    name: str
    symbol: str
    style: str
    meaning: str


class Shown(NamedTuple):
    """A number that a stream has to show, and what it counts."""

    kind: Count
    records: int


COUNTS: tuple[Count, ...] = (
    Count("added", "+", "green", "never sent"),
    Count("changed", "~", "yellow", "differs from what was sent"),
    Count("cleared", "_", "red", "a field of it is emptied"),
    Count("removed", "-", "red", "left the model"),
    Count("unchanged", "=", "dim", "nothing to send"),
    Count("invalid", "!", "magenta", "cannot be sent"),
    Count("resting", "z", "dim", "rejected as it is"),
    Count("deferred", ">", "dim", "for a later run"),
    Count("suppressed", "x", "dim", "forgotten on request"),
)
"""In the order shown. Those `cleared` are among the changed and removed ones."""

IN_MODEL = Count("in the model", "?", "yellow", "new or not: unknown")
RECORDED = Count("recorded", "*", "yellow", "put down as synced, not sent")

_UNKNOWN = {"added", "changed", "cleared", "removed", "unchanged", "resting"}
_NOT_SENT = {"added", "changed", "cleared"}


def hidden_counts(stream: JsonObject) -> set[str]:
    """Counts that would mislead: of a stream whose baseline is unknown or only put down."""
    if stream["baseline_unknown"]:
        return _UNKNOWN
    return _NOT_SENT if stream["baseline"] else set()


def shown_counts(stream: JsonObject) -> list[Shown]:
    """Every number of a stream worth a place in its line."""
    counts, hidden = stream["counts"], hidden_counts(stream)
    found = [
        Shown(count, counts[count.name])
        for count in COUNTS
        if counts[count.name] and count.name not in hidden
    ]
    if stream["baseline_unknown"]:
        return [Shown(IN_MODEL, counts["in_model"]), *found]
    return [Shown(RECORDED, stream["recorded"]), *found] if stream["baseline"] else found


def legend(document: JsonObject) -> Iterator[Count]:
    """The counts that a plan shows anywhere, in order."""
    streams = (stream for sync in document["syncs"] for stream in sync["streams"])
    used = {shown.kind for stream in streams for shown in shown_counts(stream)}
    return (count for count in (*COUNTS, IN_MODEL, RECORDED) if count in used)
