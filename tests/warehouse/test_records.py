"""The ledger from the warehouse and the seed agree on what is kept."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qsync.ledger.columns import LEDGER_COLUMN_NAMES
from qsync.ledger.record import RunRecord, RunStatus
from qsync.ledger.rows import cell
from qsync.ledger.seed import keep
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
FIRST = RunRecord("r1", "people", "lead", "prod", RunStatus.RUNNING, NOON)


def _seeded(rows: list[tuple[str, ...]]) -> list[dict[str, object]]:
    return [
        {name: cell(name, text) for name, text in zip(LEDGER_COLUMN_NAMES, row, strict=True)}
        for row in rows
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_ledger_that_was_cut_in_the_warehouse_gives_the_seed_a_whole_one_would(
    connection: DirectConnection, seed: int
) -> None:
    desk = Desk(connection, "email text")
    rng = random.Random(seed)
    for number in range(40):
        desk.warehouse.open_record(
            replace(
                FIRST,
                run_id=f"r{number:02}",
                sync=rng.choice(["people", "others", "rare"][: 2 + (number == 0)]),
                status=rng.choice(list(RunStatus)),
                started_at=NOON + timedelta(minutes=number),
            )
        )
    whole, cut = (_seeded(desk.warehouse.ledger("x", limit=limit)) for limit in (1_000, 5))
    assert len(whole) == 40
    assert keep(cut, 5) == keep(whole, 5)  # type: ignore[arg-type]


def test_a_text_that_looks_like_sql_is_kept_as_it_is(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    odd = 'it\'s \\ "so"; DROP TABLE x -- %s {} é\n:y'
    desk.warehouse.open_record(replace(FIRST, target=odd, details={"fields": {odd: 1}}))
    (row,) = desk.warehouse.ledger("x")
    named = dict(zip(LEDGER_COLUMN_NAMES, row, strict=True))
    assert named["target"] == odd
    assert (
        named["details"] == FIRST.__class__.cells(replace(FIRST, details={"fields": {odd: 1}}))[-1]
    )


def test_the_last_runs_are_those_of_this_project_at_this_destination(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    assert desk.warehouse.last_runs("api.qualified.com", "x") == []
    for hours, run_id, object_name in ((0, "r1", "lead"), (1, "r2", "lead"), (0, "r1", "company")):
        started = NOON + timedelta(hours=hours)
        desk.warehouse.open_record(
            replace(FIRST, run_id=run_id, object=object_name, started_at=started)
        )
    rows = _seeded(desk.warehouse.last_runs("api.qualified.com", "x"))
    assert {(row["object"], row["run_id"]) for row in rows} == {("lead", "r2"), ("company", "r1")}
    assert desk.warehouse.last_runs("elsewhere", "x") == []
    assert desk.warehouse.last_runs("api.qualified.com", "y") == []


def test_closing_a_record_touches_no_other_stream_of_the_run(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    company = replace(FIRST, object="company")
    desk.warehouse.open_record(FIRST)
    desk.warehouse.open_record(company)
    desk.warehouse.close_record(
        replace(company, status=RunStatus.SUCCEEDED, finished_at=NOON), desk.epoch
    )
    rows = [dict(zip(LEDGER_COLUMN_NAMES, row, strict=True)) for row in desk.warehouse.ledger("x")]
    assert {row["object"]: row["status"] for row in rows} == {
        "lead": "running",
        "company": "succeeded",
    }
