"""The ledger: what every run did, in the warehouse (the truth) and in a seed for models to read."""

from __future__ import annotations

from qsync.ledger.columns import LEDGER_COLUMN_NAMES, LEDGER_COLUMNS, LedgerColumn
from qsync.ledger.properties import seed_properties
from qsync.ledger.record import ConservationError, RunRecord, RunStatus, timestamp_text
from qsync.ledger.results import RESULT_WORDS, result_words
from qsync.ledger.rows import SeedRow, record_of, row_from_cells, row_of
from qsync.ledger.seed import SEED_ROWS, keep, read_seed, seed_text, write_seed

__all__ = [
    "LEDGER_COLUMNS",
    "LEDGER_COLUMN_NAMES",
    "RESULT_WORDS",
    "SEED_ROWS",
    "ConservationError",
    "LedgerColumn",
    "RunRecord",
    "RunStatus",
    "SeedRow",
    "keep",
    "read_seed",
    "record_of",
    "result_words",
    "row_from_cells",
    "row_of",
    "seed_properties",
    "seed_text",
    "timestamp_text",
    "write_seed",
]
