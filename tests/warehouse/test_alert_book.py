"""What was alerted is remembered, and how syncs stand is read, on each warehouse."""

from __future__ import annotations

from datetime import timedelta

from qsync.ledger import RunStatus
from qsync.ledger.alerts import OpenAlert, Trouble
from qsync.warehouse.alerting import AlertBook, StreamTimes
from tests.support.runs import START, a_record
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk

LEADS = OpenAlert("ops", "leads", Trouble.FAILED, "2026-11-03 05:00:12")
WHOLE = OpenAlert("ops", "", Trouble.UNREACHABLE, "2026-11-03 05:00:12")


def _book(desk: Desk, project: str = "x") -> AlertBook:
    warehouse = desk.reopen()
    return AlertBook(
        *(warehouse.connection, warehouse.layout, warehouse.destination, project),
        tables=warehouse.tables,
    )


def test_what_was_told_is_kept_by_project_until_it_is_over(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    assert _book(desk).opened() == frozenset()
    _book(desk).keep([LEADS, WHOLE], [])
    _book(desk).keep([LEADS], [])
    assert _book(desk).opened() == {LEADS, WHOLE}
    assert _book(desk, "another").opened() == frozenset()
    _book(desk).keep([], [LEADS])
    assert _book(desk).opened() == {WHOLE}


def test_a_stream_was_synced_when_a_run_got_through_or_sent_some_of_it(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text")
    later, last = START + timedelta(hours=1), START + timedelta(hours=2)
    for record in (
        a_record(run_id="1", status=RunStatus.FAILED),
        a_record(run_id="2", status=RunStatus.FAILED, succeeded=1, started=later, seconds=5),
        a_record(run_id="3", status=RunStatus.FAILED, started=last),
        a_record("never", run_id="3", status=RunStatus.FAILED, started=last),
    ):
        desk.warehouse.open_record(record)
    book = _book(desk)
    assert {(item.sync, item.run_id) for item in book.last_records()} == {
        ("leads", "3"),
        ("never", "3"),
    }
    assert book.times() == {
        ("leads", "lead"): StreamTimes(START, later + timedelta(seconds=5)),
        ("never", "lead"): StreamTimes(last, None),
    }
