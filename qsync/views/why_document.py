"""A record's story as a document: where each field comes from, what stands, what happened.

The key is in it only where a person at a terminal asked for values.
"""

from __future__ import annotations

from collections.abc import Sequence

from qsync.execution.stories import Acknowledged, Ending, Sending, Standing, StreamStory
from qsync.ledger.record import RunRecord, RunStatus
from qsync.views.entries import JsonObject
from qsync.views.inspect_document import moment
from qsync.views.reasons import reason_cure, reason_words, split_reason

WHY_FORMAT = 1

_LETTERS = {
    "c": "changed",
    "s": "set",
    "x": "cleared",
    ".": "as_acknowledged",
    "-": "null_kept",
    "!": "left_out",
}
"""What the letters of a diff say, for programs."""

_WENT = "csx"
"""Letters of fields by which a record changes."""


def why_document(
    stories: Sequence[StreamStory],
    *,
    object_name: str,
    suppressed_since: str | None,
    newest: RunRecord | None,
    field: str | None = None,
    key: str | None = None,
) -> JsonObject:
    """The document.

    Args:
        stories: One per stream of the object.
        object_name: Lead or company.
        suppressed_since: When the key was forgotten, if it was.
        newest: The newest record of any stream there.
        field: The one field that is asked about.
        key: The key, if it may be shown.
    """
    return {
        "format": WHY_FORMAT,
        "object": object_name,
        "key": key,
        "field": field,
        "suppressed_since": suppressed_since,
        "streams": [_stream(story, suppressed_since, newest, field) for story in stories],
    }


def _stream(
    story: StreamStory, suppressed_since: str | None, newest: RunRecord | None, field: str | None
) -> JsonObject:
    verdict, said, cure = _verdict(story, suppressed_since)
    known = story.acknowledged
    return {
        "sync": story.sync,
        "object": story.object,
        "path": story.path,
        "line": story.line,
        "model": story.model,
        "match_column": story.match_column,
        "verdict": verdict,
        "explanation": said,
        "cure": cure,
        "notes": _notes(story, verdict, newest),
        "rows": max(1, len(story.standing)) if _in_model(story.standing) else 0,
        "fields": [
            _field(story, item.name, item.column, item.path, item.line)
            for item in story.fields
            if field is None or field == item.name
        ],
        "state": None
        if known is None
        else {"status": known.status, "run_id": known.run_id, "at": known.at},
        "rejected": None
        if story.rejection is None
        else {
            "reason": story.rejection.reason,
            "field": story.rejection.field,
            "attempts": story.rejection.attempts,
            "run_id": story.rejection.run_id,
            "first_at": story.rejection.first_at,
            "last_at": story.rejection.last_at,
        },
        "runs": [_run(sending, field) for sending in story.runs],
    }


_ABSENT = {"gone", "removed", "forgotten"}
"""Of a record without a row."""


def _in_model(standing: Sequence[Standing]) -> bool:
    return any(item.op not in _ABSENT for item in standing)


def _field(story: StreamStory, name: str, column: str | None, path: str, line: int) -> JsonObject:
    entry: JsonObject = {"name": name, "column": column, "path": path, "line": line, "now": None}
    row = next(iter(story.standing), None)
    if row is not None and row.op not in _ABSENT | {"suppressed", "invalid"}:
        letter = row.letters.get(name)
        entry["now"] = _LETTERS.get(letter or "")
    if row is not None and name in row.values:
        entry["value"], entry["acknowledged"] = row.values[name]
    return entry


def _run(sending: Sending, field: str | None) -> JsonObject:
    went = [name for name, letter in sending.letters.items() if letter in _WENT]
    job = sending.job
    return {
        "run_id": sending.run_id,
        "sync": sending.sync,
        "at": sending.at,
        "op": sending.op,
        "record": sending.number,
        "records": sending.records,
        "chunk": None if job is None else {"first": job.first, "last": job.last},
        "job": None if job is None else job.id,
        "accepted_at": None if job is None else moment(job.accepted_at),
        "ended_at": sending.ended_at,
        "result": "not_sent" if sending.ending is None else sending.ending.value,
        "reason": sending.reason,
        "reason_field": sending.field,
        "fields": went if field is None else [name for name in went if name == field],
    }


# --- the verdict ---------------------------------------------------------------------------------

_Verdict = tuple[str, str, str]


def _verdict(story: StreamStory, suppressed_since: str | None) -> _Verdict:
    """A word for programs, a sentence for people, and what to do; the first that holds."""
    if suppressed_since is not None:
        return (
            "suppressed",
            f"It was forgotten with `qsync forget` ({suppressed_since} UTC), so it is never sent.",
            "",
        )
    if not story.enabled:
        return ("disabled", "The sync is disabled: it sends nothing.", "set `enabled: true`")
    if story.problem is not None:
        return (
            "problem",
            f"The sync cannot be planned as it is: {story.problem}.",
            story.problem_hint or "`qsync validate` and `qsync plan` tell every problem",
        )
    if not story.standing:
        return (
            "absent",
            (
                f"No row of {story.model} has this key in {story.match_column}, and this sync has "
                "never sent it."
            ),
            "look at the model, and at what filters its rows",
        )
    return _standing(story, story.standing[0])


def _standing(story: StreamStory, row: Standing) -> _Verdict:
    known, rejection = story.acknowledged, story.rejection
    if row.op == "invalid":
        code, field = split_reason(row.reason or "invalid")
        words = reason_words(code, field or story.match_column)
        return ("invalid", f"Its row cannot be sent as it is ({words}).", reason_cure(code))
    if row.op in {"resting", "deferred"} and rejection is not None:
        return (
            "resting",
            (
                f"Qualified rejected it {_times(rejection.attempts)}, the last time in run "
                f"{rejection.run_id}: {rejection.reason}. So it rests."
            ),
            "it goes again when its row, the mapping or the field catalog changes",
        )
    if row.op == "removed":
        return (
            "removed",
            f"It has left {story.model} since it was sent; the next apply puts that down.",
            "what Qualified has stays, unless the sync says `on_removed: clear`",
        )
    if row.op in {"gone", "forgotten"}:
        since = f" (noticed by run {known.run_id}, {known.at} UTC)" if known is not None else ""
        return (
            "removed",
            f"It has left {story.model}{since}, so there is nothing to send.",
            "what Qualified has stays, unless the sync says `on_removed: clear`",
        )
    if row.op in {"unchanged", "rehash"} and known is not None:
        return (
            "in_sync",
            f"Qualified has confirmed these values in run {known.run_id}, {known.at} UTC.",
            "",
        )
    return _pending(story, row)


def _pending(story: StreamStory, row: Standing) -> _Verdict:
    known, rejection = story.acknowledged, story.rejection
    if known is not None and known.status in {"unsettled", "open"}:
        return ("unsettled", f"{_uncertain(story, known)} The next apply sends it once more.", "")
    if rejection is not None and row.reason is not None:
        return (
            "rejected",
            (
                f"Run {rejection.run_id} saw it rejected: {rejection.reason}. The next apply "
                "sends it once more; rejected again for that, it rests."
            ),
            "correct the row in dbt",
        )
    if row.op == "added" and rejection is not None:
        return (
            "rejected",
            (
                f"Qualified rejected it {_times(rejection.attempts)}, the last time in run "
                f"{rejection.run_id}: {rejection.reason}. Its row, the mapping or the field "
                "catalog has changed since, so the next apply sends it again."
            ),
            _next_step(story),
        )
    if row.op == "added":
        return ("never_sent", "It waits to be sent for the first time.", _next_step(story))
    changed = [name for name, letter in row.letters.items() if letter in _WENT]
    told = f" ({', '.join(changed)})" if changed else ""
    return (
        "changed",
        f"It differs from what Qualified confirmed{told}; the next apply sends it.",
        _next_step(story),
    )


def _next_step(story: StreamStory) -> str:
    """What to do about a record that waits: another run, unless the last one was stopped."""
    if story.last is None or story.last.status is not RunStatus.STOPPED:
        return "run `qsync apply`"
    hint = (story.last.details.get("error") or {}).get("hint")
    return str(hint) if hint else "mend what stopped the sync, then run `qsync apply`"


def _uncertain(story: StreamStory, known: Acknowledged) -> str:
    """What is known of a record of which more may still happen, because an answer was lost."""
    newest = next((item for item in story.runs if item.run_id == known.run_id), None)
    ending = None if newest is None else newest.ending
    still = "but a job whose answer was lost may still write older values"
    if ending in {Ending.SUCCEEDED, Ending.OPEN}:
        return f"Qualified confirmed these values in run {known.run_id}, {still}."
    if ending is Ending.REJECTED and story.rejection is not None:
        return f"Run {known.run_id} saw it rejected: {story.rejection.reason}, {still}."
    return f"What became of it in run {known.run_id} is not known."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


_WAITING = frozenset({"never_sent", "changed", "rejected", "unsettled", "removed"})
"""Verdicts about a record that a run would still do something for."""


def _notes(story: StreamStory, verdict: str, newest: RunRecord | None) -> list[str]:
    """Why runs that were there did nothing for it."""
    notes = []
    if len(story.standing) > 1:
        notes.append(f"{len(story.standing)} rows of {story.model} fold to this key.")
    last = story.last
    if verdict not in _WAITING:
        return notes
    if last is not None and last.status is RunStatus.STOPPED:
        why = (last.details.get("error") or {}).get("message", "it was stopped")
        notes.append(f"The sync's last run ({last.run_id}) was stopped before it sent: {why}.")
    elif last is not None and last.status in {RunStatus.FAILED, RunStatus.INTERRUPTED}:
        why = (last.details.get("error") or {}).get("message")
        told = f": {why}" if why else ""
        notes.append(
            f"The sync's last run ({last.run_id}) ended early with {last.rows_unsent:,} records "
            f"unsent{told}."
        )
    elif last is not None and last.details.get("limit") and last.rows_unsent:
        notes.append(
            f"The sync's last run ({last.run_id}) sent {last.details['limit']:,} records at most "
            f"and left {last.rows_unsent:,} for later."
        )
    if newest is not None and (last is None or newest.run_id > last.run_id):
        notes.append(f"The newest run ({newest.run_id}) was not about this sync: not selected.")
    if last is None and newest is None:
        notes.append("No run has been applied here yet.")
    return notes


ENDINGS = {
    Ending.SUCCEEDED.value: "confirmed",
    Ending.REJECTED.value: "rejected",
    Ending.UNKNOWN.value: "sent, no answer about it",
    Ending.OPEN.value: "confirmed, and an older job may still run",
    Ending.INVALID_LATE.value: "could not be written as JSON",
    Ending.LOST.value: "may have been sent: the run died",
    "not_sent": "not sent: the run ended before",
}
"""What became of a record, in words."""
