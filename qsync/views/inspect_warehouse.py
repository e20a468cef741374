"""A run that was made elsewhere, as a document of `inspect`: what the warehouse knows of it."""

from __future__ import annotations

from collections.abc import Sequence

from qsync.execution.stories import Ending, SentJob
from qsync.ledger.record import RunRecord, RunStatus
from qsync.views.entries import JsonObject
from qsync.views.inspect_document import INSPECT_FORMAT, moment


def warehouse_document(
    records: Sequence[RunRecord], jobs: Sequence[SentJob], destination: str
) -> JsonObject:
    """The document; what only a log knows is null in it.

    Args:
        records: The run's, at least one.
        jobs: Its jobs, as far as they are remembered.
        destination: Where it sent.
    """
    began = min(record.started_at for record in records)
    ends = [record.finished_at for record in records if record.finished_at is not None]
    running = any(record.status is RunStatus.RUNNING for record in records)
    ended = None if running or not ends else max(ends)
    statuses = sorted({record.status.value for record in records})
    return {
        "format": INSPECT_FORMAT,
        "source": "warehouse",
        "run_id": records[0].run_id,
        "command": None,
        "target": records[0].target,
        "destination": destination,
        "state": "running" if running else "ended",
        "status": ", ".join(statuses),
        "started_at": moment(began.timestamp()),
        "ended_at": None if ended is None else moment(ended.timestamp()),
        "seconds": None if ended is None else (ended - began).total_seconds(),
        "full_bodies": False,
        "requests": {
            "total": sum(record.requests for record in records),
            "by_purpose": {},
            "repeated": sum(record.retries for record in records),
            "told_to_wait": None,
            "unanswered": None,
            "seconds": None,
            "held_back_seconds": None,
            "quota": {"limit": None, "remaining": None},
        },
        "left_out": {"bodies": 0, "lines": 0, "damaged": 0},
        "jobs": [_entry(job) for job in jobs],
    }


def _entry(job: SentJob) -> JsonObject:
    known = {ending: job.endings.get(ending, 0) for ending in Ending}
    told = sum(job.endings.values())
    unknown = known[Ending.UNKNOWN] + known[Ending.LOST]
    return {
        "job": job.id,
        "sync": job.sync,
        "object": job.object,
        "stream_id": job.stream_id,
        "first": job.first,
        "last": job.last,
        "records": job.last - job.first + 1,
        "submitted_at": None,
        "accepted_at": moment(job.accepted_at),
        "found_done_at": None,
        "accept_seconds": None,
        "server_seconds": None,
        "seconds": None,
        "submits": None,
        "polls": None,
        "repeated": None,
        "told_to_wait": None,
        "held_back_seconds": None,
        "status": None,
        "outcome": "open" if not told else ("unknown" if unknown else "done"),
        "succeeded": known[Ending.SUCCEEDED] + known[Ending.OPEN],
        "rejected": known[Ending.REJECTED],
        "unknown": unknown,
        "reasons": [
            {"reason": reason, "records": count} for reason, count in sorted(job.reasons.items())
        ],
        "rejects": [],
        "requests": [],
    }
