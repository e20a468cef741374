"""How warehouses behave, as a small, explicit table: transactions, tables, commits.

`Dialect` says how an expression is written; `Engine` says what the machine behind it does with
statements (dbt.md, "Found last"). Where an engine has no transactions, statements run one by one in
the order they are given, which is such that dying between any two only makes records be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Transactions(Enum):
    """How several statements become one."""

    HELPERS = "dbt's helpers, on a fresh connection each"
    EXPLICIT = "BEGIN and COMMIT, sent in one session"
    NONE = "none: statement by statement"


@dataclass(frozen=True, slots=True)
class Engine:
    """What one adapter's engine does.

    Attributes:
        transactions: How several statements become one.
        table_format: What qsync's tables are made with (`USING …`); None for the engine's own.
        merges: State is brought up to date by one MERGE instead of delete and insert.
        primary_keys: Whether a primary key is enforced.
        copies_columns: A state table's columns change by copying it, not by ALTER TABLE.
        shows_tables: Tables and schemas are told by SHOW instead of an information schema.
        jobs: Each statement is a job of its own: there are no cursors, an information schema is
            that of one schema, and the adapter tells whether there is such a schema.
        commit_seconds: Seconds between commits while records are delivered.
        conflicts: Words in an error that mean that two writers met.
    """

    transactions: Transactions
    table_format: str | None = None
    merges: bool = False
    primary_keys: bool = False
    copies_columns: bool = False
    shows_tables: bool = False
    jobs: bool = False
    commit_seconds: float = 60.0
    conflicts: tuple[str, ...] = ()

    @property
    def atomic(self) -> bool:
        """Whether several statements can be all or none."""
        return self.transactions is not Transactions.NONE


_LAKE_CONFLICTS = (
    "ConcurrentAppendException",
    "ConcurrentDeleteReadException",
    "ConcurrentModificationException",
    "ConcurrentWriteException",
    "CommitFailedException",
    "Found conflicting files",
    "commit conflict",
)

ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        "duckdb": Engine(Transactions.HELPERS, primary_keys=True, commit_seconds=5.0),
        "postgres": Engine(Transactions.HELPERS, primary_keys=True, commit_seconds=5.0),
        "redshift": Engine(Transactions.EXPLICIT, conflicts=("Serializable isolation violation",)),
        "snowflake": Engine(Transactions.EXPLICIT),
        "spark": Engine(
            Transactions.NONE,
            table_format="iceberg",
            merges=True,
            copies_columns=True,
            shows_tables=True,
            conflicts=_LAKE_CONFLICTS,
        ),
        "databricks": Engine(
            Transactions.NONE,
            table_format="delta",
            merges=True,
            copies_columns=True,
            conflicts=_LAKE_CONFLICTS,
        ),
        # It has transactions in scripts and sessions; dbt sends single statements in none.
        "bigquery": Engine(
            Transactions.NONE,
            merges=True,
            copies_columns=True,
            jobs=True,
            conflicts=("concurrent update",),
        ),
    }
)
"""By the adapter's type."""


def engine_of(adapter_type: str) -> Engine:
    """How the engine of an adapter's type behaves; `dialect_of` has refused unknown types."""
    return ENGINES[adapter_type]
