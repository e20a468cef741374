"""The DuckDB in memory that sync tests run on: a connection like any other, and a closed one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlglot import parse_one

from qsync.warehouse.connection import WarehouseError
from qsync.warehouse.memory import MemoryConnection
from qsync.warehouse.sql import Expression


@pytest.fixture
def memory() -> Iterator[MemoryConnection]:
    """A database with an empty table."""
    with closing(MemoryConnection()) as connection:
        connection.run(_sql("CREATE TABLE t (n BIGINT)"))
        yield connection


def _sql(text: str) -> Expression:
    return parse_one(text, dialect="duckdb")


def _numbers(memory: MemoryConnection) -> list[int]:
    return [int(row[0]) for row in memory.rows(_sql("SELECT n FROM t ORDER BY n"))]


def test_statements_of_one_call_happen_together_or_not_at_all(memory: MemoryConnection) -> None:
    with pytest.raises(WarehouseError):
        memory.run(_sql("INSERT INTO t VALUES (1)"), _sql("INSERT INTO nowhere VALUES (2)"))
    assert _numbers(memory) == []
    memory.run(_sql("INSERT INTO t VALUES (1)"), _sql("INSERT INTO t VALUES (2)"))
    assert _numbers(memory) == [1, 2]


def test_a_guard_that_finds_nothing_takes_everything_back(memory: MemoryConnection) -> None:
    guard, wanted = _sql("INSERT INTO t VALUES (1)"), [_sql("INSERT INTO t VALUES (2)")]
    assert not memory.run_guarded(guard, _sql("SELECT n FROM t WHERE n > 5"), wanted)
    assert _numbers(memory) == []
    assert memory.run_guarded(guard, _sql("SELECT n FROM t WHERE n = 1"), wanted)
    assert _numbers(memory) == [1, 2]


def test_what_it_refuses_is_told_without_the_value(memory: MemoryConnection) -> None:
    with pytest.raises(WarehouseError) as refused:
        memory.rows(_sql("SELECT CAST('ada@x.example' AS BIGINT)"))
    assert "ada@x.example" not in str(refused.value)


def test_no_file_can_be_read_or_written_from_it(memory: MemoryConnection, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("n\n1\n")
    for text in (f"SELECT * FROM READ_CSV('{file}')", f"COPY t TO '{tmp_path / 'out.csv'}'"):
        with pytest.raises(WarehouseError, match="disabled"):
            memory.run(_sql(text))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_two_of_them_know_nothing_of_each_other(memory: MemoryConnection) -> None:
    memory.run(_sql("INSERT INTO t VALUES (1)"))
    with closing(MemoryConnection()) as other, pytest.raises(WarehouseError):
        other.rows(_sql("SELECT n FROM t"))
