"""Who was sent when: kept by hashes of keys, told again, and gone when it is time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.execution.ports import Commit, DeadStream, KnownJob, Outcome, Reject, Stage
from qsync.execution.stories import Ending, Sending
from qsync.project.model import ObjectType
from qsync.warehouse.layout import HISTORY, OUTCOMES, SENT, SENT_JOBS
from qsync.warehouse.telling import Telling
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

PEOPLE = stream(field("first", "x"), field("last", "y"))
KEYS = [f"p{number}@x.example" for number in range(1, 7)]
TABLES = (HISTORY, SENT, OUTCOMES, SENT_JOBS)
LEAD = ObjectType.LEAD


def _desk(connection: DirectConnection) -> Desk:
    desk = Desk(connection, "email text, x text, y text")
    desk.load(*((key, "1", "2") for key in KEYS))
    return desk


def _begun(desk: Desk, before: str | None = "r0") -> Stage:
    stage, _ = desk.stage(PEOPLE)
    desk.begin(stage)
    desk.warehouse.keep_history(stage, before, desk.context(stage))
    return stage


def _sent(desk: Desk) -> Stage:
    """One job with the first five: 1 and 2 confirmed, 3 and 4 rejected, 5 unknown."""
    stage = _begun(desk)
    rejects = (Reject(3, "too long", "first"), Reject(4, "too long", "first"))
    job = KnownJob("job1", 1, 5, 1_700_000_000.0)
    commit = Commit([Outcome(1, 5, rejects, (5,))], jobs=[job])
    desk.warehouse.commit(stage, commit, desk.context(stage))
    return stage


def _told(desk: Desk, key: str, most: int = 5) -> tuple[Sending, ...]:
    warehouse = desk.reopen()
    desk.warehouse.prepare()
    stream_id = desk.request(PEOPLE).state.stream_id
    return Telling(warehouse, "api.qualified.com").sendings([stream_id], key, LEAD, most)


def _rows(desk: Desk) -> dict[str, int]:
    return {name: int(desk.sql(f"SELECT count(*) FROM qsync.{name}")[0][0]) for name in TABLES}


def test_what_became_of_a_record_is_told_with_its_job(connection: DirectConnection) -> None:
    desk = _desk(connection)
    _sent(desk)
    endings = [sending.ending for key in KEYS for sending in _told(desk, key)]
    assert endings == [
        *(Ending.SUCCEEDED, Ending.SUCCEEDED, Ending.REJECTED, Ending.REJECTED),
        *(Ending.UNKNOWN, None),
    ]
    (third,), (sixth,) = _told(desk, KEYS[2]), _told(desk, KEYS[5])
    assert (third.number, third.records, third.op, third.reason) == (3, 6, "added", "too long")
    assert third.letters == {"first": "s", "last": "s"}
    assert third.job is not None
    assert (third.job.id, third.job.first, third.job.last) == ("job1", 1, 5)
    assert sixth.job is None
    assert _told(desk, "nobody@x.example") == ()


def test_rejects_alike_side_by_side_take_one_line(connection: DirectConnection) -> None:
    desk = _desk(connection)
    _sent(desk)
    assert _rows(desk) == {HISTORY: 1, SENT: 6, OUTCOMES: 3, SENT_JOBS: 1}


def test_the_last_runs_are_told_newest_first(connection: DirectConnection) -> None:
    desk = _desk(connection)
    for value in "789":
        desk.load((KEYS[0], value, "2"))
        _begun(desk)
    told = _told(desk, KEYS[0], most=2)
    assert [(item.run_id, item.op) for item in told] == [("r3", "added"), ("r2", "added")]


def test_the_jobs_of_a_run_are_told_with_what_became_of_their_records(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    _sent(desk)
    (job,) = Telling(desk.warehouse, "api.qualified.com").jobs_of("r1")
    assert job.endings == {Ending.SUCCEEDED: 2, Ending.REJECTED: 2, Ending.UNKNOWN: 1}
    assert job.reasons == {"too long": 2}
    assert Telling(desk.warehouse, "another host").jobs_of("r1") == []


def test_no_key_is_in_the_history_and_none_in_a_statement_that_asks_for_one(
    connection: DirectConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = _desk(connection)
    _sent(desk)
    for name in TABLES:
        assert "x.example" not in str(desk.sql(f"SELECT * FROM qsync.{name}"))
    asked: list[str] = []
    rows = type(connection).rows
    monkeypatch.setattr(
        type(connection),
        "rows",
        lambda self, statement: (asked.append(statement.sql()), rows(self, statement))[1],
    )
    request = desk.request(PEOPLE)
    telling = Telling(desk.warehouse, "api.qualified.com")
    (row,) = telling.standing(request, KEYS[1], with_values=True)
    assert (row.op, row.values) == ("unchanged", {"first": ("1", "1"), "last": ("2", "2")})
    known = telling.acknowledged(request.state.table, KEYS[1], LEAD)
    assert known is not None
    assert known.run_id == "r1"
    reject = telling.rejection(request.state.stream_id, KEYS[2], LEAD)
    assert reject is not None
    assert (reject.reason, reject.attempts) == ("too long", 1)
    telling.sendings([request.state.stream_id], KEYS[1], LEAD, 5)
    assert telling.suppressed_since(KEYS[1], LEAD) is None
    assert len(asked) >= 6
    assert not [text for text in asked if "@x.example" in text]


def test_a_key_is_found_before_anything_was_ever_applied(connection: DirectConnection) -> None:
    desk = _desk(connection)
    connection.execute("DROP SCHEMA qsync CASCADE")
    desk.reopen()
    telling = Telling(desk.warehouse, "api.qualified.com")
    (row,) = telling.standing(desk.request(PEOPLE), KEYS[0])
    assert (row.op, row.values) == ("added", {})
    assert telling.standing(desk.request(PEOPLE), "nobody@x.example") == ()
    assert telling.sendings(["s"], KEYS[0], LEAD, 5) == ()


def test_older_runs_go_and_with_nothing_to_keep_all_of_them(connection: DirectConnection) -> None:
    desk = _desk(connection)
    first = _sent(desk)
    desk.load((KEYS[0], "9", "9"))
    _begun(desk, before="r1")
    assert len(_told(desk, KEYS[0])) == 2
    _begun(desk, before="r2")
    assert [item.run_id for item in _told(desk, KEYS[0])] == ["r3", "r2"]
    assert not desk.sql(f"SELECT 1 FROM qsync.{OUTCOMES} WHERE stage = '{first.table}'")
    _begun(desk, before=None)
    assert _rows(desk) == dict.fromkeys(TABLES, 0)


def test_what_a_dead_run_may_have_posted_is_told_unless_more_is_known(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    stage = _sent(desk)
    desk.reopen()
    desk.warehouse.prepare()
    stream_id = stage.stream_id
    dead = DeadStream("r1", PEOPLE.sync, "lead", 6, True, stage, 6, table=stage.table)
    desk.warehouse.close_dead(dead, [(1, 6)], desk.context(replace(stage, run_id="r2")))
    told = Telling(desk.warehouse, "api.qualified.com")
    (first,) = told.sendings([stream_id], KEYS[0], LEAD, 5)
    (last,) = told.sendings([stream_id], KEYS[5], LEAD, 5)
    assert (first.ending, last.ending) == (Ending.SUCCEEDED, Ending.LOST)


def test_of_a_forgotten_person_no_hash_is_left_in_the_history(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    stage = _sent(desk)
    desk.warehouse.suppress("lead", [KEYS[0]], desk.context(stage))
    purged = desk.warehouse.purge_suppressed("lead", desk.epoch)
    assert purged.history == 1
    assert _rows(desk)[SENT] == 5
    assert _told(desk, KEYS[0]) == ()
    assert len(_told(desk, KEYS[1])) == 1


def test_with_its_state_a_stream_loses_its_history_and_a_new_name_keeps_it(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    stage = _sent(desk)
    desk.warehouse.streams.rename(stage.stream_id, "other", "renamed")
    told = Telling(desk.warehouse, "api.qualified.com").sendings(["other"], KEYS[0], LEAD, 5)
    assert [item.sync for item in told] == ["people"]
    desk.warehouse.streams.remove("other")
    assert _rows(desk) == dict.fromkeys(TABLES, 0)
