"""Where an engine has no transactions, dying between any two statements only makes rows go again.

The engine is DuckDB, told to behave like one that commits each statement by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from qsync.execution.ports import Commit, CommitContext, Outcome, Reject
from qsync.ledger.record import RunRecord, RunStatus
from qsync.warehouse.connection import Row
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.engine import Engine, Transactions
from qsync.warehouse.sequential import run_guarded_one_by_one
from qsync.warehouse.sql import Expression
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

LAKE = Engine(Transactions.NONE, merges=True, copies_columns=True)
PEOPLE = stream(field("first", "x"))
WITH_ANOTHER_FIELD = stream(field("first", "x"), field("second", "y"))
KEYS = [f"{letter}@x.example" for letter in "abcdef"]
REJECTED, LOST = KEYS[1], KEYS[2]


class DiedError(Exception):
    """The process is gone."""


class OneByOne(DirectConnection):
    """Commits each statement by itself, and dies before one of them."""

    left: int | None = None
    """Statements that write until then; None for never."""

    def run(self, *statements: Expression) -> None:
        for statement in statements:
            self._send(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        self.run(*statements)
        return self.rows(read)

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        return run_guarded_one_by_one(self._send, guard, check, statements)

    def _send(self, statement: Expression) -> Any:
        # Dying before one that only reads is dying before the next that writes.
        if self.left is not None and not isinstance(statement, exp.Query):
            self.left -= 1
            if self.left < 0:
                raise DiedError
        return super()._send(statement)


class Life:
    """A model that changes, runs over it, and what Qualified has."""

    def __init__(self) -> None:
        self.connection = OneByOne(duckdb.connect(":memory:"), DIALECTS["duckdb"], "memory")
        self.desk = Desk(self.connection, "email text, x text, y text")
        self.day = 0
        self.qualified: dict[str, tuple[str | None, ...]] = {}
        self.mapping = PEOPLE

    def next_day(self) -> None:
        """Every row has another value; the last one is in the model on every other day."""
        self.day += 1
        keys = KEYS if self.day % 2 else KEYS[:-1]
        self.desk.load(*((key, f"x{self.day}", f"y{self.day}") for key in keys))

    def run(self, *, troubled: bool = False) -> None:
        """One apply: Qualified learns the records once they may have been posted."""
        desk, warehouse = self.desk, self.desk.warehouse
        stage, _ = desk.stage(self.mapping)
        record = RunRecord(
            run_id=stage.run_id,
            sync="people",
            object="lead",
            target="prod",
            status=RunStatus.RUNNING,
            started_at=datetime(2026, 11, 3, 12, tzinfo=UTC),
            rows_planned=stage.rows,
            rows_unsent=stage.rows,
        )
        warehouse.open_record(record)
        sent = desk.rows(stage)
        desk.begin(stage)
        bad = {REJECTED, LOST} if troubled else set()
        self.qualified |= {row.key: tuple(row.values) for row in sent if row.key not in bad}
        rejects = [Reject(row.number, "no") for row in sent if troubled and row.key == REJECTED]
        lost = [row.number for row in sent if troubled and row.key == LOST]
        if sent:
            outcome = Outcome(1, stage.rows, rejects=tuple(rejects), unknown=tuple(lost))
            warehouse.commit(stage, Commit([outcome]), desk.context(stage))
        warehouse.settle_mapping(stage, desk.context(stage))
        warehouse.drop_stage(stage)

    def recover(self) -> None:
        """What the next process does first."""
        self.connection.execute("UPDATE qsync.qsync_lock SET expires = since - 1")
        self.desk.reopen().prepare()
        self.desk.take_lock()
        self.desk.warehouse.close_dead_runs(CommitContext("next", self.desk.epoch, AT))

    def dies(self, after: int, work: Callable[[], None]) -> bool:
        """Whether work died before its statement of this number."""
        self.connection.left = after
        try:
            work()
        except DiedError:
            return True
        finally:
            self.connection.left = None
        return False

    def behind(self) -> list[str]:
        """Keys of the model whose record at Qualified is another, once a next run is through."""
        self.recover()
        self.run()
        fields = [item.column for item in self.mapping.fields]
        wanted = ", ".join(str(name) for name in fields)
        rows = self.connection.say(f"SELECT email, {wanted} FROM people")
        return sorted(key for key, *values in rows if self.qualified.get(key) != tuple(values))


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    """A day is over, without trouble."""
    monkeypatch.setattr("qsync.warehouse.reading.engine_of", lambda _: LAKE)
    begun = Life()
    begun.next_day()
    begun.run()
    return begun


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_a_run_that_dies_before_any_of_its_statements_loses_no_record(life: Life) -> None:
    deaths = 0
    life.next_day()
    while life.dies(deaths, lambda: life.run(troubled=True)):
        assert set(life.behind()) <= {REJECTED}, f"statement {deaths}"
        life.next_day()
        deaths += 1
    assert deaths >= 15
    assert set(life.behind()) <= {REJECTED}


@pytest.mark.slow
def test_a_run_whose_fields_change_may_die_anywhere_too(life: Life) -> None:
    def with_other_fields() -> None:
        life.mapping = PEOPLE if life.mapping is WITH_ANOTHER_FIELD else WITH_ANOTHER_FIELD
        life.run()

    deaths = 0
    life.next_day()
    while life.dies(deaths, with_other_fields):
        assert life.behind() == [], f"statement {deaths}"
        life.next_day()
        deaths += 1
    assert deaths >= 15
    assert life.behind() == []


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_a_next_run_may_die_while_it_closes_what_the_last_one_left(life: Life) -> None:
    deaths = 0
    while True:
        life.next_day()
        # Posted, and nothing of it committed.
        life.dies(10_000, lambda: _posts_and_dies(life))
        died = life.dies(deaths, life.recover)
        assert life.behind() == [], f"statement {deaths}"
        if not died:
            break
        deaths += 1
    assert deaths > 5


def _posts_and_dies(life: Life) -> None:
    stage, _ = life.desk.stage(life.mapping)
    life.desk.begin(stage)
    raise DiedError
