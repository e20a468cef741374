"""A run record: what one apply did for one sync and object. Summary numbers only, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    """Finished, with rejected, unknown or invalid-late records."""
    FAILED = "failed"
    STOPPED = "stopped"
    """A guard, a gate or a catalog check kept it from writing."""
    INTERRUPTED = "interrupted"
    NOTHING_TO_DO = "nothing_to_do"
    BASELINED = "baselined"


SUCCESS = frozenset({RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO, RunStatus.BASELINED})
"""Nothing is left to be done."""


class ConservationError(AssertionError):
    """planned = succeeded + rejected + unknown + invalid_late + unsent does not hold: a bug."""


ANOTHER_STREAM = "another stream's"
"""In `details`, the guard that stopped a stream which broke none itself."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One row of the ledger; the attributes are its columns, in order (`ledger.columns`).

    Times are UTC with a zone. `details` is plain data and holds no value, key or address.
    """

    run_id: str
    sync: str
    object: str
    target: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    rows_in_model: int = 0
    rows_added: int = 0
    rows_changed: int = 0
    rows_removed: int = 0
    rows_unchanged: int = 0
    rows_invalid: int = 0
    rows_resting: int = 0
    rows_planned: int = 0
    rows_succeeded: int = 0
    rows_rejected: int = 0
    rows_unknown: int = 0
    rows_invalid_late: int = 0
    rows_unsent: int = 0
    jobs: int = 0
    requests: int = 0
    retries: int = 0
    dbt_invocation_id: str | None = None
    git_commit: str | None = None
    qsync_version: str = ""
    config_fingerprint: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stopped_by_another(self) -> bool:
        """Whether another stream of its sync broke the guard that stopped it."""
        return self.details.get("guards") == [ANOTHER_STREAM]

    def check_conservation(self) -> None:
        """Raise unless every planned record is accounted for."""
        ended = (
            self.rows_succeeded
            + self.rows_rejected
            + self.rows_unknown
            + self.rows_invalid_late
            + self.rows_unsent
        )
        if ended != self.rows_planned:
            raise ConservationError(
                f"{self.sync} ({self.object}): planned {self.rows_planned}, accounted for {ended}"
            )

    def cells(self) -> tuple[str | int | None, ...]:
        """The row's cells in the ledger's order: texts, numbers, None for empty."""
        return (
            self.run_id,
            self.sync,
            self.object,
            self.target,
            self.status.value,
            timestamp_text(self.started_at),
            None if self.finished_at is None else timestamp_text(self.finished_at),
            self.rows_in_model,
            self.rows_added,
            self.rows_changed,
            self.rows_removed,
            self.rows_unchanged,
            self.rows_invalid,
            self.rows_resting,
            self.rows_planned,
            self.rows_succeeded,
            self.rows_rejected,
            self.rows_unknown,
            self.rows_invalid_late,
            self.rows_unsent,
            self.jobs,
            self.requests,
            self.retries,
            self.dbt_invocation_id,
            self.git_commit,
            self.qsync_version,
            self.config_fingerprint,
            orjson.dumps(self.details, option=orjson.OPT_SORT_KEYS).decode(),
        )


def timestamp_text(moment: datetime) -> str:
    """UTC to the second, as the ledger writes it: `2026-11-03 05:00:12`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
