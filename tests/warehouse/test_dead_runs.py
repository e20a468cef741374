"""Runs that died, beyond the plain case: nothing is claimed that nobody confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from qsync.execution.ports import Outcome, Reject, Stage
from qsync.ledger.columns import LEDGER_COLUMN_NAMES
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnRemoved
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PEOPLE = stream(field("first", "x"))
ENDS = ("rows_succeeded", "rows_rejected", "rows_unknown", "rows_invalid_late", "rows_unsent")


def _opened(desk: Desk, of: CompiledStream, planned: int | None = None) -> Stage:
    """A run that has staged a stream and opened its record."""
    stage, _ = desk.stage(of)
    desk.warehouse.open_record(
        RunRecord(
            run_id=stage.run_id,
            sync=of.sync,
            object=of.object.value,
            target="prod",
            status=RunStatus.RUNNING,
            started_at=NOON,
            rows_planned=stage.rows if planned is None else planned,
            rows_unsent=stage.rows if planned is None else planned,
        )
    )
    return stage


def _closed(desk: Desk, sync: str = "people") -> Mapping[str, str]:
    rows = [dict(zip(LEDGER_COLUMN_NAMES, row, strict=True)) for row in desk.warehouse.ledger("x")]
    (row,) = (row for row in rows if row["sync"] == sync)
    ends = sum(int(row[name]) for name in ENDS)
    assert ends == int(row["rows_planned"]), "every planned record is accounted for"
    return row


def _ends(desk: Desk, sync: str = "people") -> dict[str, int]:
    row = _closed(desk, sync)
    return {name.removeprefix("rows_"): int(row[name]) for name in ENDS if int(row[name])}


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_a_first_load_that_died_before_it_began_has_sent_nothing(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"), ("b@x.example", "2"))
    _opened(desk, PEOPLE)
    desk.close_dead_runs()
    assert _ends(desk) == {"unsent": 2}
    assert _closed(desk)["finished_at"] == AT


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_what_was_confirmed_rejected_and_lost_is_told_apart(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*((f"{letter}@x.example", "1") for letter in "abcdef"))
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    outcome = Outcome(1, 4, rejects=(Reject(2, "phone is invalid"),), unknown=(3,))
    desk.commit(stage, outcome)
    desk.close_dead_runs()
    assert _ends(desk) == {"succeeded": 2, "rejected": 1, "unknown": 3}
    again = desk.keys(desk.run(PEOPLE))
    assert again == ["b@x.example", "c@x.example", "e@x.example", "f@x.example"]


def test_a_new_hash_or_a_tombstone_is_no_success(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"), ("b@x.example", "1"), ("c@x.example", "1"))
    desk.run(PEOPLE)
    desk.load(("a@x.example", None), ("b@x.example", "2"))  # equal to what is there; changed; gone
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    desk.close_dead_runs()
    assert _ends(desk) == {"unknown": 1}


@pytest.mark.proves(fault="process killed", promise="no false success")
def test_a_record_that_was_unknown_before_it_died_is_no_success(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(PEOPLE)
    desk.load(("a@x.example", "2"))
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    desk.commit(stage, Outcome(1, 1, unknown=(1,)))
    desk.close_dead_runs()
    assert _ends(desk) == {"unknown": 1}


def test_cleared_records_that_were_confirmed_are_successes(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    clearing = stream(field("first", "x"), on_removed=OnRemoved.CLEAR)
    desk.load(("a@x.example", "1"), ("b@x.example", "1"))
    desk.run(clearing)
    desk.load(("b@x.example", "1"))
    stage = _opened(desk, clearing)
    desk.begin(stage)
    desk.commit(stage, Outcome(1, 1))
    desk.close_dead_runs()
    assert _ends(desk) == {"succeeded": 1}


@pytest.mark.proves(fault="process killed", promise="newest value wins")
def test_a_row_that_came_back_and_may_have_been_sent_goes_again_though_it_is_as_it_was(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"), ("b@x.example", "1"))
    desk.run(PEOPLE)
    desk.load(("b@x.example", "1"))
    desk.run(PEOPLE)
    desk.load(("a@x.example", "2"), ("b@x.example", "1"))
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    desk.load(("a@x.example", "1"), ("b@x.example", "1"))
    desk.close_dead_runs()
    assert [(row.key, row.values) for row in desk.run(PEOPLE)] == [("a@x.example", ("1",))]


def test_streams_the_dead_run_had_ended_or_not_begun_are_left_as_they_are(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    ended, dying, waiting = (
        stream(field("first", "x"), sync=name) for name in ("ended", "dying", "waiting")
    )
    desk.load(("a@x.example", "1"))
    for of in (ended, dying, waiting):
        desk.run(of)
    desk.load(("a@x.example", "2"))
    run = desk.stage(ended)[0]
    desk.begin(run)
    stages = {of.sync: desk.request(of) for of in (dying, waiting)}
    staged = {
        sync: desk.warehouse.stage(run.run_id, request.state.stream_id, request)[0]
        for sync, request in stages.items()
    }
    desk.warehouse.open_record(
        RunRecord(run.run_id, "dying", "lead", "prod", RunStatus.RUNNING, NOON, rows_planned=1)
    )
    desk.begin(staged["dying"])
    desk.load(("a@x.example", "1"))
    desk.close_dead_runs()
    unsettled = {of.sync: desk.plan(of).counts.unsettled for of in (ended, dying, waiting)}
    assert unsettled == {"ended": 0, "dying": 1, "waiting": 0}
    assert desk.sql("SELECT count(*) FROM qsync.qsync_stages") == [(0,)]


def test_two_projects_may_name_their_syncs_alike(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(PEOPLE)
    connection.execute(
        "INSERT INTO qsync.qsync_streams SELECT 'feedc0de', destination, 'another', sync, object, "
        "state_table, columns, fingerprint, updated_at FROM qsync.qsync_streams"
    )
    desk.load(("a@x.example", "2"))
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    desk.commit(stage, Outcome(1, 1))
    desk.close_dead_runs()
    assert _ends(desk) == {"succeeded": 1}


@pytest.mark.proves(fault="warehouse refuses", promise="ends cleanly")
def test_a_stage_somebody_dropped_by_hand_does_not_stop_the_next_run(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(PEOPLE)
    desk.load(("a@x.example", "2"))
    stage = _opened(desk, PEOPLE)
    desk.begin(stage)
    connection.execute(f'DROP TABLE qsync."{stage.table}"')
    assert desk.close_dead_runs() == (stage.run_id,)
    assert _ends(desk) == {"unknown": 1}
    assert len(desk.run(PEOPLE)) == 1


def test_another_destinations_runs_are_none_of_ours(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    stage = _opened(desk, PEOPLE)
    connection.execute("UPDATE qsync.qsync_runs SET destination = 'elsewhere'")
    connection.execute("UPDATE qsync.qsync_stages SET destination = 'elsewhere'")
    assert desk.close_dead_runs() == ()
    assert desk.sql(f'SELECT count(*) FROM qsync."{stage.table}"') == [(1,)]
