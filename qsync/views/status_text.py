"""`qsync status` and `qsync state ls`: how every sync stands, as documents and as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from rich.console import Console

from qsync.execution.ports import RejectSummary, StateSummary
from qsync.ledger.record import RunRecord, timestamp_text
from qsync.planning.plan import OrphanState
from qsync.views.entries import JsonObject, ago_words, orphan_entry
from qsync.views.layout import Part, columns, counted, number, sentence, styled, write
from qsync.views.plan_notes import orphan_note
from qsync.views.run_document import run_entry
from qsync.views.run_text import STATUS_STYLES, render_rejects, status_words

_LEFT = (
    ("unknown", "unknown"),
    ("invalid_late", "invalid late"),
    ("unsent", "unsent"),
    ("resting", "resting"),
)
"""What has no column of its own and is told when there is some."""

_NUMBERS = ("planned", "succeeded", "rejected", "invalid")


def status_document(
    records: Sequence[RunRecord],
    *,
    now: datetime,
    rejects: Sequence[RejectSummary] = (),
    orphans: Sequence[OrphanState] = (),
    declared: Sequence[str] = (),
) -> JsonObject:
    """How every sync and object stands.

    Args:
        records: Ledger records in any order; the newest of each sync and object is shown.
        now: The moment that "3 h ago" is counted from, with a zone.
        rejects: What Qualified rejected, by reason.
        orphans: State nobody declares any more.
        declared: Names of the enabled syncs; those without a record were never applied.
    """
    latest: dict[tuple[str, str], RunRecord] = {}
    for record in sorted(records, key=lambda item: (item.started_at, item.run_id)):
        latest[record.sync, record.object] = record
    began = {
        run_id: min(item.started_at for item in latest.values() if item.run_id == run_id)
        for run_id in {item.run_id for item in latest.values()}
    }
    # Within a run by name: which stream took how long is no order.
    by_name = sorted(latest.values(), key=lambda item: (item.sync, item.object))
    newest_first = sorted(by_name, key=lambda item: (began[item.run_id], item.run_id), reverse=True)
    return {
        "format": 1,
        "now": timestamp_text(now.astimezone(UTC)),
        "runs": [
            {**run_entry(record), "ago": ago_words(record.started_at, now)}
            for record in newest_first
        ],
        "rejects": [
            {
                "sync": item.sync,
                "object": item.object,
                "reason": item.reason,
                "rows": item.rows,
                "resting": item.resting,
            }
            for item in rejects
        ],
        "orphans": [orphan_entry(orphan) for orphan in orphans],
        "never_applied": [name for name in declared if name not in {sync for sync, _ in latest}],
    }


def render_status(document: JsonObject, console: Console) -> None:
    """Write the last run of each sync and object, grouped by run, newest first."""
    if not document["runs"]:
        write(console, "No run is recorded yet. `qsync plan` shows what a first one would do.")
    elif document["never_applied"]:
        names = ", ".join(document["never_applied"])
        sentence(console, f"Never applied: {names}.", indent=0, style="yellow")
        write(console)
    for place, (run_id, group) in enumerate(
        groupby(document["runs"], key=lambda entry: entry["run_id"])
    ):
        entries = list(group)
        if place:
            write(console)
        started = entries[0]["started_at"][:16]
        sentence(
            console,
            f"{started} UTC, {entries[0]['ago']} (run {run_id}, target {entries[0]['target']})",
            indent=0,
            style="bold",
        )
        header: list[Part] = ["sync", "object", "status", *_NUMBERS]
        rows = [header, *(_row(entry) for entry in entries)]
        columns(console, rows, right=(3, 4, 5, 6), header=True)
        for entry in entries:
            left = [
                f"{number(entry['counts'][name])} {word}"
                for name, word in _LEFT
                if entry["counts"][name]
            ]
            if left:
                text = f"{entry['sync']} ({entry['object']}): {', '.join(left)}"
                sentence(console, text, style="yellow")
            if entry["error"] is not None:
                text = f"{entry['sync']} ({entry['object']}): {entry['error']['message']}"
                sentence(console, text, style="red")
    render_rejects(
        [
            (f"{item['sync']} ({item['object']})", item["reason"], item["rows"], item["resting"])
            for item in document["rejects"]
        ],
        console,
    )
    if document["orphans"]:
        write(console)
    for orphan in document["orphans"]:
        note = orphan_note(orphan)
        sentence(console, note.text, indent=0, style=note.style)


def state_document(states: Sequence[StateSummary]) -> JsonObject:
    """Every stream's state, as `qsync state ls` lists it."""
    return {
        "format": 1,
        "streams": len(states),
        "states": [
            {
                "stream_id": item.stream_id,
                "destination": item.destination,
                "project": item.project,
                "sync": item.sync,
                "object": item.object,
                "rows": item.rows,
                "removed": item.removed,
                "updated_at": item.updated_at,
            }
            for item in sorted(
                states, key=lambda item: (item.destination, item.project, item.sync, item.object)
            )
        ],
    }


def render_state(document: JsonObject, console: Console) -> None:
    """Write the table of states, by destination and project."""
    if not document["states"]:
        write(console, "No state: nothing has been sent yet.")
    groups = groupby(document["states"], key=lambda entry: (entry["destination"], entry["project"]))
    for place, ((destination, project), group) in enumerate(groups):
        if place:
            write(console)
        sentence(console, f"{destination}, project {project}", indent=0, style="bold")
        rows: list[list[Part]] = [["sync", "object", "rows", "removed", "updated (UTC)"]]
        for entry in group:
            counts = [number(entry["rows"]), number(entry["removed"])]
            rows.append([entry["sync"], entry["object"], *counts, entry["updated_at"]])
        columns(console, rows, right=(2, 3), header=True)
    if document["states"]:
        write(console)
        write(console, counted(document["streams"], "stream") + ".")


def _row(entry: JsonObject) -> list[Part]:
    status = entry["status"]
    return [
        entry["sync"],
        styled(entry["object"], "cyan"),
        styled(status_words(status), STATUS_STYLES.get(status, "")),
        *(number(entry["counts"][name]) for name in _NUMBERS),
    ]
