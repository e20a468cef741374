"""What a plan has to say in sentences, each with its style; all numbers come from the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qsync.views.entries import JsonObject
from qsync.views.layout import be, counted, number


class Note(NamedTuple):
    """A sentence and its style."""

    text: str
    style: str = ""


_GUARD_WORDS = {
    "max_added_rows": "would be added",
    "max_changed": "would change",
    "max_removed": "would count as removed",
    "max_cleared": "would have a field cleared",
    "max_invalid": "are invalid",
}

NULL_NOTE = (
    "Experimental: a field is cleared by sending null, and what Qualified does with null is "
    "undocumented. Try it on a few rows first (--limit). Fields: "
)


def stream_notes(stream: JsonObject, verbose: bool = False) -> list[Note]:
    """What there is to say about one stream, the gravest first."""
    return [
        *guard_notes(stream),
        *_modes(stream),
        *_again(stream),
        *_removed(stream),
        *_stranded(stream),
        *_oddities(stream),
        *(_details(stream) if verbose else ()),
    ]


def plan_notes(document: JsonObject) -> list[Note]:
    """What there is to say about the whole plan."""
    return [*_cleared(document), *_orphans(document), *_stopped(document), *_target(document)]


def gate_notes(sync: JsonObject) -> list[Note]:
    """What the model's tests say; nothing where that is why the sync is blocked, which is said."""
    gate = sync["gate"]
    if gate is None or sync["blocked"] == gate["reason"]:
        return []
    closed = gate["verdict"] in {"failed", "unknown"}
    return [Note(f"Tests: {gate['message']}.", "bold red" if closed else "dim")]


def orphan_note(orphan: JsonObject) -> Note:
    """State of a sync that is no longer declared, and what to do about it."""
    name = orphan["sync"]
    return Note(
        f"State without a sync: {name} ({orphan['object']}), {counted(orphan['rows'], 'row')}. "
        f"Nothing is sent for it. Renamed: `qsync state mv {name} NEW`. Gone: `qsync state rm "
        f"{name}`.",
        "yellow",
    )


def guard_notes(stream: JsonObject) -> Iterator[Note]:
    """The guards of a stream that do not hold, and what to do about each."""
    for breach in stream["breaches"]:
        guard, base = breach["guard"], number(breach["base"])
        of = ""
        if guard == "max_added_rows":
            of = f" of {base} in the model"
        elif breach["share"] is not None:
            of = f" of {base} {breach['base_of']} ({breach['share']})"
        words = _GUARD_WORDS.get(guard, "are concerned")
        if breach["field"] is not None:
            words = f"would have {breach['field']} cleared"
        said = f"{counted(breach['count'], 'row')}{of} {words}, allowed: {breach['limit']}."
        if breach["overridden"]:
            yield Note(f"Guard {guard} overridden: {said}", "bold yellow")
            continue
        yield Note(
            f"Stopped by {guard}: {said} Look at the model first. If it is right, raise {guard} "
            "under `config: guards:` of the sync and plan again.",
            "bold red",
        )


def _modes(stream: JsonObject) -> Iterator[Note]:
    added = stream["counts"]["added"]
    if stream["baseline_unknown"]:
        yield Note(
            "Baseline unknown: there is no state, and this target may not write. What of this is "
            "new to Qualified shows only under a target that may.",
            "yellow",
        )
        return
    if stream["baseline"]:
        rows = counted(stream["recorded"], "row")
        yield Note(f"Baseline: {rows} recorded as synced; nothing is sent.", "yellow")
    elif stream["first_load"] and added:
        yield Note(
            f"First load: {number(added)} never sent by qsync; those that exist in Qualified are "
            "overwritten field by field.",
            "yellow",
        )
    if stream["full_refresh"]:
        yield Note("Full refresh: every valid row is sent, changed or not.", "yellow")
    if stream["to_send"] < stream["planned"]:
        yield Note(
            f"Sends the first {number(stream['to_send'])} of {number(stream['planned'])} "
            "(--limit); the others stay for a later run.",
            "yellow",
        )


def _again(stream: JsonObject) -> Iterator[Note]:
    counts = stream["counts"]
    retried, unsettled, resting = counts["retried"], counts["unsettled"], counts["resting"]
    if retried:
        yield Note(f"{number(retried)} rejected before {be(retried)} sent once more.")
    if unsettled:
        yield Note(f"{number(unsettled)} unsettled (no answer came) {be(unsettled)} sent again.")
    if resting:
        yield Note(
            f"{number(resting)} resting: rejected by Qualified as they are; sent again when the "
            "row, the mapping or the field catalog changes.",
            "dim",
        )
    yield from _left_alone(counts)


def _left_alone(counts: JsonObject) -> Iterator[Note]:
    deferred, suppressed = counts["deferred"], counts["suppressed"]
    if deferred:
        yield Note(
            f"{number(deferred)} more would be sent; this run is about others, the next apply "
            f"sends {'it' if deferred == 1 else 'them'}.",
            "dim",
        )
    if suppressed:
        yield Note(
            f"{number(suppressed)} {be(suppressed)} suppressed (forgotten with `qsync forget`) and "
            "never sent.",
            "dim",
        )


def _removed(stream: JsonObject) -> Iterator[Note]:
    removed = stream["counts"]["removed"]
    if not removed or stream["baseline_unknown"]:
        return
    if stream["on_removed"] == "clear":
        clearing = number(stream["counts"]["clearing"])
        yield Note(
            f"{number(removed)} left the model: what this sync wrote is cleared in {clearing}.",
            "red",
        )
    else:
        yield Note(f"{number(removed)} left the model: Qualified keeps what it has.", "dim")


def _stranded(stream: JsonObject) -> Iterator[Note]:
    """Records Qualified has for ever, and what a person can do about them."""
    stranded = stream["counts"]["stranded"]
    if not stranded:
        return
    them = "it" if stranded == 1 else "them"
    cure = (
        "Deleting people there is for `qsync forget --gdpr`."
        if stream["object"] == "lead"
        else "Its API deletes no company."
    )
    yield Note(
        f"{number(stranded)} stranded: Qualified keeps {them}, and no row of the model has the "
        f"{stream['match_field']} any more. {cure}",
        "dim",
    )


def _oddities(stream: JsonObject) -> Iterator[Note]:
    for conflict in stream["conflicts"]:
        yield Note(
            f"{conflict['field']}: rows of {counted(conflict['domains'], 'domain')} disagree; left "
            "out there, the other fields go.",
            "yellow",
        )
    other = stream["counts"]["other_domain"]
    if other:
        have = "has" if other == 1 else "have"
        yield Note(
            f"{counted(other, 'lead')} {have} an address of another domain than the company's.",
            "dim",
        )


def _details(stream: JsonObject) -> Iterator[Note]:
    counts = stream["counts"]
    if counts["returned"]:
        yield Note(f"{number(counts['returned'])} came back after having been removed.", "dim")
    if counts["rehashed"]:
        yield Note(f"{number(counts['rehashed'])} get a new hash without being sent.", "dim")
    jobs, requests = counted(stream["jobs"], "job"), counted(stream["requests"], "request")
    yield Note(
        f"{number(counts['in_state'])} in state, {number(counts['in_model'])} in the model; "
        f"{jobs}, {requests}.",
        "dim",
    )
    yield Note(f"Maps {', '.join(stream['mapped_fields']) or 'no field'}.", "dim")


def _cleared(document: JsonObject) -> Iterator[Note]:
    streams = [stream for sync in document["syncs"] for stream in sync["streams"]]
    names = sorted({name for stream in streams for name in stream["clears"]})
    if names:
        yield Note(f"{NULL_NOTE}{', '.join(names)}.", "yellow")


def _orphans(document: JsonObject) -> Iterator[Note]:
    for orphan in document["orphans"]:
        yield orphan_note(orphan)


def _stopped(document: JsonObject) -> Iterator[Note]:
    total = document["summary"]
    stopped = total["stopped"]
    if stopped:
        yield Note(
            f"{number(stopped)} of {counted(total['syncs'], 'sync')} {be(stopped)} stopped and "
            f"would send nothing: {', '.join(total['stopped_syncs'])}. The rows count below, the "
            "jobs do not.",
            "bold red",
        )
    if any(_overridable(sync) for sync in document["syncs"]):
        yield Note(
            "To send it this once although guards do not hold (it is recorded), with the same "
            f"--select and --limit: qsync apply --target {document['target']} --override-guards "
            f"{document['digest']}",
            "bold red",
        )


def _overridable(sync: JsonObject) -> bool:
    """Whether nothing but guards stops a sync."""
    broken = any(stream["breaches"] for stream in sync["streams"])
    return broken and sync["blocked"] is None and not sync["overridden"]


def _target(document: JsonObject) -> Iterator[Note]:
    if not document["apply_allowed"]:
        yield Note(
            f"Target {document['target']} can only plan: it is not among `apply_targets` in "
            "qsync.yml.",
            "yellow",
        )
