"""How a sync stands, from its runs: the one word of a report, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from qsync.ledger.record import SUCCESS, RunRecord, RunStatus
from qsync.views.entries import ago_words, rough_words


class Health(StrEnum):
    """The word, the gravest first."""

    FAILING = "failing"
    """The last run failed, was stopped or was interrupted."""
    LATE = "late"
    """No complete run for too long."""
    REJECTING = "rejecting"
    """The last run is complete, and some records were rejected or have no answer."""
    OK = "ok"
    NEVER_RUN = "never_run"
    DISABLED = "disabled"


COMPLETE = SUCCESS | {RunStatus.PARTIAL}
"""The run got to its end: every record was answered, whatever the answer."""

_WORST = (
    *(RunStatus.RUNNING, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED),
    *(RunStatus.PARTIAL, RunStatus.BASELINED, RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO),
)

_ENDINGS = {
    RunStatus.FAILED: "The last run failed",
    RunStatus.STOPPED: "The last run was stopped before it wrote",
    RunStatus.INTERRUPTED: "The last run was interrupted",
}


def worst(records: Sequence[RunRecord]) -> RunStatus:
    """Of records of one run: how it ended, all in all."""
    return min((record.status for record in records), key=_WORST.index)


def by_run(records: Sequence[RunRecord]) -> list[list[RunRecord]]:
    """The records of each run, oldest run first; within a run by sync and object."""
    runs: dict[str, list[RunRecord]] = {}
    for record in sorted(records, key=lambda item: (item.sync, item.object)):
        runs.setdefault(record.run_id, []).append(record)
    return sorted(runs.values(), key=lambda items: (started(items), items[0].run_id))


def started(records: Sequence[RunRecord]) -> datetime:
    """When the first of them began."""
    return min(record.started_at for record in records)


def health_of(
    runs: Sequence[Sequence[RunRecord]], *, enabled: bool, now: datetime, late_after: float
) -> tuple[Health, str]:
    """The word for a sync and a sentence that says why.

    Args:
        runs: The sync's runs, oldest first, each with its records.
        enabled: Whether the project has it enabled.
        now: The moment of the report.
        late_after: Seconds without a complete run that make it late.
    """
    if not enabled:
        return Health.DISABLED, "Disabled in its file: nothing is sent."
    ended = [run for run in runs if worst(run) is not RunStatus.RUNNING]
    if not ended:
        if runs:
            return Health.NEVER_RUN, "Its first run is under way, or died without a word."
        return Health.NEVER_RUN, "It was never applied."
    last = worst(ended[-1])
    complete = next((run for run in reversed(ended) if worst(run) in COMPLETE), None)
    silent = None if complete is None else (now - started(complete)).total_seconds()
    if last not in COMPLETE:
        since = "it never completed" if complete is None else f"last complete {_ago(complete, now)}"
        return Health.FAILING, f"{_ENDINGS[last]}; {since}."
    if silent is not None and silent > late_after:
        allowed = rough_words(late_after)
        return Health.LATE, f"No complete run for {rough_words(silent)}; allowed: {allowed}."
    if last is RunStatus.PARTIAL:
        return Health.REJECTING, "The last run is complete, but not every record arrived."
    return Health.OK, "The last run is complete, and every record it sent arrived."


def _ago(run: Sequence[RunRecord], now: datetime) -> str:
    return ago_words(started(run), now)
