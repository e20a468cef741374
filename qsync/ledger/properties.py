"""The properties file beside the ledger's seed: types, descriptions and tests of every column."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType

from qsync.ledger.columns import LEDGER_COLUMNS, ColumnType, LedgerColumn
from qsync.ledger.record import RunStatus

_COMMON: Mapping[ColumnType, str] = MappingProxyType(
    {"text": "varchar", "timestamp": "timestamp", "bigint": "bigint"}
)

_TYPES: Mapping[str, Mapping[ColumnType, str]] = MappingProxyType(
    {
        "bigquery": {"text": "string", "timestamp": "timestamp", "bigint": "int64"},
        "databricks": {**_COMMON, "text": "string"},
        # Without a length Redshift's varchar holds 256 bytes, too few for `details`.
        "redshift": {**_COMMON, "text": "varchar(65535)"},
        "snowflake": {**_COMMON, "timestamp": "timestamp_ntz"},
        "spark": {**_COMMON, "text": "string"},
    }
)
"""Where an adapter's names differ from the common ones."""

_ACCEPTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"object": ("lead", "company"), "status": tuple(status.value for status in RunStatus)}
)
_NOT_NULL = frozenset({"run_id", "sync", "object", "status", "started_at"})

_DESCRIPTION = (
    "The ledger of qsync: one row per run, sync and object. The truth is in the warehouse; this "
    "file is written from it by `qsync apply` and `qsync ledger pull`. Do not edit it and do not "
    "reorder its columns: `dbt seed` would swap their values. Every planned record is accounted "
    "for: rows_planned = rows_succeeded + rows_rejected + rows_unknown + rows_invalid_late + "
    "rows_unsent."
)


def seed_properties(seed: str = "qsync_runs", adapter: str = "duckdb") -> str:
    """The YAML text for a seed of that name on an adapter of that type.

    The column types are given, because dbt would guess them from the rows that happen to be there.
    """
    types = _TYPES.get(adapter, _COMMON)
    lines = [
        "version: 2",
        "",
        "seeds:",
        f"  - name: {seed}",
        *_folded("    ", "description", _DESCRIPTION),
        "    config:",
        "      column_types:",
        *(f"        {column.name}: {types[column.type]}" for column in LEDGER_COLUMNS),
        "    data_tests:",
        "      # dbt has no built-in test of a combination; `unique` takes an expression.",
        "      - unique:",
        f"          name: {seed}_one_row_per_run_sync_and_object",
        "          arguments:",
        """            column_name: "run_id || ' ' || sync || ' ' || object\"""",
        "    columns:",
    ]
    for column in LEDGER_COLUMNS:
        lines += _column(column)
    return "\n".join(lines) + "\n"


def _column(column: LedgerColumn) -> list[str]:
    lines = [f"      - name: {column.name}"]
    lines += _folded("        ", "description", column.description)
    accepted = _ACCEPTED.get(column.name)
    if column.name in _NOT_NULL:
        lines += ["        data_tests:", "          - not_null"]
    if accepted is not None:
        lines += [
            "          - accepted_values:",
            "              arguments:",
            f"                values: [{', '.join(accepted)}]",
        ]
    return lines


def _folded(indent: str, key: str, text: str) -> list[str]:
    """A folded block: no sign in the text can be read as YAML."""
    inner = indent + "  "
    wrapped = textwrap.wrap(
        text, width=110, initial_indent=inner, subsequent_indent=inner, break_on_hyphens=False
    )
    return [f"{indent}{key}: >-", *wrapped]
