"""How one statement goes to the adapter: by a cursor, or as a job where there are none (BigQuery).

dbt-bigquery's connections are none of dbt's SQL connections: they have no `add_query`, and the rows
of a statement come as its job's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qsync.warehouse.engine import Engine


class JobRows:
    """A job's rows, read as a cursor's are."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = rows

    def fetchall(self) -> list[Any]:
        """All rows; none of a statement that has none."""
        return list(self._rows)


def sender(connections: Any, engine: Engine) -> Callable[[str], Any]:
    """What runs one statement and gives what its rows are fetched from.

    Args:
        connections: The adapter's connection manager.
        engine: What the adapter's engine does.
    """

    def by_cursor(sql: str) -> Any:
        _, cursor = connections.add_query(sql, auto_begin=False)
        return cursor

    def as_job(sql: str) -> Any:
        _, rows = connections.raw_execute(sql)
        return JobRows(rows)

    return as_job if engine.jobs else by_cursor
