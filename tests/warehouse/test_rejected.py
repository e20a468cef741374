"""Rejected records, grouped, one by one and as a view, on each warehouse."""

from __future__ import annotations

from datetime import datetime

import pytest

from qsync.warehouse import rejected as room
from qsync.warehouse.rejected import VIEW_COLUMNS, Rejected, ensure_view
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

PEOPLE = stream(field("job_title"))
KEYS = [f"p{number}@x.example" for number in range(40)]


@pytest.fixture
def desk(connection: DirectConnection) -> Desk:
    found = Desk(connection, "email text, job_title text")
    found.load(*((key, "CEO") for key in KEYS))
    return found


def _rejected(desk: Desk, project: str = "x", sync: str | None = None) -> Rejected:
    desk.warehouse.refresh()
    warehouse = desk.warehouse
    return Rejected(
        *(warehouse.connection, warehouse.layout, warehouse.destination, project),
        tables=warehouse.tables,
        sync=sync,
    )


def test_reasons_that_differ_in_numbers_only_are_one_group_with_its_times(desk: Desk) -> None:
    desk.run(PEOPLE, reject=KEYS[:3], saying=("line 1 is too long", "job_title"))
    desk.run(PEOPLE, reject=KEYS[:2], saying=("line 7 is too long", "job_title"))
    (group,) = _rejected(desk).groups()
    assert (group.sync, group.object, group.field) == ("people", "lead", "job_title")
    assert (group.records, group.resting, group.attempts) == (2, 2, 2)
    assert (group.first_at, group.last_at) == (AT, AT)
    assert _rejected(desk, project="another").groups() == ()
    assert _rejected(desk, sync="another").groups() == ()


def test_an_export_in_many_parts_has_each_record_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CHUNK", 2)
    desk.run(PEOPLE, reject=KEYS)
    records = list(_rejected(desk).records())
    assert sorted(record.key for record in records) == sorted(KEYS)
    assert {(record.attempts, record.resting, record.run_id) for record in records} == {
        (1, False, "r1")
    }


def test_the_view_tells_the_same_and_is_made_once(desk: Desk) -> None:
    desk.run(PEOPLE, reject=KEYS[:1])
    names = ", ".join(name for name, _ in VIEW_COLUMNS)
    at = datetime.fromisoformat(AT)
    assert desk.sql(f"SELECT {names} FROM qsync.qsync_rejections") == [
        (
            *("api.qualified.com", "x", "people", "lead", KEYS[0]),
            *("phone", "phone is invalid", 1, False, "r1", at, at),
        )
    ]
    desk.connection.execute("DROP VIEW qsync.qsync_rejections")
    ensure_view(desk.connection, desk.warehouse.layout)
    assert "qsync_rejections" not in _views(desk)
    desk.connection.execute("UPDATE qsync.qsync_meta SET value = '0' WHERE name LIKE 'view %'")
    ensure_view(desk.connection, desk.warehouse.layout)
    assert "qsync_rejections" in _views(desk)


def _views(desk: Desk) -> set[str]:
    return desk.connection.views("qsync")
