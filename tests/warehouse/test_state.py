"""State tables, staged tables, run records and runs that died, on every warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qsync.errors import UserError
from qsync.execution.ports import LiveField, Outcome
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.fingerprint import stream_id
from qsync.planning.ports import DiffRequest
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def _record(run_id: str = "r1", **changes: object) -> RunRecord:
    record = RunRecord(
        run_id=run_id,
        sync="people",
        object="lead",
        target="prod",
        status=RunStatus.RUNNING,
        started_at=NOON,
        rows_planned=2,
        rows_unsent=2,
        details={"invalid": {"null_key": 1}, "note": "it's"},
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def test_a_baseline_acknowledges_everything_and_sends_nothing(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"), ("b@x.example", None))
    stage, _ = desk.stage(people)
    desk.begin(stage)
    desk.warehouse.baseline(stage, desk.context(stage))
    counts = desk.plan(people).counts
    assert (counts.added, counts.unchanged) == (0, 2)


def test_a_renamed_syncs_state_goes_with_it(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    old = stream(field("first", "x"), sync="old")
    desk.run(old)
    former = stream_id("api.qualified.com", "x", "old", "lead")
    latter = stream_id("api.qualified.com", "x", "new", "lead")
    desk.warehouse.streams.rename(former, latter, "new")
    assert desk.plan(stream(field("first", "x"), sync="new")).counts.unchanged == 1
    assert desk.plan(old).counts.added == 1
    desk.run(old)
    with pytest.raises(UserError, match="state of its own"):
        desk.warehouse.streams.rename(former, latter, "new")


def test_renamed_from_takes_the_state_over_when_it_is_applied(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(stream(field("first", "x"), sync="old"))
    new = stream(field("first", "x"), sync="new")
    before = desk.request(stream(field("first", "x"), sync="old")).state
    request = DiffRequest(new, desk.relation, before)
    identity = stream_id("api.qualified.com", "x", "new", "lead")
    stage, change_set = desk.warehouse.stage("r9", identity, request)
    assert change_set.counts.unchanged == 1
    desk.begin(stage)
    desk.warehouse.drop_stage(stage)
    assert desk.plan(new).counts.unchanged == 1
    assert [state.sync for state in desk.warehouse.state_summaries()] == ["new"]


def test_removed_state_is_gone_with_its_rejects(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"), ("b@x.example", "2"))
    desk.run(people, reject=["b@x.example"])
    desk.warehouse.streams.remove(desk.request(people).state.stream_id)
    assert desk.sql("SELECT count(*) FROM qsync.qsync_rejects") == [(0,)]
    assert desk.plan(people).counts.added == 2


@pytest.mark.proves(fault="bad input", promise="newest value wins")
def test_a_staged_table_is_what_is_sent_even_if_the_model_is_rebuilt(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"))
    stage, _ = desk.stage(people)
    desk.load(("b@x.example", "2"), ("c@x.example", "3"))
    assert [(row.key, row.values) for row in desk.rows(stage)] == [("a@x.example", ("1",))]


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_a_run_that_died_midway_is_closed_and_what_it_may_have_sent_goes_again(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"), ("b@x.example", "1"))
    desk.run(people)
    desk.load(("a@x.example", "2"), ("b@x.example", "2"))
    stage, _ = desk.stage(people)
    desk.warehouse.open_record(_record(stage.run_id))
    desk.begin(stage)
    desk.commit(stage, Outcome(1, 1))

    # It dies here, with the second record posted or not. Then the model goes back.
    desk.load(("a@x.example", "2"), ("b@x.example", "1"))
    reopened = desk.reopen()
    assert desk.close_dead_runs() == (stage.run_id,)
    counts = desk.plan(people).counts
    assert (counts.changed, counts.unsettled, counts.unchanged) == (1, 1, 1)
    (closed,) = reopened.ledger("x")
    named = dict(zip(_columns(), closed, strict=True))
    assert named["status"] == "interrupted"
    assert (named["rows_succeeded"], named["rows_unknown"], named["rows_unsent"]) == ("1", "1", "0")
    assert desk.sql("SELECT count(*) FROM qsync.qsync_stages") == [(0,)]
    assert desk.close_dead_runs() == ()


@pytest.mark.proves(fault="process killed", promise="ends cleanly")
def test_a_stage_left_at_the_prompt_is_dropped_and_unsettles_nothing(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"))
    desk.run(people)
    desk.load(("a@x.example", "2"))
    desk.stage(people)
    desk.close_dead_runs()
    assert desk.plan(people).counts.unsettled == 0
    assert desk.sql("SELECT count(*) FROM qsync.qsync_stages") == [(0,)]


def test_records_come_back_as_they_were_written_oldest_first(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    later = NOON.replace(hour=13)
    desk.warehouse.open_record(_record("r2", started_at=later))
    desk.warehouse.open_record(_record("r1"))
    desk.warehouse.close_record(
        _record(
            "r1", status=RunStatus.SUCCEEDED, finished_at=NOON, rows_succeeded=2, rows_unsent=0
        ),
        desk.epoch,
    )
    rows = [dict(zip(_columns(), row, strict=True)) for row in desk.warehouse.ledger("x")]
    assert [row["run_id"] for row in rows] == ["r1", "r2"]
    assert rows[0]["started_at"] == "2026-11-03 12:00:00"
    assert rows[0]["details"] == '{"invalid":{"null_key":1},"note":"it\'s"}'
    assert (rows[0]["finished_at"], rows[1]["finished_at"]) == ("2026-11-03 12:00:00", "")
    assert desk.warehouse.ledger("another project") == []


def test_the_ledger_is_cut_but_keeps_each_streams_last_run_and_last_success(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    good = _record("r0", status=RunStatus.BASELINED, rows_planned=0, rows_unsent=0)
    desk.warehouse.open_record(good)
    for hour in range(13, 18):
        desk.warehouse.open_record(
            _record(f"r{hour}", started_at=NOON.replace(hour=hour), status=RunStatus.FAILED)
        )
    kept = [row[0] for row in desk.warehouse.ledger("x", limit=2)]
    assert kept == ["r0", "r16", "r17"]


def test_the_live_fields_of_a_destination_are_remembered(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    assert desk.warehouse.known_field_ids() == frozenset()
    desk.warehouse.remember_fields([LiveField("lead", "phone", "id-1")])
    desk.warehouse.remember_fields([LiveField("lead", "phone", "id-2")])
    assert desk.warehouse.known_field_ids() == {"id-2"}


@pytest.mark.proves(fault="warehouse refuses", promise="ends cleanly")
def test_tables_of_a_newer_qsync_are_refused(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    connection.execute("UPDATE qsync.qsync_meta SET value = '99'")
    with pytest.raises(UserError, match="newer qsync"):
        _ = desk.reopen().tables


def test_names_as_long_and_odd_as_can_be_work(connection: DirectConnection) -> None:
    desk = Desk(connection, 'email text, "Mixed Case" text')
    desk.load(("a@x.example", "1"))
    odd = stream(
        field(
            'Größe "x" of a field with a name that is longer than any identifier may be',
            "Mixed Case",
        ),
        field("Tier", "Mixed Case"),
        field("tier", "Mixed Case"),
        sync="s" * 63,
    )
    assert len(desk.run(odd)) == 1
    assert desk.plan(odd).counts.unchanged == 1


def _columns() -> tuple[str, ...]:
    from qsync.ledger.columns import LEDGER_COLUMN_NAMES

    return LEDGER_COLUMN_NAMES
