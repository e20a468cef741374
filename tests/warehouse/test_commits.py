"""From outcomes to the condition that acknowledges: exactly the records that succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from qsync.execution.ports import Outcome, Reject
from qsync.warehouse.commits import acknowledged, numbered
from qsync.warehouse.sql import Expression, col
from tests.support.warehouses import DirectConnection

FATES = st.lists(st.sampled_from(["ok", "ok", "rejected", "unknown", "invalid_late"]), max_size=40)


def _outcomes(fates: Sequence[str], cuts: Sequence[int]) -> list[Outcome]:
    """The chunks of a delivery, in any order, over the numbers from 1."""
    bounds = sorted({0, len(fates), *(cut % (len(fates) + 1) for cut in cuts)})
    chunks = []
    for before, last in pairwise(bounds):
        by_fate: dict[str, list[int]] = {"rejected": [], "unknown": [], "invalid_late": []}
        for number in range(before + 1, last + 1):
            by_fate.get(fates[number - 1], []).append(number)
        chunks.append(
            Outcome(
                before + 1,
                last,
                rejects=tuple(Reject(number, "phone is invalid") for number in by_fate["rejected"]),
                unknown=tuple(by_fate["unknown"]),
                invalid_late=tuple(
                    Reject(number, "not_unicode:x") for number in by_fate["invalid_late"]
                ),
            )
        )
    return chunks


def _numbers(connection: DirectConnection, condition: Expression) -> list[int]:
    connection.execute("CREATE TABLE IF NOT EXISTS staged (number integer)")
    if connection.execute("SELECT COUNT(*) FROM staged").fetchall() == [(0,)]:
        values = ", ".join(f"({number})" for number in range(1, 60))
        connection.execute(f"INSERT INTO staged VALUES {values}, (NULL)")
    found = exp.select(col("number")).from_("staged").where(condition).order_by(col("number"))
    return [row[0] for row in connection.rows(found)]


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
@given(fates=FATES, cuts=st.lists(st.integers(0, 40), max_size=6), data=st.data())
def test_exactly_the_records_that_succeeded_are_acknowledged(
    connection: DirectConnection, fates: list[str], cuts: list[int], data: st.DataObject
) -> None:
    chunks = _outcomes(fates, cuts)
    assert sum(chunk.total for chunk in chunks) == len(fates), "chunks part the numbers"
    condition = acknowledged(data.draw(st.permutations(chunks)))
    found = [] if condition is None else _numbers(connection, condition)
    assert found == [number for number, fate in enumerate(fates, 1) if fate == "ok"]
    assert len(found) == sum(chunk.succeeded for chunk in chunks)


@given(numbers=st.sets(st.integers(1, 59)))
def test_numbers_are_the_numbers_however_they_are_written(
    connection: DirectConnection, numbers: set[int]
) -> None:
    assert _numbers(connection, numbered(sorted(numbers))) == sorted(numbers)
