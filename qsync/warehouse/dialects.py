"""The dialect of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from qsync.errors import UserError
from qsync.warehouse.bigquery import BigQuery
from qsync.warehouse.databricks import Databricks
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.duckdb import DuckDb
from qsync.warehouse.postgres import Postgres
from qsync.warehouse.redshift import Redshift
from qsync.warehouse.snowflake import Snowflake
from qsync.warehouse.spark import Spark

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (
            DuckDb(),
            Postgres(),
            Snowflake(),
            BigQuery(),
            Redshift(),
            Databricks(),
            Spark(),
        )
    }
)
"""By the adapter's type."""


def dialect_of(adapter_type: str) -> Dialect:
    """The dialect of an adapter's type.

    Raises:
        UserError: qsync does not speak this warehouse yet.
    """
    dialect = DIALECTS.get(adapter_type)
    if dialect is None:
        raise UserError(
            f"qsync does not speak '{adapter_type}' yet",
            hint=f"it speaks {', '.join(sorted(DIALECTS))}; ask for another one in an issue: it is "
            "one file of what differs",
        )
    return dialect
