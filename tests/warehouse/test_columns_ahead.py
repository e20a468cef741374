"""Columns that are read ahead are those that would have been read one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlglot import parse_one

from qsync.warehouse.columns import column_reader
from qsync.warehouse.columns_ahead import columns_ahead
from qsync.warehouse.connection import Row
from qsync.warehouse.memory import DATABASE, MemoryConnection
from qsync.warehouse.sql import Expression

RELATIONS = tuple(f'"{DATABASE}"."{name}' for name in ('a"."t"', 'b"."t"', 'a"."Wide"'))
ABSENT = f'"{DATABASE}"."a"."nobody"'


class Counting(MemoryConnection):
    """Counts what it is asked."""

    asked = 0

    def rows(self, statement: Expression) -> list[Row]:
        self.asked += 1
        return super().rows(statement)


@pytest.fixture
def memory() -> Iterator[Counting]:
    connection = Counting()
    for statement in (
        "CREATE SCHEMA a",
        "CREATE SCHEMA b",
        'CREATE TABLE a.t (z TEXT, "Mixed Case" DECIMAL(5, 2), a TEXT[])',
        "CREATE TABLE b.t (id BIGINT)",
        'CREATE TABLE a."Wide" (email TEXT, at TIMESTAMP)',
    ):
        connection.run(parse_one(statement, dialect="duckdb"))
    yield connection
    connection.close()


def test_relations_of_one_name_in_two_schemas_keep_their_own_columns(memory: Counting) -> None:
    one_by_one = column_reader(memory)
    expected = {relation: one_by_one(relation) for relation in RELATIONS}
    assert None not in expected.values()
    ahead = columns_ahead(memory, RELATIONS)
    assert {relation: ahead(relation) for relation in RELATIONS} == expected


def test_all_are_read_by_one_statement(memory: Counting) -> None:
    ahead = columns_ahead(memory, [*RELATIONS, ABSENT])
    for relation in (*RELATIONS, *RELATIONS):
        assert ahead(relation)
    assert ahead(ABSENT) is None
    assert memory.asked == 1


def test_one_that_nobody_expected_is_read_by_itself(memory: Counting) -> None:
    ahead = columns_ahead(memory, RELATIONS[:2])
    assert ahead(RELATIONS[2]) == column_reader(memory)(RELATIONS[2])
    assert ahead(ABSENT) is None


def test_a_relation_written_in_another_case_is_the_same_one(memory: Counting) -> None:
    shouted = RELATIONS[2].upper()
    assert columns_ahead(memory, [shouted, *RELATIONS])(shouted) == column_reader(memory)(shouted)
