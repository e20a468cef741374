"""One run at a time: the lock, its expiry and the epoch every commit carries."""

from __future__ import annotations

import threading

import pytest

from qsync.execution.ports import Commit, CommitContext, LockHolder, Outcome
from qsync.warehouse.columns import column_reader
from qsync.warehouse.lock import LockLostError
from qsync.warehouse.writing import WritingWarehouse
from tests.support.warehouses import DirectConnection, PostgresServer
from tests.warehouse.kit import AT, Desk, field, stream


def _other(connection: DirectConnection) -> WritingWarehouse:
    return WritingWarehouse(
        connection,
        "qsync",
        {},
        column_reader(connection),
        destination="api.qualified.com",
        project="x",
    )


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
def test_a_second_run_is_told_who_has_the_lock_and_until_when(
    connection: DirectConnection,
) -> None:
    Desk(connection, "email text")
    found = _other(connection).acquire_lock("second", "somebody else")
    assert isinstance(found, LockHolder)
    assert found.holder == "tests"
    assert found.since.endswith("UTC")
    assert found.expires > found.since


def test_a_lock_given_back_is_free(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    desk.warehouse.release_lock(desk.epoch)
    assert _other(connection).acquire_lock("second", "somebody else") == desk.epoch + 1


@pytest.mark.proves(fault="process killed", promise="ends cleanly")
def test_a_lock_expires_by_the_warehouses_clock(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    connection.execute("UPDATE qsync.qsync_lock SET expires = since - 1")
    assert _other(connection).acquire_lock("second", "somebody else") == desk.epoch + 1


def test_a_destination_does_not_lock_another(connection: DirectConnection) -> None:
    Desk(connection, "email text")
    other = WritingWarehouse(
        connection, "qsync", {}, column_reader(connection), destination="sandbox", project="x"
    )
    other.prepare()
    assert other.acquire_lock("second", "somebody else") == 1


@pytest.mark.proves(fault="lock lost or rival run", promise="no false success")
def test_a_commit_after_the_lock_was_lost_changes_nothing(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text")
    people = stream(field("first", "x"))
    desk.load(("a@x.example", "1"))
    stage, _ = desk.stage(people)
    desk.begin(stage)
    connection.execute("UPDATE qsync.qsync_lock SET epoch = epoch + 1")
    lost = CommitContext(stage.run_id, desk.epoch, AT)
    with pytest.raises(LockLostError):
        desk.warehouse.commit(stage, Commit([Outcome(1, 1)]), lost)
    (table,) = desk.sql("SELECT state_table FROM qsync.qsync_streams")
    assert desk.sql(f"SELECT count(*) FROM qsync.{table[0]}") == [(0,)]
    with pytest.raises(LockLostError):
        desk.warehouse.renew_lock(desk.epoch)


def test_a_free_lock_has_no_holder_and_a_taken_one_has(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    held = desk.warehouse.lock_holder()
    assert held is not None
    assert (held.lock_id, held.holder) == ("lock", "tests")
    desk.warehouse.release_lock(desk.epoch)
    assert desk.warehouse.lock_holder() is None


def test_an_expired_lock_still_has_its_holder_for_it_can_still_be_renewed(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    connection.execute("UPDATE qsync.qsync_lock SET expires = since - 1")
    assert _other(connection).lock_holder() is not None
    desk.warehouse.renew_lock(desk.epoch)
    assert isinstance(_other(connection).acquire_lock("second", "somebody else"), LockHolder)


def test_before_the_tables_are_made_nobody_holds_the_lock(connection: DirectConnection) -> None:
    assert _other(connection).lock_holder() is None


@pytest.mark.proves(fault="lock lost or rival run", promise="no false success")
def test_the_holder_of_a_lock_that_was_broken_commits_nothing_more(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, x text")
    desk.load(("a@x.example", "1"))
    stage, _ = desk.stage(stream(field("first", "x")))
    desk.begin(stage)
    assert _other(connection).break_lock("lock")
    with pytest.raises(LockLostError):
        desk.warehouse.baseline(stage, desk.context(stage))
    with pytest.raises(LockLostError):
        desk.warehouse.renew_lock(desk.epoch)
    (table,) = desk.sql("SELECT state_table FROM qsync.qsync_streams")
    assert desk.sql(f"SELECT count(*) FROM qsync.{table[0]}") == [(0,)]


def test_a_broken_lock_is_free_and_its_old_holder_gives_back_nobody_elses(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    assert desk.warehouse.break_lock("lock")
    assert desk.warehouse.lock_holder() is None
    other = _other(connection)
    assert other.acquire_lock("second", "somebody else") == desk.epoch + 2
    desk.warehouse.release_lock(desk.epoch)
    held = other.lock_holder()
    assert held is not None
    assert held.lock_id == "second"


def test_only_the_lock_that_is_meant_is_broken(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    assert not desk.warehouse.break_lock("another")
    desk.warehouse.renew_lock(desk.epoch)
    assert desk.warehouse.break_lock("lock")
    assert not desk.warehouse.break_lock("lock"), "it is broken once"


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
@pytest.mark.postgres
def test_of_many_contenders_exactly_one_takes_the_lock(postgres_server: PostgresServer) -> None:
    first = postgres_server.connection()
    desk = Desk(first, "email text")
    desk.warehouse.release_lock(desk.epoch)
    connections = [
        DirectConnection(postgres_server.raw(str(first.database)), first.dialect, first.database)
        for _ in range(6)
    ]
    start = threading.Barrier(len(connections))
    taken: list[int | LockHolder] = []

    def contend(number: int) -> None:
        warehouse = _other(connections[number])
        start.wait()
        taken.append(warehouse.acquire_lock(f"run{number}", f"process {number}"))

    threads = [threading.Thread(target=contend, args=(n,)) for n in range(len(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [isinstance(item, int) for item in taken].count(True) == 1
    for connection in (first, *connections):
        connection.raw.close()
