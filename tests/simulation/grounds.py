"""What a simulation stands on: the model and qsync's tables, in DuckDB's SQL or in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from qsync.execution.ports import ExecutionWarehouse
from qsync.ledger.columns import LEDGER_COLUMN_NAMES
from qsync.ledger.record import RunStatus
from qsync.warehouse.columns import column_reader
from qsync.warehouse.writing import WritingWarehouse
from tests.support.memory_store import MemoryStore
from tests.support.memory_warehouse import MemoryWarehouse
from tests.support.warehouses import DirectConnection

HOST = "api.qualified.com"
MODEL = "model.shop.dim_leads"
RELATION = '"memory"."main"."people"'

Values = tuple[str | None, str | None]
"""First name (null keeps what is there) and job title (null clears it)."""


class StateRow(NamedTuple):
    """A record in state."""

    key: str
    first_name: str | None
    job_title: str | None
    status: str


class RejectRow(NamedTuple):
    """A reject that is kept, the last run that saw it, and how often it was said in a row."""

    key: str
    reason: str
    field: str | None
    run_id: str
    attempts: int


class Left(NamedTuple):
    """What runs have left behind: noted jobs, staged tables, open records."""

    jobs: int
    stages: int
    running: int


class Ground(Protocol):
    """A warehouse that outlives the runs, as a test looks at it."""

    def load(self, model: Mapping[str, Values]) -> None:
        """Make these the model's rows."""

    def warehouse(self) -> ExecutionWarehouse:
        """A new process's view of it."""

    def let_the_lock_expire(self) -> None:
        """A dead run's fifteen minutes pass."""

    def known_jobs(self) -> set[str]:
        """Ids of the jobs that are noted as open."""

    def records(self) -> list[dict[str, Any]]:
        """The run records by their columns; none before the first run."""

    def state(self) -> list[StateRow]:
        """All records in state, by key."""

    def rejected(self) -> set[str]:
        """Keys of the rejects that are kept."""

    def rejects(self) -> list[RejectRow]:
        """The rejects that are kept, by key."""

    def left(self) -> Left:
        """What runs have left behind."""

    def close(self) -> None:
        """Let go of it."""


@dataclass
class SqlGround:
    """The real tables, written by the real SQL."""

    connection: DirectConnection

    def __post_init__(self) -> None:
        self.connection.execute("CREATE TABLE people (email text, first_name text, job_title text)")

    def load(self, model: Mapping[str, Values]) -> None:
        """Make these the model's rows."""
        self.connection.execute("DELETE FROM people")
        for key, values in model.items():
            self.connection.raw.execute("INSERT INTO people VALUES (?, ?, ?)", [key, *values])

    def warehouse(self) -> ExecutionWarehouse:
        """A new process's view of it."""
        return WritingWarehouse(
            self.connection,
            "qsync",
            {MODEL: RELATION},
            column_reader(self.connection),
            destination=HOST,
            project="shop",
        )

    def let_the_lock_expire(self) -> None:
        """By the warehouse's clock, which is a real one."""
        self.connection.execute("UPDATE qsync.qsync_lock SET expires = 0")

    def known_jobs(self) -> set[str]:
        """Ids of the jobs that are noted as open."""
        return {str(row[0]) for row in self.sql("SELECT job_id FROM qsync.qsync_jobs")}

    def records(self) -> list[dict[str, Any]]:
        """The run records by their columns."""
        if ("qsync_runs",) not in self.sql("SELECT table_name FROM duckdb_tables()"):
            return []
        names = ", ".join(LEDGER_COLUMN_NAMES)
        rows = self.sql(f"SELECT {names} FROM qsync.qsync_runs ORDER BY run_id")
        return [dict(zip(LEDGER_COLUMN_NAMES, cells, strict=True)) for cells in rows]

    def state(self) -> list[StateRow]:
        """All records in state, by key."""
        found = [
            StateRow(*row)
            for (table,) in self.sql("SELECT state_table FROM qsync.qsync_streams")
            for row in self.sql(
                f'SELECT key, v_first_name, v_job_title, status FROM qsync."{table}"'
            )
        ]
        return sorted(found)

    def rejected(self) -> set[str]:
        """Keys of the rejects that are kept."""
        return {reject.key for reject in self.rejects()}

    def rejects(self) -> list[RejectRow]:
        """The rejects that are kept, by key."""
        columns = ", ".join(RejectRow._fields)
        rows = self.sql(f"SELECT {columns} FROM qsync.qsync_rejects ORDER BY key")
        return [RejectRow(*row) for row in rows]

    def left(self) -> Left:
        """What runs have left behind."""
        counts = (
            self.sql(f"SELECT count(*) FROM qsync.{what}")[0][0]
            for what in ("qsync_jobs", "qsync_stages", "qsync_runs WHERE status = 'running'")
        )
        return Left(*counts)

    def close(self) -> None:
        """Close the database."""
        self.connection.raw.close()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """A statement's rows."""
        return [tuple(row) for row in self.connection.execute(statement).fetchall()]


class MemoryGround:
    """The same in memory; `clock` answers epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        columns = ("email", "first_name", "job_title")
        self.store = MemoryStore(clock, {MODEL: RELATION}, columns)

    def load(self, model: Mapping[str, Values]) -> None:
        """Make these the model's rows."""
        self.store.model = [
            {"email": key, "first_name": first, "job_title": title}
            for key, (first, title) in model.items()
        ]

    def warehouse(self) -> ExecutionWarehouse:
        """A new process's view of it."""
        return cast(ExecutionWarehouse, MemoryWarehouse(self.store))

    def let_the_lock_expire(self) -> None:
        """It is as if they had passed."""
        self.store.lock.expires = 0.0

    def known_jobs(self) -> set[str]:
        """Ids of the jobs that are noted as open."""
        return {job_id for jobs in self.store.jobs.values() for job_id in jobs}

    def records(self) -> list[dict[str, Any]]:
        """The run records by their columns."""
        runs = (run for _, run in sorted(self.store.runs.items()))
        return [dict(zip(LEDGER_COLUMN_NAMES, run.cells(), strict=True)) for run in runs]

    def state(self) -> list[StateRow]:
        """All records in state, by key."""
        return [
            StateRow(key, row.values.get("v_first_name"), row.values.get("v_job_title"), row.status)
            for table in self.store.streams.values()
            for key, row in sorted(table.rows.items())
        ]

    def rejected(self) -> set[str]:
        """Keys of the rejects that are kept."""
        return {reject.key for reject in self.rejects()}

    def rejects(self) -> list[RejectRow]:
        """The rejects that are kept, by key."""
        return [
            RejectRow(key, item.reason, item.field, item.run_id, item.attempts)
            for (_, key), item in sorted(self.store.rejects.items())
        ]

    def left(self) -> Left:
        """What runs have left behind."""
        running = sum(run.status is RunStatus.RUNNING for run in self.store.runs.values())
        return Left(len(self.known_jobs()), len(self.store.stages), running)

    def close(self) -> None:
        """Nothing is open."""
