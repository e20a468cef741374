"""What a run leaves behind in the warehouse, and what the next one makes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qsync.execution.ports import (
    BATCH_LEFT,
    Commit,
    CommitContext,
    KnownJob,
    Outcome,
    Reject,
    Stage,
)
from qsync.ledger.columns import LEDGER_COLUMN_NAMES
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.compiled import CompiledStream
from qsync.planning.compiled_json import stream_from_json, stream_json
from qsync.planning.ports import Only
from qsync.project.model import OnNull, OnRemoved
from qsync.warehouse.lock import LockLostError
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PEOPLE = stream(field("first", "x"))
SIX = [(f"{letter}@x.example", "1") for letter in "abcdef"]


def _opened(desk: Desk, of: CompiledStream = PEOPLE) -> Stage:
    stage, _ = desk.stage(of)
    desk.warehouse.open_record(
        RunRecord(
            run_id=stage.run_id,
            sync=of.sync,
            object=of.object.value,
            target="prod",
            status=RunStatus.RUNNING,
            started_at=NOON,
            rows_planned=stage.rows,
            rows_unsent=stage.rows,
        )
    )
    return stage


def _statuses(desk: Desk) -> dict[str, str]:
    (table,) = desk.sql("SELECT state_table FROM qsync.qsync_streams")[0]
    return dict(desk.sql(f'SELECT key, status FROM qsync."{table}" ORDER BY key'))


def _close(desk: Desk, *posted: tuple[int, int], keep_stage: bool = False) -> None:
    context = CommitContext("next", desk.epoch, AT)
    for dead in desk.reopen().dead_streams():
        desk.warehouse.close_dead(dead, posted, context, keep_stage=keep_stage)


def _ends(desk: Desk) -> dict[str, int]:
    (row,) = (
        dict(zip(LEDGER_COLUMN_NAMES, row, strict=True)) for row in desk.warehouse.ledger("x")
    )
    ends = ("succeeded", "rejected", "unknown", "invalid_late", "unsent")
    found = {name: int(row[f"rows_{name}"]) for name in ends}
    assert sum(found.values()) == int(row["rows_planned"])
    return {name: count for name, count in found.items() if count}


@pytest.mark.proves(fault="machine gone", promise="no row lost")
def test_a_dead_run_is_found_with_its_stage_its_mark_and_its_open_jobs(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    stage = _opened(desk)
    desk.begin(stage, posted=4)
    jobs = [KnownJob("j1", 1, 2, 100.0), KnownJob("j2", 3, 4, 101.0)]
    desk.warehouse.commit(stage, Commit(accepted=jobs), desk.context(stage))
    done = Commit([Outcome(1, 2)], resolved=["j1"])
    desk.warehouse.commit(stage, done, desk.context(stage))
    (dead,) = desk.reopen().dead_streams()
    assert (dead.run_id, dead.running, dead.posted, dead.planned) == (stage.run_id, True, 4, 6)
    assert dead.jobs == (jobs[1],)
    assert dead.stage is not None
    assert dead.stage.request.stream == PEOPLE
    assert [row.key[0] for row in desk.warehouse.read_stage(dead.stage, 3, 4)] == ["c", "d"]


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_its_results_are_committed_as_if_it_had_lived(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    stage = _opened(desk)
    desk.begin(stage, posted=4)
    (dead,) = desk.reopen().dead_streams()
    assert dead.stage is not None
    late = Outcome(1, 3, rejects=(Reject(2, "phone is invalid"),))
    desk.warehouse.commit(dead.stage, Commit([late]), desk.context(stage))
    _close(desk, (1, 4))
    assert _ends(desk) == {"succeeded": 2, "rejected": 1, "unknown": 1, "unsent": 2}
    assert _statuses(desk) == {
        "a@x.example": "synced",
        "c@x.example": "synced",
        "d@x.example": "open",
    }
    assert desk.keys(desk.run(PEOPLE)) == [f"{letter}@x.example" for letter in "bdef"]


@pytest.mark.proves(fault="process killed", promise="newest value wins")
def test_only_what_may_have_been_posted_is_open(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    desk.run(PEOPLE)
    desk.load(*((key, "2") for key, _ in SIX))
    desk.begin(_opened(desk), posted=6)
    _close(desk, (2, 3), (5, 5))
    desk.load(*SIX)
    assert desk.keys(desk.run(PEOPLE)) == ["b@x.example", "c@x.example", "e@x.example"]


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_an_open_record_goes_twice_before_it_is_synced(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(PEOPLE, unknown=["a@x.example"], unresolved=True)
    seen = [(_statuses(desk)["a@x.example"], len(desk.run(PEOPLE))) for _ in range(4)]
    assert seen == [("open", 1), ("unsettled", 1), ("synced", 0), ("synced", 0)]


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_a_record_confirmed_by_the_second_of_two_posts_is_open_all_the_same(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    assert len(desk.run(PEOPLE, unresolved=True)) == 1
    assert _statuses(desk) == {"a@x.example": "open"}
    counts = desk.plan(PEOPLE).counts
    assert (counts.changed, counts.unsettled) == (1, 1)


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_an_unknown_answer_keeps_a_record_open(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    desk.run(PEOPLE, unknown=["a@x.example"], unresolved=True)
    desk.run(PEOPLE, unknown=["a@x.example"])
    assert _statuses(desk) == {"a@x.example": "open"}


@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_an_open_record_that_left_is_cleared_twice(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    clearing = stream(field("first", "x", on_null=OnNull.CLEAR), on_removed=OnRemoved.CLEAR)
    desk.load(("a@x.example", "1"))
    desk.run(clearing, unknown=["a@x.example"], unresolved=True)
    desk.load()
    assert [len(desk.run(clearing)) for _ in range(3)] == [1, 1, 0]
    assert _statuses(desk) == {"a@x.example": "removed"}


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_a_new_record_that_may_have_been_posted_and_then_left_is_removed(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    clearing = stream(field("first", "x"), on_removed=OnRemoved.CLEAR)
    desk.load(("a@x.example", "1"))
    desk.begin(_opened(desk, clearing))
    _close(desk, (1, 1))
    desk.load()
    assert [row.clearing for row in desk.run(clearing)] == [True]


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
def test_a_run_that_lost_its_lock_can_neither_mark_nor_commit_nor_close(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    stage = _opened(desk)
    desk.begin(stage, posted=1)
    desk.warehouse.break_lock("lock")
    context = desk.context(stage)
    for attempt in (
        lambda: desk.warehouse.mark_posted(stage, 6, context, journaled=True),
        lambda: desk.warehouse.commit(stage, Commit([Outcome(1, 6)]), context),
        lambda: desk.warehouse.close_record(
            RunRecord(
                run_id=stage.run_id,
                sync="people",
                object="lead",
                target="prod",
                status=RunStatus.SUCCEEDED,
                started_at=NOON,
            ),
            desk.epoch,
        ),
        lambda: _close(desk, (1, 1)),
    ):
        with pytest.raises(LockLostError):
            attempt()
    assert desk.sql("SELECT posted FROM qsync.qsync_stages") == [(1,)]
    assert desk.sql("SELECT status FROM qsync.qsync_runs") == [("running",)]


@pytest.mark.proves(fault="Ctrl-C", promise="newest value wins")
def test_a_resumed_run_sends_what_was_left_where_it_is_as_it_was_staged(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    stage = _opened(desk)
    desk.begin(stage, posted=3)
    desk.commit(stage, Outcome(1, 3, rejects=(Reject(2, "no"),)))
    _close(desk, keep_stage=True)
    # One of those left has changed, one has gone, one is new.
    desk.load(*SIX[:4], ("e@x.example", "2"), ("new@x.example", "1"))
    only = Only(stage=stage.table, run_id=stage.run_id)
    change_set = desk.warehouse.change_set(desk.request(PEOPLE, only=only))
    staged, counted = desk.stage(PEOPLE, only=only)
    assert counted == change_set
    assert desk.keys(desk.rows(staged)) == ["d@x.example"]
    counts = counted.counts
    assert (counts.added, counts.unchanged, counts.deferred, counts.in_model) == (1, 2, 3, 6)


def test_records_a_resumed_run_cleared_are_among_what_is_left(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    clearing = stream(field("first", "x"), on_removed=OnRemoved.CLEAR)
    desk.load(*SIX)
    desk.run(clearing)
    desk.load(*SIX[:3])
    stage = _opened(desk, clearing)
    desk.begin(stage, posted=0)
    _close(desk, keep_stage=True)
    desk.load(*SIX[:2])
    only = Only(stage=stage.table, run_id=stage.run_id)
    sent = desk.run(clearing, only=only)
    assert [(row.key[0], row.clearing) for row in sent] == [("d", True), ("e", True), ("f", True)]
    assert [row.key[0] for row in desk.run(clearing)] == ["c"]


def test_rejects_are_sent_again_though_they_rest_and_nothing_else_is(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    desk.run(PEOPLE, reject=["a@x.example"])
    desk.run(PEOPLE, reject=["a@x.example"])
    assert desk.plan(PEOPLE).counts.resting == 1
    desk.load(*SIX, ("new@x.example", "1"))
    assert desk.keys(desk.run(PEOPLE, only=Only(rejects=True))) == ["a@x.example"]
    assert desk.keys(desk.run(PEOPLE)) == ["new@x.example"]


def test_rejects_of_one_run_can_be_meant_alone(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX[:1])
    desk.run(PEOPLE, reject=["a@x.example"])
    desk.load(*SIX[:2])
    desk.run(PEOPLE, reject=["b@x.example"], only=None)
    ((run,),) = desk.sql("SELECT run_id FROM qsync.qsync_rejects WHERE key = 'b@x.example'")
    wanted = Only(rejects=True, run_id=run)
    assert desk.keys(desk.run(PEOPLE, only=wanted)) == ["b@x.example"]
    assert desk.run(PEOPLE, only=Only()) == []


def test_tables_of_the_first_layout_are_brought_up_to_date_and_its_dead_run_is_closed(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX[:2])
    desk.run(PEOPLE)
    desk.load(*((key, "2") for key, _ in SIX[:2]))
    desk.begin(_opened(desk))
    for column in ("stream", "records", "posted", "journaled"):
        connection.execute(f"ALTER TABLE qsync.qsync_stages DROP COLUMN {column}")
    for table in ("qsync_jobs", "qsync_requests"):
        connection.execute(f"DROP TABLE qsync.{table}")
    connection.execute("DELETE FROM qsync.qsync_meta WHERE name <> 'layout'")
    connection.execute("UPDATE qsync.qsync_meta SET value = '1'")
    desk.reopen().prepare()
    assert desk.sql("SELECT value FROM qsync.qsync_meta WHERE name = 'layout'") == [("2",)]
    assert len(desk.warehouse.secret()) == 32
    assert len(desk.close_dead_runs()) == 1
    assert _ends(desk) == {"unknown": 2}
    assert len(desk.run(PEOPLE)) == 2


def test_a_staged_tables_meaning_comes_back_as_it_was() -> None:
    of = stream(
        field("first", "x", on_null=OnNull.CLEAR),
        field("source", constant="warehouse"),
        field("tier", "y", options=["a", "b"]),
        on_removed=OnRemoved.CLEAR,
    )
    assert stream_from_json(stream_json(of)) == of
    assert stream_from_json(stream_json(of).replace('"format":1', '"format":9')) is None
    assert stream_from_json('{"format":1,"stream":{"sync":"x"}}') is None
    assert stream_from_json("no json") is None


@pytest.mark.proves(fault="machine gone", promise="quota kept")
def test_requests_are_noted_before_and_settled_after(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    warehouse = desk.warehouse
    warehouse.note_requests("r1", 600.0, 100)
    warehouse.note_requests("r1", 600.0, 100)
    warehouse.note_requests("r2", 660.0, 100)
    assert warehouse.requests_since(0.0) == [(660.0, 200), (720.0, 100)]
    warehouse.settle_requests("r1", {600: 7, 660: 3}, before=0.0)
    assert warehouse.requests_since(0.0) == [(660.0, 7), (720.0, 103)]
    assert warehouse.requests_since(700.0) == [(720.0, 103)]
    warehouse.settle_requests("r3", {}, before=650.0)
    assert warehouse.requests_since(0.0) == [(720.0, 103)]


def test_what_earlier_runs_spent_is_without_the_notes_of_this_one(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    this_minute = time.time() // 60 * 60
    desk.warehouse.note_requests("r1", this_minute - 600, 40)
    desk.warehouse.note_requests("r2", this_minute, 100)
    ((ago, requests),) = desk.warehouse.requests_spent("api.qualified.com")
    assert requests == 40
    assert 500 < ago < 700


def test_the_pace_of_the_last_run_that_measured_it_is_known(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    assert desk.warehouse.pace("api.qualified.com") is None
    record = RunRecord(
        run_id="r1",
        sync="people",
        object="lead",
        target="prod",
        status=RunStatus.SUCCEEDED,
        started_at=NOON,
        jobs=2,
        details={"pace": {"job_seconds": 2.5, "request_seconds": 0.25}},
    )
    desk.warehouse.open_record(record)
    later = replace(record, run_id="r2", started_at=NOON.replace(hour=13), details={})
    desk.warehouse.open_record(later)
    pace = desk.warehouse.pace("api.qualified.com")
    assert pace is not None
    assert (pace.job_seconds, pace.request_seconds) == (2.5, 0.25)
    assert desk.warehouse.pace("elsewhere") is None


def test_records_refused_with_others_and_never_alone_do_not_rest(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(*SIX)
    for _ in range(3):
        stage, _ = desk.stage(PEOPLE)
        assert stage.rows == 6
        desk.begin(stage)
        desk.commit(stage, Outcome(1, 6, rejects=tuple(Reject(n, BATCH_LEFT) for n in range(1, 7))))
        desk.warehouse.drop_stage(stage)
    assert len(desk.run(PEOPLE)) == 6
    assert desk.sql("SELECT count(*) FROM qsync.qsync_rejects") == [(0,)]
