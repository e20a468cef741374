"""Two who reach for the lock in the same moment: one wins, the other is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb
import pytest

from qsync.errors import UserError
from qsync.execution.ports import LockHolder
from qsync.warehouse.columns import column_reader
from qsync.warehouse.connection import translated
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.lock import LockLostError
from qsync.warehouse.sql import Expression
from qsync.warehouse.writing import WritingWarehouse
from tests.support.warehouses import DirectConnection, PostgresServer

ISOLATIONS = ("read committed", "repeatable read", "serializable")


class Rival(DirectConnection):
    """A connection whose errors are qsync's own, and which can be held up before it commits."""

    before_commit: Callable[[], object] | None = None

    def execute(self, sql: str) -> object:
        if sql == "COMMIT" and self.before_commit is not None:
            pause, self.before_commit = self.before_commit, None
            pause()
        return super().execute(sql)

    def run(self, *statements: Expression) -> None:
        with translated():
            super().run(*statements)

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        with translated():
            return super().run_guarded(guard, check, statements)

    def warehouse(self) -> WritingWarehouse:
        return WritingWarehouse(
            self,
            "qsync",
            {},
            column_reader(self),
            destination="api.qualified.com",
            project="x",
        )


def _named(held: int | LockHolder) -> str:
    assert isinstance(held, LockHolder)
    return f"{held.lock_id}, {held.holder}"


@pytest.fixture
def cursors() -> Iterator[tuple[Rival, Rival]]:
    """Two connections to one DuckDB database."""
    with duckdb.connect(":memory:") as raw, raw.cursor() as other:
        first, second = (Rival(item, DIALECTS["duckdb"], "memory") for item in (raw, other))
        first.warehouse().prepare()
        yield first, second


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
def test_duckdb_refuses_the_second_who_is_told_so_and_whom_as_soon_as_that_can_be_seen(
    cursors: tuple[Rival, Rival],
) -> None:
    first, second = cursors
    told: list[int | LockHolder] = []
    first.before_commit = lambda: told.append(second.warehouse().acquire_lock("two", "bob"))
    assert first.warehouse().acquire_lock("one", "ann") == 1
    assert [_named(item) for item in told] == [", another run, in the same moment"]
    assert _named(second.warehouse().acquire_lock("two", "bob")) == "one, ann"


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
def test_on_duckdb_the_lock_of_one_who_is_just_writing_is_not_broken(
    cursors: tuple[Rival, Rival],
) -> None:
    first, second = cursors
    warehouse = first.warehouse()
    epoch = warehouse.acquire_lock("one", "ann")
    assert isinstance(epoch, int)
    refused: list[str] = []

    def break_it() -> None:
        with pytest.raises(UserError, match="was writing in the same moment") as error:
            second.warehouse().break_lock("one")
        refused.append(error.value.message)

    first.before_commit = break_it
    warehouse.renew_lock(epoch)
    assert refused
    warehouse.renew_lock(epoch)


@contextlib.contextmanager
def _rivals(server: PostgresServer, isolation: str) -> Iterator[tuple[Rival, Rival]]:
    name = server.new_database()
    raws = [server.raw(name) for _ in range(2)]
    try:
        first, second = (Rival(raw, DIALECTS["postgres"], name) for raw in raws)
        first.warehouse().prepare()
        for rival in (first, second):
            rival.execute(f"SET default_transaction_isolation = '{isolation}'")
        yield first, second
    finally:
        for raw in raws:
            raw.close()


def _meanwhile(
    server: PostgresServer, first: Rival, second: Rival, work: Callable[[], object]
) -> Future[object]:
    """When `first` next commits, `second` works, and gets stuck behind it before it goes on."""
    pool = ThreadPoolExecutor(1)
    found: Future[object] = Future()
    waits = (
        "SELECT count(*) FROM pg_stat_activity "
        f"WHERE pid = {second.raw.get_backend_pid()} AND wait_event_type = 'Lock'"
    )

    def go() -> None:
        try:
            found.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed on to the test
            found.set_exception(error)

    def pause() -> None:
        pool.submit(go)
        pool.shutdown(wait=False)
        with contextlib.closing(server.raw()) as observer:
            cursor = observer.cursor()
            stuck = False
            while not stuck:
                cursor.execute(waits)
                stuck = cursor.fetchone() == (1,)
                assert not found.done(), "it did not wait"

    first.before_commit = pause
    return found


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_on_postgresql_the_second_waits_for_the_first_and_is_told_who_won(
    postgres_server: PostgresServer, isolation: str
) -> None:
    with _rivals(postgres_server, isolation) as (first, second):
        told = _meanwhile(
            postgres_server, first, second, lambda: second.warehouse().acquire_lock("two", "bob")
        )
        assert first.warehouse().acquire_lock("one", "ann") == 1
        held = told.result(30)
        assert isinstance(held, LockHolder)
        assert _named(held) == "one, ann"


@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_on_postgresql_a_lock_is_broken_right_after_what_its_holder_was_writing(
    postgres_server: PostgresServer, isolation: str
) -> None:
    with _rivals(postgres_server, isolation) as (first, second):
        warehouse = first.warehouse()
        epoch = warehouse.acquire_lock("one", "ann")
        assert isinstance(epoch, int)
        broken = _meanwhile(
            postgres_server, first, second, lambda: second.warehouse().break_lock("one")
        )
        warehouse.renew_lock(epoch)
        assert broken.result(30) is True
        with pytest.raises(LockLostError):
            warehouse.renew_lock(epoch)


@pytest.mark.proves(fault="lock lost or rival run", promise="ends cleanly")
@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_on_postgresql_two_who_break_the_same_lock_break_it_once(
    postgres_server: PostgresServer, isolation: str
) -> None:
    with _rivals(postgres_server, isolation) as (first, second):
        first.warehouse().acquire_lock("one", "ann")
        other = _meanwhile(
            postgres_server, first, second, lambda: second.warehouse().break_lock("one")
        )
        assert first.warehouse().break_lock("one")
        assert other.result(30) is False
