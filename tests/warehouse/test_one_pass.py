"""The model is compared with state once, and what is known of a record is not found out again."""

from __future__ import annotations

import pytest

from qsync.fields.model import FieldType
from qsync.project.model import ObjectType
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

ANN, BEN, CYD = (f"{name}@x.example" for name in ("ann", "ben", "cyd"))
PEOPLE = stream(field("job_title"))


@pytest.fixture
def desk(connection: DirectConnection) -> Desk:
    return Desk(connection, "email varchar, job_title varchar")


def _joins(desk: Desk, before: int) -> int:
    return sum(text.count("FULL OUTER JOIN") for text in desk.connection.statements[before:])


def test_a_plan_and_a_stage_each_compare_the_model_with_state_once(desk: Desk) -> None:
    desk.load((ANN, "CEO"), (BEN, "CTO"))
    desk.run(PEOPLE)
    desk.load((ANN, "CFO"), (BEN, "CTO"), (CYD, "VP"))
    desk.request(PEOPLE)
    before = len(desk.connection.statements)
    planned = desk.plan(PEOPLE)
    assert _joins(desk, before) == 1
    before = len(desk.connection.statements)
    _, staged = desk.stage(PEOPLE)
    assert _joins(desk, before) == 1
    assert staged == planned
    assert (staged.counts.changed, staged.counts.added, staged.counts.unchanged) == (1, 1, 1)


def test_tombstones_that_came_back_twice_are_counted_once(desk: Desk) -> None:
    desk.load((ANN, "CEO"), (BEN, "CTO"), (CYD, "VP"))
    desk.run(PEOPLE)
    desk.load((CYD, "VP"))
    desk.run(PEOPLE)
    desk.load((ANN, "CEO"), (ANN.upper(), "CEO"), (CYD, "VP"))
    planned = desk.plan(PEOPLE)
    _, staged = desk.stage(PEOPLE)
    assert staged == planned
    assert (staged.counts.stranded, staged.counts.invalid) == (1, {"duplicate_key": 2})


def test_an_unchanged_record_is_invalid_once_its_option_is_gone(desk: Desk) -> None:
    before = stream(field("job_title", type=FieldType.PICKLIST, options=["CEO", "CTO"]))
    desk.load((ANN, "CEO"), (BEN, "CTO"))
    desk.run(before)
    after = stream(field("job_title", type=FieldType.PICKLIST, options=["CTO"]))
    counts = desk.plan(after).counts
    assert (counts.invalid, counts.unchanged) == ({"not_an_option:job_title": 1}, 1)


def test_an_unchanged_record_is_invalid_once_another_shares_its_key(desk: Desk) -> None:
    desk.load((ANN, "CEO"), (BEN, "CTO"))
    desk.run(PEOPLE)
    desk.load((ANN, "CEO"), (f" {ANN}", "CFO"), (BEN, "CTO"))
    counts = desk.plan(PEOPLE).counts
    assert (counts.invalid, counts.unchanged) == ({"duplicate_key": 2}, 1)


def test_conflicts_of_unchanged_companies_are_counted_when_staged(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "domain varchar, country varchar")
    companies = stream(field("country"), object=ObjectType.COMPANY, match="domain", grouped=True)
    desk.load(("x.example", "CH"), ("x.example", "DE"), ("y.example", "CH"))
    desk.run(companies)
    desk.load(("x.example", "CH"), ("x.example", "DE"), ("y.example", "DE"))
    planned = desk.plan(companies)
    _, staged = desk.stage(companies)
    assert staged == planned
    assert (staged.counts.conflicts, staged.counts.unchanged) == ({"country": 1}, 1)
