"""Why records change, as the counting statement tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.fields.model import FieldType
from qsync.planning import movement
from qsync.planning.causes import causes
from qsync.planning.compiled import CompiledStream
from qsync.planning.movement import Movement
from qsync.project.model import OnNull
from tests.support.plans import a_stream_plan
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream, with_on_null

COLUMNS = "email text, job_title text, phone text, mobile text"
TITLE, PHONE = field("job_title"), field("phone")
NOW = (("a@x.example", "CEO", "1", "9"), ("b@x.example", "CFO", "2", "2"), ("c@x.example", *"xyz"))


@pytest.fixture
def desk(connection: DirectConnection) -> Desk:
    """Three people, sent with their job titles."""
    found = Desk(connection, COLUMNS)
    found.load(*NOW)
    found.run(stream(TITLE))
    return found


def why(desk: Desk, of: CompiledStream, full_refresh: bool = False) -> dict[str, int | None]:
    """The causes of the changes, which sum up to them."""
    request = desk.request(of, full_refresh)
    counts = desk.warehouse.change_set(request).counts
    plan = a_stream_plan(counts, full_refresh=full_refresh)
    found = causes(replace(plan, moved=request.state.moved(of)))
    assert sum(item.records or 0 for item in found) == counts.changed
    return {item.cause.value: item.records for item in found}


def moved(desk: Desk, of: CompiledStream) -> Movement | None:
    return desk.request(of).state.moved(of)


def test_a_value_that_changed_is_the_datas_doing(desk: Desk) -> None:
    desk.load(("a@x.example", "CTO", "1", "9"), *NOW[1:])
    assert moved(desk, stream(TITLE)) is None
    assert why(desk, stream(TITLE)) == {"data": 1}


def test_a_field_that_is_new_is_the_mappings_doing_unless_another_field_changed_too(
    desk: Desk,
) -> None:
    desk.load(("a@x.example", "CTO", "1", "9"), *NOW[1:])
    both = stream(TITLE, PHONE)
    assert moved(desk, both) == Movement(added=("phone",))
    assert why(desk, both) == {"data": 1, "mapping": 2}


def test_another_column_and_another_meaning_of_null_are_the_mappings_doing(desk: Desk) -> None:
    desk.run(stream(TITLE, PHONE))
    remapped = stream(TITLE, field("phone", "mobile"))
    assert moved(desk, remapped) == Movement(remapped=("phone",))
    assert why(desk, remapped) == {"mapping": 2}
    desk.load(("a@x.example", None, "1", "9"), *NOW[1:])
    cleared = stream(with_on_null(TITLE, OnNull.CLEAR), PHONE)
    assert moved(desk, cleared) == Movement(remapped=("job_title",))
    assert why(desk, cleared) == {"mapping": 1}


def test_what_the_mapping_changed_stays_its_doing_until_a_run_has_sent_it_all(desk: Desk) -> None:
    both = stream(TITLE, PHONE)
    stage, _ = desk.stage(both)
    desk.begin(stage, posted=0)
    desk.close_dead_runs()
    assert moved(desk, both) == Movement(added=("phone",))
    assert why(desk, both) == {"mapping": 3}
    desk.run(both)
    assert moved(desk, both) is None
    assert why(desk, both) == {}


def test_a_field_that_is_dropped_is_named_and_as_new_when_it_comes_back(desk: Desk) -> None:
    both = stream(TITLE, PHONE)
    desk.run(both)
    assert moved(desk, stream(TITLE)) == Movement(dropped=("phone",))
    stage, _ = desk.stage(stream(TITLE))
    desk.begin(stage)
    assert moved(desk, both) == Movement(added=("phone",))
    assert why(desk, both) == {"mapping": 3}


def test_another_type_in_the_field_catalog_is_its_doing(desk: Desk) -> None:
    retyped = stream(field("job_title", type=FieldType.NAME))
    assert moved(desk, retyped) == Movement(retyped=("job_title",))
    desk.load(("a@x.example", "CTO", "1", "9"), *NOW[1:])
    assert why(desk, retyped) == {"catalog": 1}


def test_other_options_cannot_be_told_from_the_data_and_that_is_said(desk: Desk) -> None:
    def picks(*options: str) -> CompiledStream:
        return stream(field("job_title", type=FieldType.PICKLIST, options=options))

    desk.run(picks("CEO", "CFO"))
    more = picks("CEO", "CFO", "x", "CTO")
    assert moved(desk, more) == Movement(reoptioned=("job_title",))
    assert why(desk, more) == {}
    desk.load(("a@x.example", "CTO", "1", "9"), *NOW[1:])
    assert why(desk, more) == {"data": 1, "catalog": None}


def test_another_hash_version_cannot_be_told_from_the_data_and_that_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movement, "HASH_VERSION", 2)
    both = replace(stream(TITLE, PHONE), hash_prefix="2")
    assert moved(desk, both) == Movement(added=("phone",), versions=True)
    assert why(desk, both) == {"data": 3, "mapping": None, "hash_version": None}


def test_another_column_of_the_match_key_cannot_be_told_from_the_data(desk: Desk) -> None:
    desk.load(("a@x.example", "CTO", "1", "a@x.example"))
    other = stream(TITLE, match="mobile")
    assert moved(desk, other) == Movement(match_key=True)
    assert why(desk, other) == {"data": 1, "mapping": None}


def test_records_that_go_once_more_have_that_as_their_cause(desk: Desk) -> None:
    people = stream(TITLE)
    desk.load(("a@x.example", "1", "", ""), ("b@x.example", "2", "", ""), ("c@x.example", *"3yz"))
    desk.run(people, reject=["a@x.example"], unknown=["b@x.example"])
    desk.load(("a@x.example", "1", "", ""), ("b@x.example", "2", "", ""), ("c@x.example", *"4yz"))
    assert why(desk, people) == {"data": 1, "retry": 1, "unsettled": 1}
    assert why(desk, people, full_refresh=True) == {"full_refresh": 3}


def test_without_a_known_mapping_the_columns_of_state_tell_what_they_can(desk: Desk) -> None:
    desk.connection.execute("DELETE FROM qsync.qsync_mappings")
    assert moved(desk, stream(TITLE)) is None
    both = stream(field("job_title", "mobile"), PHONE)
    assert moved(desk, both) == Movement(added=("phone",), untold=True)
    assert why(desk, both) == {"data": 3, "mapping": None}
    desk.connection.execute("DROP TABLE qsync.qsync_mappings")
    desk.reopen()
    assert moved(desk, stream(PHONE)) == Movement(("phone",), ("job_title",), untold=True)


def test_records_in_which_a_field_is_cleared_are_counted_once(desk: Desk) -> None:
    clears = stream(*(with_on_null(item, OnNull.CLEAR) for item in (TITLE, PHONE)))
    desk.run(clears)
    desk.load(("a@x.example", None, None, "9"), ("b@x.example", "CFO", None, "2"), NOW[2])
    found = desk.plan(clears)
    assert (found.counts.changed, found.counts.cleared) == (2, 2)
    assert sum(item.cleared for item in found.fields) == 3


def test_a_first_load_tells_how_many_records_have_a_value_in_the_same_statement(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, COLUMNS)
    desk.load(("a@x.example", "CEO", None, None), ("b@x.example", "CFO", "2", None), (None, *"xyz"))
    desk.request(stream(TITLE, PHONE))
    before = len(connection.statements)
    found = desk.warehouse.change_set(desk.request(stream(TITLE, PHONE)))
    assert [(item.field, item.set) for item in found.fields] == [("job_title", 2), ("phone", 1)]
    _, staged = desk.stage(stream(TITLE, PHONE))
    assert staged == found
    assert sum("WITH" in text for text in connection.statements[before:]) == 2
