"""What a run did as a document: JSON-ready data, from which its text is rendered.

A run record's `details` are free data; these keys of it are read, all optional:

    invalid:    {reason: rows}      codes, as in a plan
    rejects:    {reason: rows}      Qualified's words, redacted, or codes of invalid-late rows
    error:      {message, hint}     or only the message: why it failed or was stopped
    first_load: true
    lost_answers: 2                 submits whose answers were lost; each may have made a job
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qsync.ledger.record import RunRecord, RunStatus, timestamp_text
from qsync.views.entries import JsonObject, duration_words, reason_entries, seconds_between

RUN_FORMAT = 1
"""Of the run's JSON, `schemas/run.schema.json`."""

_GOOD = frozenset({RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO, RunStatus.BASELINED})
_TOTALS = ("planned", "succeeded", "rejected", "unknown", "invalid_late", "unsent", "invalid")
_MATCH_FIELDS = {"lead": "email", "company": "domain"}


def run_document(
    records: Sequence[RunRecord],
    *,
    seed: str | None = None,
    table: str | None = None,
    rehearsal: bool = False,
) -> JsonObject:
    """One run as `schemas/run.schema.json` describes it.

    Args:
        records: Of one run, in the order the streams ran; may be empty.
        seed: The ledger's seed, when it was written, as the user knows its path.
        table: The warehouse's table of run records.
        rehearsal: Whether it was sent to an emulated Qualified and recorded nowhere.
    """
    first = records[0] if records else None
    started = min((record.started_at for record in records), default=None)
    ends = [record.finished_at for record in records if record.finished_at is not None]
    finished = max(ends) if ends and len(ends) == len(records) else None
    seconds = None if started is None else seconds_between(started, finished)
    entries = [run_entry(record) for record in records]
    totals = {name: sum(entry["counts"][name] for entry in entries) for name in _TOTALS}
    for name in ("jobs", "requests", "retries", "lost_answers", "recorded"):
        totals[name] = sum(entry[name] for entry in entries)
    totals["stopped_unsent"] = sum(
        entry["counts"]["unsent"] for entry in entries if entry["status"] == RunStatus.STOPPED.value
    )
    totals["next_run"] = totals["unsent"] - totals["stopped_unsent"]
    return {
        "format": RUN_FORMAT,
        "run_id": first and first.run_id,
        "target": first and first.target,
        "started_at": started and timestamp_text(started),
        "finished_at": finished and timestamp_text(finished),
        "seconds": seconds,
        "duration": duration_words(seconds),
        "dbt_invocation_id": first and first.dbt_invocation_id,
        "git_commit": first and first.git_commit,
        "qsync_version": first and first.qsync_version,
        "rehearsal": rehearsal,
        "complete": all(record.status in _GOOD for record in records),
        "first_leads": sum(
            entry["counts"]["succeeded"]
            for entry in entries
            if not rehearsal and entry["first_load"] and entry["object"] == "lead"
        ),
        "summary": totals,
        "streams": entries,
        "ledger": {"seed": seed, "table": table},
    }


def run_entry(record: RunRecord) -> JsonObject:
    """One record: what a run did for one sync and object."""
    seconds = seconds_between(record.started_at, record.finished_at)
    details = record.details
    return {
        "run_id": record.run_id,
        "sync": record.sync,
        "object": record.object,
        "target": record.target,
        "status": record.status.value,
        "started_at": timestamp_text(record.started_at),
        "finished_at": record.finished_at and timestamp_text(record.finished_at),
        "seconds": seconds,
        "duration": duration_words(seconds),
        "recorded": record.rows_added + record.rows_changed
        if record.status is RunStatus.BASELINED
        else 0,
        "first_load": details.get("first_load") is True,
        "counts": {
            "in_model": record.rows_in_model,
            "added": record.rows_added,
            "changed": record.rows_changed,
            "removed": record.rows_removed,
            "unchanged": record.rows_unchanged,
            "invalid": record.rows_invalid,
            "resting": record.rows_resting,
            "planned": record.rows_planned,
            "succeeded": record.rows_succeeded,
            "rejected": record.rows_rejected,
            "unknown": record.rows_unknown,
            "invalid_late": record.rows_invalid_late,
            "unsent": record.rows_unsent,
        },
        "jobs": record.jobs,
        "requests": record.requests,
        "retries": record.retries,
        "lost_answers": _number(details.get("lost_answers")),
        "invalid": reason_entries(
            _counts(details.get("invalid")), _MATCH_FIELDS.get(record.object)
        ),
        "rejects": sorted(
            (
                {"reason": reason, "rows": rows}
                for reason, rows in _counts(details.get("rejects")).items()
            ),
            key=lambda entry: (-int(entry["rows"]), str(entry["reason"])),
        ),
        "error": _error(details.get("error")),
    }


def _number(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _counts(value: object) -> Mapping[str, int]:
    """Reasons with their numbers; whatever else another version wrote there is left out."""
    if not isinstance(value, Mapping):
        return {}
    return {str(reason): rows for reason, rows in value.items() if type(rows) is int and rows > 0}


def _error(value: object) -> JsonObject | None:
    if isinstance(value, str) and value:
        return {"message": value, "hint": None}
    if isinstance(value, Mapping) and value.get("message"):
        hint = value.get("hint")
        return {"message": str(value["message"]), "hint": None if hint is None else str(hint)}
    return None
