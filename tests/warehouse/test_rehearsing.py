"""A rehearsal's warehouse counts and reads what apply's does, and writes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp, parse_one

from qsync.execution.ports import CommitContext, Stage, StagedRow
from qsync.planning.changes import ChangeSet
from qsync.planning.compiled import CompiledStream
from qsync.project.model import ObjectType, OnNull, OnRemoved
from qsync.warehouse import DIALECTS
from qsync.warehouse.rehearsing import ReadOnlyConnection, RehearsalWarehouse, WriteRefusedError
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

LEADS = stream(
    field("job_title", on_null=OnNull.CLEAR),
    field("country", options=["US", "DE"]),
    on_removed=OnRemoved.CLEAR,
)
COMPANIES = stream(
    field("country", on_null=OnNull.CLEAR),
    object=ObjectType.COMPANY,
    match="company",
    grouped=True,
)
COLUMNS = "email TEXT, job_title TEXT, country TEXT, company TEXT"


def _second_day(connection: DirectConnection) -> Desk:
    """People of whom some changed, were cleared, came, left, are invalid or are as they were."""
    desk = Desk(connection, COLUMNS)
    before = [(f"p{number}@a.example", "CTO", "US", "a.example") for number in range(6)]
    desk.load(*before)
    desk.run(LEADS, reject=["p5@a.example"])
    desk.run(COMPANIES)
    desk.load(
        ("p0@a.example", "CEO", "US", "a.example"),
        ("p1@a.example", None, "US", "a.example"),
        ("p2@a.example", "CTO", "Mars", "a.example"),
        ("p3@a.example", "CTO", "US", "a.example"),
        ("p5@a.example", "CTO", "US", "a.example"),
        ("new@b.example", "CFO", "DE", "b.example"),
        ("other@b.example", "CFO", "US", "b.example"),
        (None, "CFO", "DE", None),
    )
    return desk


def _rehearsal(connection: DirectConnection) -> RehearsalWarehouse:
    return RehearsalWarehouse(connection, "qsync", {"model.x.people": '"people"'})


def _staged(
    warehouse: RehearsalWarehouse, desk: Desk, of: CompiledStream
) -> tuple[Stage, ChangeSet, list[StagedRow]]:
    request = desk.request(of)
    stage, change_set = warehouse.stage("rehearsed", request.state.stream_id, request)
    return stage, change_set, warehouse.read_stage(stage, 1, stage.rows)


@pytest.mark.parametrize("of", [LEADS, COMPANIES], ids=["leads", "companies of leads"])
def test_it_counts_and_reads_what_apply_would_stage(
    connection: DirectConnection, of: CompiledStream
) -> None:
    desk = _second_day(connection)
    real, real_changes = desk.stage(of)
    stage, change_set, rows = _staged(_rehearsal(connection), desk, of)
    assert rows
    assert (change_set, rows) == (real_changes, desk.rows(real))
    assert stage.request == real.request


def test_what_apply_would_write_is_not_written(connection: DirectConnection) -> None:
    desk = _second_day(connection)
    warehouse = _rehearsal(connection)
    before = _contents(connection)
    warehouse.prepare()
    stage, _, _ = _staged(warehouse, desk, LEADS)
    context = CommitContext("rehearsed", 0, AT)
    warehouse.begin(stage, context)
    warehouse.mark_posted(stage, stage.rows, context, journaled=True)
    warehouse.settle_mapping(stage, context)
    warehouse.purge_removed(stage, AT, context)
    warehouse.note_requests("rehearsed", 0.0, 100)
    warehouse.release_lock(warehouse.acquire_lock("rehearsed", "tests"))
    warehouse.drop_stage(stage)
    assert _contents(connection) == before


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO qsync.qsync_meta VALUES ('a', 'b')",
        "DELETE FROM qsync.qsync_runs",
        "UPDATE qsync.qsync_lock SET epoch = 9",
        "DROP TABLE qsync.qsync_runs",
        "CREATE TABLE kept AS SELECT 1 AS one",
        "CREATE TABLE qsync.kept (one INT)",
        "CREATE INDEX kept ON people (email)",
        "ALTER TABLE people ADD COLUMN one INT",
        "CREATE SCHEMA kept",
        "SET TimeZone = 'UTC'",
    ],
)
def test_no_statement_that_writes_reaches_the_warehouse(sql: str) -> None:
    class Unreachable:
        dialect = DIALECTS["duckdb"]
        database = "memory"

    reading = ReadOnlyConnection(Unreachable())  # type: ignore[arg-type]
    statement = parse_one(sql, dialect="duckdb")
    select = exp.select("1")
    with pytest.raises(WriteRefusedError):
        reading.run(statement)
    with pytest.raises(WriteRefusedError):
        reading.run_and_read([statement], select)
    with pytest.raises(WriteRefusedError):
        reading.rows(statement)
    with pytest.raises(WriteRefusedError):
        reading.run_guarded(statement, select, [])


@pytest.mark.postgres
def test_the_right_to_read_is_enough_on_postgresql(postgres_database: DirectConnection) -> None:
    from tests.support.warehouses import emptied

    connection = emptied(postgres_database)
    desk = _second_day(connection)
    _, expected = desk.stage(LEADS)
    connection.execute("DROP ROLE IF EXISTS rehearsing")
    connection.execute("CREATE ROLE rehearsing")
    for schema in ("public", "qsync"):
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO rehearsing")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO rehearsing")
    connection.execute("SET ROLE rehearsing")
    try:
        _, change_set, rows = _staged(_rehearsal(connection), desk, LEADS)
    finally:
        connection.execute("RESET ROLE")
        connection.execute("DROP OWNED BY rehearsing")
        connection.execute("DROP ROLE rehearsing")
    assert change_set == expected
    assert len(rows) == desk.stage(LEADS)[0].rows


def test_a_duckdb_file_opened_to_be_read_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "people.duckdb"
    with _opened(path) as connection:
        desk = _second_day(connection)
        _, expected = desk.stage(LEADS)
        request = desk.request(LEADS)
    with _opened(path, read_only=True) as connection:
        _, change_set = _rehearsal(connection).stage("r", request.state.stream_id, request)
    assert change_set == expected


@contextlib.contextmanager
def _opened(path: Path, read_only: bool = False) -> Iterator[DirectConnection]:
    with contextlib.closing(duckdb.connect(str(path), read_only=read_only)) as raw:
        yield DirectConnection(raw, DIALECTS["duckdb"], path.stem)


def _contents(connection: DirectConnection) -> dict[str, list[str]]:
    """Every row of every table that lasts."""
    tables = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_type = 'BASE TABLE' "
        "AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    return {
        f"{schema}.{name}": sorted(
            repr(tuple(row))
            for row in connection.execute(f'SELECT * FROM "{schema}"."{name}"').fetchall()
        )
        for schema, name in tables
    }
