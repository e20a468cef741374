"""`qsync rejects`: what Qualified rejected, by reason, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console

from qsync.fields.model import FieldCatalog
from qsync.planning.rejected import LEFT_IN_BATCH, Advice, RejectGroup, advise
from qsync.project.model import Sync
from qsync.views.entries import JsonObject
from qsync.views.layout import counted, number, sentence, styled, write

REJECTS_FORMAT = 1
"""Of the document, `schemas/rejects.schema.json`."""

_ONCE_MORE = (
    "A record goes once more with the next run. Rejected twice for the same reason it rests: it is "
    "sent again when its row, the mapping or the field catalog changes, or by `qsync retry`."
)


def rejects_document(
    groups: Sequence[RejectGroup],
    *,
    syncs: Mapping[str, Sync],
    catalog: FieldCatalog | None,
    most: int,
) -> JsonObject:
    """The groups as `schemas/rejects.schema.json` describes them, most records first per stream.

    Args:
        groups: As read, most records first.
        syncs: The declared syncs by name.
        catalog: The field catalog, if there is one.
        most: Groups that are told; of more only that there are.
    """
    told = groups[:most]
    return {
        "format": REJECTS_FORMAT,
        "records": sum(group.records for group in told),
        "resting": sum(group.resting for group in told),
        "more": len(groups) > most,
        "groups": [_entry(group, advise(group, syncs, catalog)) for group in told],
    }


def _entry(group: RejectGroup, advice: Advice) -> JsonObject:
    place = advice.place
    return {
        "sync": group.sync,
        "object": group.object,
        "field": group.field,
        "column": advice.column,
        "reason": group.reason,
        "records": group.records,
        "resting": group.resting,
        "attempts": group.attempts,
        "first_at": group.first_at,
        "last_at": group.last_at,
        "path": None if place is None else place.path,
        "line": None if place is None else place.line,
        "advice": advice.text,
    }


def render_rejects_document(document: JsonObject, console: Console) -> None:
    """Write the groups by stream, each with its times, its place and its cure."""
    if not document["groups"]:
        write(console, "Nothing is rejected.")
        return
    # Stable: within a stream the order stays, and streams come as their largest groups do.
    streams = list(dict.fromkeys((item["sync"], item["object"]) for item in document["groups"]))
    ordered = sorted(
        document["groups"], key=lambda item: streams.index((item["sync"], item["object"]))
    )
    for place, (stream, found) in enumerate(
        groupby(ordered, key=lambda item: (item["sync"], item["object"]))
    ):
        entries = list(found)
        if place:
            write(console)
        records = sum(item["records"] for item in entries)
        sentence(console, f"{stream[0]} ({stream[1]}): {number(records)} rejected", 0, style="bold")
        for entry in entries:
            _group(entry, console)
    if document["more"]:
        write(console)
        write(console, f"And more reasons; these are the {number(len(ordered))} largest.")
    write(console)
    sentence(console, _ONCE_MORE, indent=0)


def _group(entry: JsonObject, console: Console) -> None:
    reason = "refused with others" if entry["reason"] == LEFT_IN_BATCH else entry["reason"]
    resting = entry["resting"]
    rest = f", {number(resting)} resting" if resting else ""
    sentence(console, f"{number(entry['records'])}{rest}: {reason}", style="magenta")
    tried = "not sent alone yet"
    if entry["attempts"]:
        tried = f"{counted(entry['attempts'], 'attempt')} in a row"
    times = f"first {entry['first_at'][:16]}, last {entry['last_at'][:16]} UTC; {tried}"
    write(console, styled(f"    {times}", "dim"))
    if entry["line"] is not None:
        column = f"column {entry['column']}, " if entry["column"] else ""
        sentence(console, f"{column}{entry['path']}:{entry['line']}", indent=4, style="cyan")
    sentence(console, entry["advice"], indent=4)
