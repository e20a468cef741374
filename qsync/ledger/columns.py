"""The ledger's columns: one fixed order for the warehouse's table, the seed and its properties.

`dbt seed` swaps data silently when columns change their order (a seed is truncated and reinserted),
so this list is append-only. What does not deserve a column goes into `details`, one JSON text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "timestamp", "bigint"]


@dataclass(frozen=True, slots=True)
class LedgerColumn:
    """One column: its name, its type in SQL and what it says."""

    name: str
    type: ColumnType
    description: str


LEDGER_COLUMNS: tuple[LedgerColumn, ...] = (
    LedgerColumn("run_id", "text", "The `qsync apply` that wrote this row."),
    LedgerColumn("sync", "text", "The sync's name."),
    LedgerColumn(
        "object",
        "text",
        "Qualified's object: lead or company. A leads sync with a `company:` block has a row for "
        "each.",
    ),
    LedgerColumn("target", "text", "The dbt target of the run."),
    LedgerColumn(
        "status",
        "text",
        "running, succeeded, partial (rejected, unknown or invalid-late rows), failed, stopped "
        "(guard, gate or catalog), interrupted, nothing_to_do or baselined.",
    ),
    LedgerColumn("started_at", "timestamp", "When the run began, UTC."),
    LedgerColumn("finished_at", "timestamp", "When it ended, UTC; empty while running."),
    LedgerColumn(
        "rows_in_model", "bigint", "Records the model holds for this object, valid or not."
    ),
    LedgerColumn("rows_added", "bigint", "Records never sent before."),
    LedgerColumn(
        "rows_changed",
        "bigint",
        "Records with something to send that differs from what was acknowledged.",
    ),
    LedgerColumn("rows_removed", "bigint", "Records that left the model since the last run."),
    LedgerColumn("rows_unchanged", "bigint", "Records with nothing to send."),
    LedgerColumn("rows_invalid", "bigint", "Records that cannot be sent as they are; never sent."),
    LedgerColumn(
        "rows_resting",
        "bigint",
        "Records Qualified rejected twice as they are; not sent again until they change.",
    ),
    LedgerColumn(
        "rows_planned",
        "bigint",
        "Records the plan would send: succeeded + rejected + unknown + invalid_late + unsent.",
    ),
    LedgerColumn("rows_succeeded", "bigint", "Records Qualified confirmed one by one."),
    LedgerColumn("rows_rejected", "bigint", "Records Qualified rejected."),
    LedgerColumn(
        "rows_unknown", "bigint", "Records sent without an answer; the next run sends them again."
    ),
    LedgerColumn("rows_invalid_late", "bigint", "Records that could not be written as JSON."),
    LedgerColumn(
        "rows_unsent", "bigint", "Records left for a later run (a limit, a stop, an interruption)."
    ),
    LedgerColumn("jobs", "bigint", "Bulk jobs submitted."),
    LedgerColumn("requests", "bigint", "HTTP requests made, retries included."),
    LedgerColumn("retries", "bigint", "Requests that were repeated."),
    LedgerColumn(
        "dbt_invocation_id",
        "text",
        "The dbt invocation that wrote the manifest this run was planned on.",
    ),
    LedgerColumn("git_commit", "text", "The commit of the project's checkout, when there is one."),
    LedgerColumn("qsync_version", "text", "The version of qsync."),
    LedgerColumn(
        "config_fingerprint", "text", "Changes when the meaning of the sync's mapping does."
    ),
    LedgerColumn(
        "details",
        "text",
        "JSON: invalid rows and rejects by reason, fields changed, conflicts, the error.",
    ),
)
"""Every column, in order."""

LEDGER_COLUMN_NAMES: tuple[str, ...] = tuple(column.name for column in LEDGER_COLUMNS)
