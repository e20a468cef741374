"""The digest of a change set: the same for the same changes, another for any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.planning.changes import Imprint
from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnNull
from tests.support.warehouses import DirectConnection, duckdb_connection
from tests.warehouse.kit import Desk, field, stream

TITLE = stream(field("job_title"))
NOW = (("a@x.example", "CEO"), ("b@x.example", "CFO"), ("c@x.example", "CTO"))


@pytest.fixture
def desk(connection: DirectConnection) -> Desk:
    found = Desk(connection, "email text, job_title text")
    found.load(*NOW)
    return found


def planned(desk: Desk, of: CompiledStream = TITLE) -> Imprint:
    found = desk.warehouse.change_set(replace(desk.request(of), imprinted=lambda _: True)).imprint
    assert found is not None
    return found


def staged(desk: Desk, of: CompiledStream = TITLE) -> Imprint:
    request = replace(desk.request(of), imprinted=lambda _: True)
    stage, change_set = desk.warehouse.stage("other", request.state.stream_id, request)
    desk.warehouse.drop_stage(stage)
    assert change_set.imprint is not None
    return change_set.imprint


def test_what_is_planned_and_what_is_staged_have_one_digest(desk: Desk) -> None:
    first = planned(desk)
    assert first.keyed
    assert first.digest is not None
    assert len(first.digest) == 32
    assert planned(desk) == staged(desk) == first
    desk.run(TITLE)
    desk.load(("a@x.example", "CIO"), ("b@x.example", None), ("d@x.example", "CTO"), ("e", "x"))
    assert planned(desk) == staged(desk) != first


def test_the_order_of_the_rows_is_no_part_of_it(desk: Desk) -> None:
    before = planned(desk)
    desk.load(*reversed(NOW))
    assert planned(desk) == before


def test_as_many_changes_of_other_records_are_another(desk: Desk) -> None:
    desk.run(TITLE)
    found = set()
    for rows in (
        (("a@x.example", "new"), *NOW[1:]),
        (("a@x.example", "other"), *NOW[1:]),
        (NOW[0], ("b@x.example", "new"), NOW[2]),
        NOW[1:],
        NOW[:2],
    ):
        desk.load(*rows)
        found.add(planned(desk).digest)
    assert len(found) == 5


def test_where_nothing_changes_there_is_none_and_state_names_its_last_writer(desk: Desk) -> None:
    assert planned(desk).writer is None
    desk.run(TITLE)
    assert planned(desk) == Imprint(True, None, "r1")


def test_another_secret_makes_another_of_the_same_rows(desk: Desk) -> None:
    before = planned(desk).digest
    desk.connection.execute("UPDATE qsync.qsync_meta SET value = 'ff' WHERE name = 'secret'")
    assert planned(desk).digest != before


def test_it_can_be_made_with_no_more_than_rights_to_read(desk: Desk) -> None:
    # Before anything was ever written there is no secret, and nothing else to compare rows by.
    desk.connection.execute("DROP TABLE qsync.qsync_meta")
    desk.warehouse.refresh()
    assert planned(desk) == Imprint()


VALUES = st.sampled_from([None, "1", "2", "12"])
ROWS = st.lists(
    st.tuples(st.sampled_from(["a@x.example", "b@x.example", "A@x.example", "bad"]), VALUES),
    max_size=4,
)
MAPPING = stream(field("job_title", on_null=OnNull.CLEAR))


@given(ROWS, ROWS, ROWS)
@settings(max_examples=25)
def test_with_the_same_digest_the_same_is_sent(
    yesterday: list[tuple[str, str | None]],
    shown: list[tuple[str, str | None]],
    applied: list[tuple[str, str | None]],
) -> None:
    """Whatever the model became after the plan: the digest is the same only if what goes is."""
    desk = Desk(duckdb_connection(), "email text, job_title text")
    desk.load(*yesterday)
    desk.run(MAPPING)
    desk.load(*shown)
    then = planned(desk, MAPPING)
    stage, counts_then = desk.stage(MAPPING)
    sent_then = [(row.key, row.values) for row in desk.rows(stage)]
    desk.warehouse.drop_stage(stage)
    desk.load(*applied)
    now = staged(desk, MAPPING)
    stage, counts_now = desk.stage(MAPPING)
    sent_now = [(row.key, row.values) for row in desk.rows(stage)]
    if then == now:
        assert sent_now == sent_then
        assert counts_now.counts.removed == counts_then.counts.removed
    if sorted(map(repr, shown)) == sorted(map(repr, applied)):
        assert then == now
