"""What a fault does to a job and to its results (`faults.JobFault`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from qsync.emulator.faults import JobFault
from qsync.emulator.jobs import ItemResult, JobPlan

_ENDINGS: dict[str, Literal["completed", "failed"] | None] = {
    "completed": "completed",
    "failed": "failed",
    "stuck": None,
}


def job_plan(fault: JobFault, total: int) -> JobPlan:
    """How a job of `total` items will run under a fault."""
    failing = {number for number in fault.failing if number < total}
    if fault.failing_every:
        failing.update(range(fault.failing_every - 1, total, fault.failing_every))
    return JobPlan(
        late=fault.late,
        lasts=fault.lasts,
        stops_after=fault.stops_after,
        ending=_ENDINGS[fault.ending],
        failing=dict.fromkeys(failing, fault.error),
    )


def distorted(results: Sequence[ItemResult], fault: JobFault, job_id: str) -> list[ItemResult]:
    """The results with some left out, repeated, or of strangers added at the end."""
    missing, twice = set(fault.missing), set(fault.duplicated)
    shown = [
        result
        for number, result in enumerate(results)
        if number not in missing
        for _ in range(2 if number in twice else 1)
    ]
    shown.extend(
        {"requestId": f"foreign-{job_id}-{number}", "status": "completed", "errors": []}
        for number in range(fault.foreign)
    )
    return shown
