"""A run record as a row of the ledger, and a row of the ledger as a run record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson

from qsync.ledger.columns import LEDGER_COLUMN_NAMES, LEDGER_COLUMNS
from qsync.ledger.record import RunRecord, RunStatus, timestamp_text

Cell = str | int | None
"""A text (times too, as `timestamp_text` writes them), a number, or nothing."""

SeedRow = dict[str, Cell]
"""A row of the ledger: every column of `LEDGER_COLUMNS` by name."""

_NUMBERS = frozenset(column.name for column in LEDGER_COLUMNS if column.type == "bigint")
_TEXTS = frozenset({"qsync_version", "config_fingerprint"})


def row_of(record: RunRecord) -> SeedRow:
    """The record's row."""
    return dict(zip(LEDGER_COLUMN_NAMES, record.cells(), strict=True))


def row_from_cells(cells: Sequence[object]) -> SeedRow:
    """A row from cells in the ledger's order, as a driver or the warehouse room gives them.

    An empty text is no value.
    """
    pairs = zip(LEDGER_COLUMN_NAMES, cells, strict=True)
    return {name: cell(name, value) for name, value in pairs}


def record_of(row: Mapping[str, object]) -> RunRecord:
    """The record a row was written from.

    The row may come from the seed or from the warehouse: a time may be a `datetime` (without a zone
    it is UTC), a column may be missing (an older ledger), `details` may be empty.

    Raises:
        ValueError: A status or a time nobody knows, or `details` that are no JSON.
    """
    given: dict[str, object] = {}
    for name in LEDGER_COLUMN_NAMES:
        value = cell(name, row.get(name))
        if name in _NUMBERS:
            given[name] = 0 if value is None else value
        elif name in _TEXTS:
            given[name] = "" if value is None else str(value)
        else:
            given[name] = value
    given["status"] = RunStatus(str(row["status"]))
    given["started_at"] = moment(row["started_at"])
    finished, details = given["finished_at"], given["details"]
    given["finished_at"] = None if finished is None else moment(finished)
    given["details"] = {} if details is None else orjson.loads(str(details))
    return RunRecord(**given)  # type: ignore[arg-type]


def moment(value: object) -> datetime:
    """A time in UTC, from a `datetime` or from text; without a zone it is UTC."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def cell(name: str, value: object) -> Cell:
    """A value as the seed holds it. An empty text is no value: `dbt seed` reads it as NULL."""
    if value is None or value == "":
        return None
    if name in _NUMBERS:
        return int(str(value))
    return timestamp_text(moment(value)) if isinstance(value, datetime) else str(value)
