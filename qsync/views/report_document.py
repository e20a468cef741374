"""The report as a document: JSON-ready data, from which its page is made.

The shape is `schemas/report.schema.json`. Counts and names only: no key and no value of a row. What
stands in it of runs is taken from the ledger's records; sums, shares and words of time are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from qsync.execution.ports import RejectSummary
from qsync.fields.model import FieldCatalog
from qsync.ledger.record import SUCCESS, RunRecord, RunStatus, timestamp_text
from qsync.project.model import LimitSettings, Project, Sync
from qsync.views.entries import JsonObject, ago_words, duration_words, seconds_between
from qsync.views.report_health import COMPLETE, Health, by_run, health_of, started, worst
from qsync.views.report_mapping import mapping_entry
from qsync.views.run_document import run_entry

REPORT_FORMAT = 1

STRIP = 30
"""Runs that a sync's own strip shows."""

_SUMS = ("planned", "succeeded", "rejected", "unknown", "invalid_late", "unsent", "invalid")
_QUARTER = 900


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report stands on.

    Attributes:
        project: As declared.
        records: The ledger, in any order.
        now: The moment of the report, with a zone.
        source: Where the ledger was read.
        destination: Host, with the account when one is named.
        target: dbt's target; None when dbt was not asked.
        rejects: What stands rejected by reason; None when the warehouse was not asked.
        catalog: Qualified's fields.
        column_types: By sync, the types of its model's columns by lower-case name.
        plan: A plan's document.
        late_after: Seconds without a complete run that make a sync late.
        runs: How many of the newest runs are shown.
        problems: Errors in the project's files; syncs that have one are left out.
        version: qsync's.
    """

    project: Project
    records: Sequence[RunRecord]
    now: datetime
    source: Literal["warehouse", "seed"]
    destination: str
    target: str | None = None
    rejects: Sequence[RejectSummary] | None = None
    catalog: FieldCatalog | None = None
    column_types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plan: JsonObject | None = None
    late_after: float = 26 * 3_600
    runs: int = 100
    problems: int = 0
    version: str = ""


def report_document(inputs: ReportInputs) -> JsonObject:
    """The report as `schemas/report.schema.json` describes it."""
    every = by_run(inputs.records)
    shown = every[max(0, len(every) - inputs.runs) :]
    runs = [_run(records) for records in shown]
    syncs = [_sync(sync, inputs) for sync in inputs.project.syncs]
    return {
        "format": REPORT_FORMAT,
        "generated_at": timestamp_text(inputs.now),
        "qsync_version": inputs.version,
        "project": inputs.project.name,
        "destination": inputs.destination,
        "target": inputs.target,
        "source": inputs.source,
        "late_after": inputs.late_after,
        "problems": inputs.problems,
        "summary": _summary(syncs, runs, len(every)),
        "syncs": syncs,
        "runs": runs,
        "quota": _quota(runs, inputs.project.settings.qualified.limits),
        "rejects": _rejects(inputs),
        "undeclared": sorted(
            {record.sync for record in inputs.records}
            - {sync.name for sync in inputs.project.syncs}
        ),
        "plan": inputs.plan,
    }


def _summary(syncs: Sequence[JsonObject], runs: Sequence[JsonObject], ever: int) -> JsonObject:
    totals = {name: sum(run["counts"][name] for run in runs) for name in _SUMS}
    return {
        "syncs": len(syncs),
        "health": {
            health.value: sum(sync["health"] == health.value for sync in syncs) for health in Health
        },
        "runs": len(runs),
        "runs_left_out": ever - len(runs),
        "counts": totals,
        "reject_share": _share(totals),
        "requests": sum(run["requests"] for run in runs),
        "retries": sum(run["retries"] for run in runs),
    }


def _share(counts: Mapping[str, int]) -> float | None:
    """Of the records Qualified answered, the rejected ones."""
    answered = counts["succeeded"] + counts["rejected"]
    return round(counts["rejected"] / answered, 6) if answered else None


def _run(records: Sequence[RunRecord]) -> JsonObject:
    """One run: its sums, and per sync what became of it."""
    syncs: dict[str, list[RunRecord]] = {}
    for record in records:
        syncs.setdefault(record.sync, []).append(record)
    parts = [{"sync": name, **_part(items)} for name, items in syncs.items()]
    return {
        "run_id": records[0].run_id,
        "target": records[0].target,
        "git_commit": records[0].git_commit,
        **_part(records),
        "syncs": parts,
        "streams": [run_entry(record) for record in records],
    }


def _part(records: Sequence[RunRecord]) -> JsonObject:
    ends = [record.finished_at for record in records if record.finished_at is not None]
    begun = started(records)
    finished = max(ends) if len(ends) == len(records) else None
    seconds = seconds_between(begun, finished)
    counts = {name: sum(getattr(record, f"rows_{name}") for record in records) for name in _SUMS}
    return {
        "status": worst(records).value,
        "started_at": timestamp_text(begun),
        "finished_at": finished and timestamp_text(finished),
        "seconds": seconds,
        "duration": duration_words(seconds),
        "counts": counts,
        "reject_share": _share(counts),
        "jobs": sum(record.jobs for record in records),
        "requests": sum(record.requests for record in records),
        "retries": sum(record.retries for record in records),
    }


def _sync(sync: Sync, inputs: ReportInputs) -> JsonObject:
    runs = by_run([record for record in inputs.records if record.sync == sync.name])
    health, why = health_of(
        runs, enabled=sync.config.enabled, now=inputs.now, late_after=inputs.late_after
    )
    last = runs[-1] if runs else None
    # A stream that stopped because of another tells of no cause: the other one goes first.
    causes = sorted(last or (), key=lambda item: item.stopped_by_another)
    return {
        "name": sync.name,
        "description": " ".join(sync.description.split()),
        "path": sync.path,
        "line": sync.position.line,
        "owner": sync.config.owner,
        "tags": list(sync.config.tags),
        "enabled": sync.config.enabled,
        "health": health.value,
        "why": why,
        "last_run": last and {"run_id": last[0].run_id, **_dated(last, inputs.now), **_part(last)},
        "last_complete": _newest(runs, COMPLETE, inputs.now),
        "last_success": _newest(runs, SUCCESS, inputs.now),
        "in_model": [
            {"object": record.object, "rows": record.rows_in_model}
            for record in sorted(last or (), key=lambda item: item.object != sync.object.value)
        ],
        "error": next(
            (entry["error"] for record in causes if (entry := run_entry(record))["error"]),
            None,
        ),
        "strip": [
            {
                "run_id": run[0].run_id,
                "started_at": timestamp_text(started(run)),
                "status": worst(run).value,
                "rejected": sum(record.rows_rejected for record in run),
            }
            for run in runs[-STRIP:]
        ],
        "mapping": mapping_entry(sync, inputs.catalog, inputs.column_types.get(sync.name, {})),
    }


def _newest(
    runs: Sequence[Sequence[RunRecord]], wanted: frozenset[RunStatus], now: datetime
) -> JsonObject | None:
    for run in reversed(runs):
        if worst(run) in wanted:
            return {"run_id": run[0].run_id, **_dated(run, now)}
    return None


def _dated(run: Sequence[RunRecord], now: datetime) -> JsonObject:
    begun = started(run)
    return {"started_at": timestamp_text(begun), "ago": ago_words(begun, now)}


def _quota(runs: Sequence[JsonObject], limits: LimitSettings) -> JsonObject:
    """Requests by day, and how fast runs made them, beside what qsync may use.

    A run's requests count on the day it began. Its pace is an average: a run of less than a quarter
    of an hour made all of them within one.
    """
    per_day, per_quarter = int(limits.per_day * limits.share), int(limits.per_15m * limits.share)
    days: dict[str, int] = {}
    for run in runs:
        day = run["started_at"][:10]
        days[day] = days.get(day, 0) + run["requests"]
    paces = [(run["requests"] * _QUARTER / max(run["seconds"] or 0, _QUARTER), run) for run in runs]
    pace, fastest = max(paces, key=lambda item: item[0], default=(0.0, None))
    busiest = max(days, key=lambda day: days[day], default=None)
    return {
        "share": limits.share,
        "per_day": per_day,
        "per_15m": per_quarter,
        "days": [
            {"day": day, "requests": count, "share": round(count / per_day, 6)}
            for day, count in sorted(days.items())
        ],
        "busiest_day": busiest
        and {
            "day": busiest,
            "requests": days[busiest],
            "share": round(days[busiest] / per_day, 6),
        },
        "fastest_run": fastest
        and {
            "run_id": fastest["run_id"],
            "started_at": fastest["started_at"],
            "requests": round(pace),
            "share": round(pace / per_quarter, 6),
        },
    }


def _rejects(inputs: ReportInputs) -> JsonObject:
    """Rejects by reason: those that stand now, or without a warehouse those of the last runs."""
    last = {
        sync.name: runs[-1]
        for sync in inputs.project.syncs
        if (runs := by_run([item for item in inputs.records if item.sync == sync.name]))
    }
    entries = [run_entry(record) for run in last.values() for record in run]
    if inputs.rejects is None:
        standing = [
            {**_of(entry), "reason": item["reason"], "rows": item["rows"], "resting": None}
            for entry in entries
            for item in entry["rejects"]
        ]
    else:
        standing = [
            {
                "sync": item.sync,
                "object": item.object,
                "reason": item.reason,
                "rows": item.rows,
                "resting": item.resting,
            }
            for item in inputs.rejects
        ]
    return {
        "now": inputs.rejects is not None,
        "standing": sorted(
            standing, key=lambda item: (-item["rows"], item["sync"], item["object"], item["reason"])
        ),
        "invalid": [{**_of(entry), **item} for entry in entries for item in entry["invalid"]],
    }


def _of(entry: JsonObject) -> JsonObject:
    return {"sync": entry["sync"], "object": entry["object"]}
