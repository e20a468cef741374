"""What a run did, for a person, rendered from its document (`qsync.views.documents`).

At the end one line of fixed form, which other programs may read and which is never broken:

    Applied: 2,484 succeeded, 11 rejected, 3 unknown, 2 unsent, 14 invalid. 6 jobs, 13 requests.
    Rehearsed: 2,484 succeeded, 11 rejected, 0 unknown, 2 unsent, 14 invalid. 6 jobs, 14 requests.
    Nothing to do.
"""

from __future__ import annotations

from pathlib import PurePath

from rich.console import Console

from qsync.views.entries import JsonObject
from qsync.views.layout import (
    Part,
    columns,
    counted,
    flow,
    glued,
    number,
    sentence,
    styled,
    write,
    write_whole,
)
from qsync.views.reasons import REASONS, reason_cure, reason_words, split_reason

STATUS_STYLES = {
    "succeeded": "green",
    "nothing_to_do": "dim",
    "baselined": "green",
    "running": "yellow",
    "partial": "yellow",
    "interrupted": "red",
    "stopped": "bold red",
    "failed": "bold red",
}

REJECT_CURE = (
    "Correct these rows in dbt. Rejected once, a row goes once more with the next run; rejected "
    "twice for the same reason, it rests until the row, the mapping or the field catalog changes."
)

RESTING_CURE = (
    "They rest: each goes again when its row, the mapping or the field catalog changes. Correct "
    "these rows in dbt."
)


REHEARSED_CURE = (
    "They do not fit the field catalog: correct these rows in dbt, or the mapping, or pull the "
    "catalog if it is old. Qualified itself would most likely refuse them too."
)

REHEARSAL = "Rehearsal: nothing left this process."
"""What a rehearsal's text begins with; scripts may look for it."""

UNCHECKED = (
    "Records were held against qualified_fields.yml. Whether Qualified's own fields have changed "
    "since it was pulled shows only in an apply, or in `qsync catalog diff`."
)
"""What a rehearsal cannot know."""


def render_run(document: JsonObject, console: Console) -> None:
    """Write what a run did: a line per sync and object, what went wrong, where it is recorded."""
    if document["rehearsal"]:
        write_whole(console, styled(REHEARSAL, "bold"))
    parts = [f"Run {document['run_id']},", f"target {document['target']}"]
    if document["duration"]:
        parts = [*parts[:1], f"{parts[1]},", document["duration"]]
    flow(console, parts if document["run_id"] else ["Nothing ran."], indent=0, gap=1)
    columns(console, [_line(stream) for stream in document["streams"]])
    for stream in document["streams"]:
        _trouble(stream, console)
    render_rejects(
        [
            (f"{stream['sync']} ({stream['object']})", entry["reason"], entry["rows"], 0)
            for stream in document["streams"]
            for entry in stream["rejects"]
        ],
        console,
        cure=REHEARSED_CURE if document["rehearsal"] else REJECT_CURE,
    )
    _notes(document, console)
    write(console)
    write_whole(console, styled(summary_line(document), "bold"))


def summary_line(document: JsonObject) -> str:
    """The one line of fixed form."""
    statuses = {stream["status"] for stream in document["streams"]}
    if statuses <= {"nothing_to_do"}:
        return "Nothing to do."
    recorded = document["summary"]["recorded"]
    if statuses <= {"baselined", "nothing_to_do"}:
        return f"Baseline: {number(recorded)} recorded as synced, nothing sent."
    total = document["summary"]
    done = "Rehearsed" if document["rehearsal"] else "Applied"
    return (
        f"{done}: {number(total['succeeded'])} succeeded, {number(total['rejected'])} rejected, "
        f"{number(total['unknown'])} unknown, {number(total['unsent'])} unsent, "
        f"{number(total['invalid'])} invalid. "
        f"{counted(total['jobs'], 'job')}, {counted(total['requests'], 'request')}."
    )


def status_words(status: str) -> str:
    """`nothing to do` for `nothing_to_do`."""
    return status.replace("_", " ")


def counts_words(counts: JsonObject) -> str:
    """What became of the planned rows, and how many could not be planned."""
    named = (
        ("recorded", "recorded as synced"),
        ("succeeded", "succeeded"),
        ("rejected", "rejected"),
        ("unknown", "unknown"),
        ("invalid_late", "invalid late"),
        ("unsent", "unsent"),
        ("invalid", "invalid"),
        ("resting", "resting"),
    )
    words = [glued(f"{number(counts[name])} {word}") for name, word in named if counts[name]]
    return ", ".join(words) or "nothing sent"


def render_rejects(
    rejects: list[tuple[str, str, int, int]], console: Console, cure: str = REJECT_CURE
) -> None:
    """Rejects by stream and reason, and what to do about them.

    Args:
        rejects: Stream, reason, rows, and how many of them are resting.
        console: Where to.
        cure: What to do about those that do not rest.
    """
    if not rejects:
        return
    write(console)
    write(console, styled("Rejected, by reason:", "bold"))
    streams = dict.fromkeys(stream for stream, _, _, _ in rejects)
    for name in streams:
        write(console, f"  {name}")
        rows: list[list[Part]] = []
        for stream, reason, count, resting in rejects:
            if stream != name:
                continue
            rest = f" ({number(resting)} resting)" if resting else ""
            rows.append([styled(number(count), "magenta"), f"{_reason(reason)}{rest}"])
        columns(console, rows, indent=4, right=(0,))
    theirs = [entry for entry in rejects if not _ours(entry[1])]
    if any(count > resting for _, _, count, resting in theirs):
        sentence(console, cure)
    elif theirs:
        sentence(console, RESTING_CURE)


def _ours(reason: str) -> bool:
    """Whether a reason is a code of qsync: a row that could not be written as JSON."""
    return split_reason(reason)[0] in REASONS


def _reason(reason: str) -> str:
    if not _ours(reason):
        return reason
    code, field = split_reason(reason)
    return f"{reason_words(code, field)}; {reason_cure(code)}"


def _line(stream: JsonObject) -> list[Part]:
    status = stream["status"]
    return [
        styled(stream["sync"], "bold"),
        styled(stream["object"], "cyan"),
        styled(status_words(status), STATUS_STYLES.get(status, "")),
        stream["duration"] or "",
        counts_words(stream["counts"] | {"recorded": stream["recorded"]}),
    ]


def _trouble(stream: JsonObject, console: Console) -> None:
    error = stream["error"]
    if error is None:
        return
    hint = f" {error['hint']}" if error["hint"] else ""
    text = f"{stream['sync']} ({stream['object']}): {error['message']}.{hint}"
    sentence(console, text, style="red")


def _notes(document: JsonObject, console: Console) -> None:
    total = document["summary"]
    notes = []
    if total["unknown"]:
        notes.append(
            f"{number(total['unknown'])} unknown: sent, and no result came. The next run sends "
            f"{'it' if total['unknown'] == 1 else 'them'} again; that is safe."
        )
    stopped = total["stopped_unsent"]
    unsent = total["next_run"]
    if stopped:
        notes.append(
            f"{number(stopped)} unsent: {'its sync is' if stopped == 1 else 'their syncs are'} "
            "stopped until what stopped them is mended."
        )
    if unsent and document["rehearsal"]:
        notes.append(f"{number(unsent)} not rehearsed (a limit or an interruption).")
    elif unsent:
        notes.append(
            f"{number(unsent)} unsent (a limit or an interruption): "
            f"{'it goes' if unsent == 1 else 'they go'} with the next run."
        )
    if total["retries"]:
        notes.append(f"{counted(total['retries'], 'request')} {_were(total['retries'])} repeated.")
    lost = total["lost_answers"]
    if lost:
        notes.append(
            f"{counted(lost, 'answer')} to a submit {_were(lost)} lost. The same rows went once "
            "more; the next run settles what that leaves open."
        )
    if document["first_leads"]:
        notes.append(
            f"{counted(document['first_leads'], 'lead')} went out in a first load. Leads appear in "
            "Qualified's own interface only once they have activity: not finding them there yet "
            "is normal."
        )
    if document["rehearsal"]:
        notes.append(UNCHECKED)
    notes += _where(document["ledger"])
    if notes:
        write(console)
    for note in notes:
        sentence(console, note, indent=0)


def _were(value: int) -> str:
    return "was" if value == 1 else "were"


def _where(ledger: JsonObject) -> list[str]:
    seed, table = ledger["seed"], ledger["table"]
    if seed is None:
        return [] if table is None else [f"Recorded in {table}; `qsync ledger pull` fetches it."]
    places = seed if table is None else f"{table} and {seed}"
    return [f"Recorded in {places}; load it with `dbt seed --select {PurePath(seed).stem}`."]
