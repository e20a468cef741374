"""What a plan and a run are in the structured log: an event for each stream and one for the whole.

Written from the documents, as everything that is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.plan import Plan, StreamPlan
from qsync.views.entries import JsonObject
from qsync.views.events import Level
from qsync.views.layout import counted, number
from qsync.views.log import Log
from qsync.views.run_document import run_entry

_CHANGES = ("in_model", "added", "changed", "removed", "unchanged", "invalid", "resting")
_RESULTS = ("planned", "succeeded", "rejected", "unknown", "invalid_late", "unsent")
_SPENT = ("jobs", "requests", "retries", "seconds")
_LEVELS: Mapping[str, Level] = {
    RunStatus.SUCCEEDED.value: "info",
    RunStatus.NOTHING_TO_DO.value: "info",
    RunStatus.BASELINED.value: "info",
    RunStatus.FAILED.value: "error",
}
"""Of a stream's end, by its status; the others are warnings."""


def log_plan(log: Log, plan: Plan) -> None:
    """An event for each stream of a plan, then one for all of it."""
    going = [stream for sync in plan.syncs if not sync.stopped for stream in sync.streams]
    for sync in plan.syncs:
        for stream in sync.streams:
            _log_stream(log, stream, 0 if sync.stopped else stream.to_send)
    rows, stopped = sum(item.to_send for item in going), sum(item.stopped for item in plan.syncs)
    log.event(
        "plan_ready",
        f"Planned: {counted(rows, 'row')} to send to {plan.destination}"
        + (f", {counted(stopped, 'sync')} stopped" if stopped else ""),
        level="warning" if stopped else "info",
        target=plan.target,
        destination=plan.destination,
        syncs=len(plan.syncs),
        streams=sum(len(item.streams) for item in plan.syncs),
        stopped=stopped,
        rows=rows,
    )


def _log_stream(log: Log, stream: StreamPlan, rows: int) -> None:
    counts = stream.counts
    log.event(
        "stream_planned",
        f"{stream.stream.label}: {counted(rows, 'row')} to send",
        sync=stream.stream.sync,
        stream=stream.stream.label,
        object=stream.object.value,
        rows=rows,
        in_model=counts.in_model,
        added=counts.added,
        changed=counts.changed,
        removed=counts.removed,
        unchanged=counts.unchanged,
        invalid=counts.invalid_total,
        resting=counts.resting,
    )


def log_record(log: Log, record: RunRecord, label: str | None = None) -> None:
    """A stream's end.

    Args:
        log: Where to.
        record: Its run record.
        label: How people name the stream, if it is known.
    """
    entry = run_entry(record)
    counts = entry["counts"]
    status = record.status.value
    log.event(
        "stream_finished",
        f"{label or record.sync}: {status.replace('_', ' ')}, {number(counts['succeeded'])} "
        f"succeeded, {number(counts['rejected'])} rejected",
        level=_LEVELS.get(status, "warning"),
        run_id=record.run_id,
        sync=record.sync,
        stream=label,
        object=record.object,
        status=status,
        **{name: counts[name] for name in (*_CHANGES, *_RESULTS)},
        **{name: entry[name] for name in _SPENT},
    )


def log_run(log: Log, document: JsonObject) -> None:
    """A run's end, from its document."""
    totals = document["summary"]
    log.event(
        "run_finished",
        f"The run has ended: {number(totals['succeeded'])} of {number(totals['planned'])} "
        f"succeeded, {number(totals['rejected'])} rejected, {number(totals['unsent'])} not sent",
        level="info" if document["complete"] else "warning",
        run_id=document["run_id"],
        streams=len(document["streams"]),
        seconds=document["seconds"],
        **{name: totals[name] for name in (*_RESULTS, "invalid")},
        **{name: totals[name] for name in ("jobs", "requests", "retries")},
    )
