"""Small factories of run records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from qsync.ledger import RunRecord, RunStatus

START = datetime(2026, 11, 3, 5, 0, 12, tzinfo=UTC)


def a_record(
    sync: str = "leads",
    object_name: str = "lead",
    status: RunStatus = RunStatus.SUCCEEDED,
    *,
    run_id: str = "20261103T050012-7f3a",
    started: datetime = START,
    seconds: float | None = 2.1,
    details: Mapping[str, object] | None = None,
    invalid: int = 0,
    succeeded: int = 0,
    rejected: int = 0,
    unknown: int = 0,
    invalid_late: int = 0,
    unsent: int = 0,
    jobs: int = 1,
    retries: int = 0,
) -> RunRecord:
    """A record that accounts for every planned row."""
    record = RunRecord(
        run_id=run_id,
        sync=sync,
        object=object_name,
        target="prod",
        status=status,
        started_at=started,
        finished_at=None if seconds is None else started + timedelta(seconds=seconds),
        rows_planned=succeeded + rejected + unknown + invalid_late + unsent,
        rows_invalid=invalid,
        rows_succeeded=succeeded,
        rows_rejected=rejected,
        rows_unknown=unknown,
        rows_invalid_late=invalid_late,
        rows_unsent=unsent,
        jobs=jobs,
        requests=2 * jobs + retries,
        retries=retries,
        qsync_version="0.1.0",
        config_fingerprint="9f8e7d",
        details=details or {},
    )
    record.check_conservation()
    return record


def mixed_run() -> list[RunRecord]:
    """A first load with everything that can go wrong in it."""
    return [
        a_record("companies", "company", succeeded=394, invalid=12, details={"first_load": True}),
        a_record("leads", "company", RunStatus.NOTHING_TO_DO, seconds=0.1, jobs=0),
        a_record(
            status=RunStatus.PARTIAL,
            seconds=75,
            succeeded=2_484,
            rejected=11,
            unknown=3,
            invalid_late=1,
            unsent=1_200,
            invalid=14,
            jobs=6,
            retries=2,
            details={
                "first_load": True,
                "invalid": {"null_key": 10, "not_an_option:industry": 4},
                "rejects": {"phone: is not a phone number": 8, "first_name: is too long": 3}
                | {"not_a_number:employees": 1},
            },
        ),
        a_record(
            "usage",
            status=RunStatus.STOPPED,
            seconds=0.2,
            jobs=0,
            details={
                "error": {
                    "message": "max_changed allows 20%, and 31.2% would change",
                    "hint": "Look at the model, then raise the guard.",
                }
            },
        ),
    ]
