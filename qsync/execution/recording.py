"""From a stream's plan and its delivery to its run record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from qsync.execution.deliver import DeliveryResult
from qsync.execution.halt import Pause
from qsync.execution.remote import RemoteError
from qsync.ledger.record import ANOTHER_STREAM, RunRecord, RunStatus
from qsync.planning.plan import StreamPlan


@dataclass(frozen=True, slots=True)
class Origin:
    """What every record of a run says about where it comes from."""

    run_id: str
    target: str
    started_at: datetime
    dbt_invocation_id: str | None
    git_commit: str | None
    qsync_version: str
    parent: str | None = None
    """The run this one resumes, or whose rejects it sends."""
    retry: bool = False
    """Whether it sends rejects only."""
    plan: str | None = None
    """The sealed plan it applies."""


def opened(
    origin: Origin, plan: StreamPlan, at: datetime, override: str | None = None
) -> RunRecord:
    """A stream's record as it begins: everything planned is unsent yet.

    Args:
        origin: Of the run.
        plan: The stream's.
        at: The time.
        override: The digest of the plan whose broken guards the user overrode.
    """
    counts = plan.counts
    return RunRecord(
        run_id=origin.run_id,
        sync=plan.stream.sync,
        object=plan.object.value,
        target=origin.target,
        status=RunStatus.RUNNING,
        started_at=at,
        rows_in_model=counts.in_model,
        rows_added=counts.added,
        rows_changed=counts.changed,
        rows_removed=counts.removed,
        rows_unchanged=counts.unchanged,
        rows_invalid=counts.invalid_total,
        rows_resting=counts.resting,
        rows_planned=plan.planned,
        rows_unsent=plan.planned,
        dbt_invocation_id=origin.dbt_invocation_id,
        git_commit=origin.git_commit,
        qsync_version=origin.qsync_version,
        config_fingerprint=plan.stream.fingerprint,
        details={**_details(plan), **_asked(origin), **_overridden(plan, override)},
    )


def _asked(origin: Origin) -> dict[str, Any]:
    """What the run was asked for, as far as the plan does not say."""
    found = {"parent": origin.parent, "retry": origin.retry, "plan": origin.plan}
    return {name: value for name, value in found.items() if value}


def _overridden(plan: StreamPlan, override: str | None) -> dict[str, Any]:
    """Which guards did not hold, and the plan that somebody let through all the same."""
    if override is None or not plan.breaches:
        return {}
    guards = [breach.guard for breach in plan.breaches]
    return {"overridden": {"plan": override, "guards": guards}}


def _details(plan: StreamPlan) -> dict[str, Any]:
    """What has no column: only names, reasons and numbers, and only what is not nothing."""
    counts = plan.counts
    found: dict[str, Any] = {
        "invalid": dict(counts.invalid),
        "fields": {
            change.field: {"changed": change.changed, "set": change.set, "cleared": change.cleared}
            for change in plan.fields
        },
        "conflicts": dict(counts.conflicts),
        "other_domain": counts.other_domain,
        "stranded": counts.stranded,
        "retried": counts.retried,
        "unsettled": counts.unsettled,
        "returned": counts.returned,
        "deferred": counts.deferred,
        "suppressed": counts.suppressed,
        "first_load": plan.first_load,
        "full_refresh": plan.full_refresh,
        "limit": plan.limit,
        "baseline": plan.baseline,
        "stream": "company block" if plan.stream.grouped else None,
    }
    return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """Why a run goes on with no other stream, if it does not."""

    error: RemoteError | None = None
    interrupted: bool = False
    pause: Pause | None = None

    def __bool__(self) -> bool:
        return self.error is not None or self.interrupted or self.pause is not None


PAUSED = {
    Pause.MAX_REQUESTS: "the run's --max-requests were reached",
    Pause.MAX_TIME: "the run's --max-time was over",
    Pause.WAIT_TOO_LONG: "Qualified asked for a longer wait than a run has patience for",
    Pause.GUARD: "guard max_rejected does not hold",
}
"""What a record says of a run that ended early although nothing failed."""


GUARDED = "max_rejected did not hold in its first stream"
"""Why a sync's other stream is not sent when the guard stopped it midway."""


def stopped(
    record: RunRecord, plan: StreamPlan, blocked: str | None, early: EarlyEnd, at: datetime
) -> RunRecord:
    """The record of a stream that did not run, and why."""
    status, why = RunStatus.STOPPED, _why(plan, blocked)
    details = dict(record.details)
    if early.error is not None:
        why = {"message": f"not run: {early.error.message}", "hint": early.error.hint}
    elif early.interrupted:
        status, why = RunStatus.INTERRUPTED, {"message": "not run: the run was stopped"}
    elif early.pause is not None:
        status, why = RunStatus.INTERRUPTED, {"message": f"not run: {PAUSED[early.pause]}"}
        details["paused"] = early.pause.value
    elif blocked is None or blocked == GUARDED:
        details["guards"] = [breach.guard for breach in plan.breaches] or [ANOTHER_STREAM]
    return replace(record, status=status, finished_at=at, details={**details, "error": why})


def _why(plan: StreamPlan, blocked: str | None) -> Mapping[str, str | None]:
    if blocked is not None:
        return {"message": blocked, "hint": None}
    if not plan.breaches:
        return {"message": "another stream of the sync broke a guard", "hint": None}
    said = "; ".join(
        f"guard {breach.guard} {breach.limit}: {breach.count:,} of {breach.base:,}"
        for breach in plan.breaches
    )
    hint = "If that is right, raise the guard in the sync's `config: guards:`"
    return {"message": said, "hint": hint}


def baselined(record: RunRecord, at: datetime) -> RunRecord:
    """The record of a baseline: everything put down as synced, nothing sent."""
    return replace(record, status=RunStatus.BASELINED, finished_at=at)


def after_delivery(
    record: RunRecord,
    result: DeliveryResult,
    pace: Mapping[str, float] | None,
    *,
    at: datetime,
) -> RunRecord:
    """The record of a stream that was delivered, wholly or not."""
    details: dict[str, Any] = dict(record.details)
    if result.reasons:
        details["rejects"] = dict(result.reasons)
    if result.foreign_results:
        details["foreign_results"] = result.foreign_results
    if result.unsettled_jobs:
        details["unsettled_jobs"] = list(result.unsettled_jobs)
    if pace is not None:
        details["pace"] = dict(pace)
    if result.pause is not None:
        details["paused"] = result.pause.value
    error = result.error or result.pause_error
    if error is not None:
        details["error"] = {"message": error.message, "hint": error.hint}
    elif result.pause is Pause.GUARD:
        details["error"] = _rejected_too_many(record, result)
    elif result.pause is not None:
        details["error"] = {"message": f"ended early: {PAUSED[result.pause]}", "hint": None}
    return replace(
        record,
        status=_status(result),
        finished_at=at,
        rows_succeeded=result.succeeded,
        rows_rejected=result.rejected,
        rows_unknown=result.unknown,
        rows_invalid_late=result.invalid_late,
        rows_unsent=result.unsent,
        jobs=result.jobs,
        details=details,
    )


def _rejected_too_many(record: RunRecord, result: DeliveryResult) -> Mapping[str, str]:
    limit = record.details.get("limit")
    rows = record.rows_planned if limit is None else min(record.rows_planned, int(limit))
    return {
        "message": f"guard max_rejected: {result.rejected:,} of {rows:,} were "
        "rejected, so nothing more was submitted",
        "hint": "Look at the reasons first. If that is right, raise max_rejected under `config: "
        "guards:` of the sync",
    }


def _status(result: DeliveryResult) -> RunStatus:
    if result.error is not None:
        return RunStatus.FAILED
    if result.pause is Pause.GUARD:
        return RunStatus.STOPPED
    if result.stopped or result.pause is not None:
        return RunStatus.INTERRUPTED
    if result.rejected or result.unknown or result.invalid_late:
        return RunStatus.PARTIAL
    return RunStatus.SUCCEEDED
