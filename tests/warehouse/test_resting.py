"""A rejected record rests once it was rejected twice in a row for the same reason, as it is."""

from __future__ import annotations

import pytest

from qsync.execution.ports import BATCH_LEFT, Outcome, Reject
from qsync.planning.ports import Only
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

ANN, BEN = "ann@x.example", "ben@x.example"
PEOPLE = stream(field("job_title"))

Said = tuple[str, str | None]
"""The reason of a rejection, and the field it is about."""

PHONE: Said = ("phone is invalid", "phone")


@pytest.fixture
def desk(connection: DirectConnection) -> Desk:
    found = Desk(connection, "email text, job_title text")
    found.load((ANN, "CEO"))
    return found


def _rejected(desk: Desk, said: Said, *, retry: bool = False) -> int:
    """Ann is rejected in one more run; how often in a row for this reason."""
    only = Only(rejects=True) if retry else None
    assert desk.keys(desk.run(PEOPLE, reject=[ANN], saying=said, only=only)) == [ANN]
    ((attempts,),) = desk.sql("SELECT attempts FROM qsync.qsync_rejects")
    return int(attempts)


def _rests(desk: Desk) -> bool:
    counts = desk.plan(PEOPLE).counts
    assert counts.resting + counts.added == 1
    return counts.resting == 1


@pytest.mark.proves(fault="row rejected", promise="no row lost")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("job_title is too long", "job_title"), ("job_title is not allowed", "job_title")),
        (("line_1 is invalid", "line_1"), ("line_2 is invalid", "line_2")),
        (("長すぎます", None), ("無効です", None)),
        (("refused", None), ("refused", "job_title")),
        (("batch_refused", None), ("job_title is too long", "job_title")),
    ],
)
def test_two_rejections_for_different_reasons_let_no_record_rest(
    desk: Desk, first: Said, second: Said
) -> None:
    assert _rejected(desk, first) == 1
    assert _rejected(desk, second) == 1
    assert not _rests(desk)
    assert _rejected(desk, second) == 2
    assert _rests(desk)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("item 17: refused", None), ("item 4: refused", None)),
        (("items[3].job_title: no", "job_title"), ("items[411].job_title: no", "job_title")),
        (("refused (req_5Jx8-a) at 05:00:01", None), ("refused (req-7) at 17:21:44", None)),
        (("batch_refused", None), ("batch_refused", None)),
    ],
)
def test_the_same_reason_may_be_said_with_other_numbers_and_ids(
    desk: Desk, first: Said, second: Said
) -> None:
    assert _rejected(desk, first) == 1
    assert _rejected(desk, second) == 2
    assert _rests(desk)


def test_a_resting_record_that_is_retried_and_rejected_for_another_reason_goes_once_more(
    desk: Desk,
) -> None:
    assert [_rejected(desk, PHONE), _rejected(desk, PHONE)] == [1, 2]
    assert _rests(desk)
    assert _rejected(desk, ("job_title is too long", "job_title"), retry=True) == 1
    assert not _rests(desk)


def test_a_refusal_with_others_in_between_is_no_rejection_and_makes_none_forgotten(
    desk: Desk,
) -> None:
    assert _rejected(desk, (BATCH_LEFT, None)) == 0
    assert _rejected(desk, PHONE) == 1
    assert _rejected(desk, (BATCH_LEFT, None)) == 1
    assert not _rests(desk)
    desk.load((ANN, "CEO"), (BEN, "CTO"))
    desk.run(PEOPLE, reject=[ANN, BEN], saying=(BATCH_LEFT, None))
    kept = "SELECT key, reason, field, attempts, run_id FROM qsync.qsync_rejects ORDER BY key"
    assert desk.sql(kept) == [
        (ANN, "phone is invalid", "phone", 1, "r4"),
        (BEN, BATCH_LEFT, None, 0, "r4"),
    ]
    desk.load((ANN, "CEO"))
    desk.run(PEOPLE, reject=[ANN], saying=PHONE)
    assert _rests(desk)


def test_a_rejection_that_is_committed_again_counts_once(desk: Desk) -> None:
    _rejected(desk, PHONE)
    stage, _ = desk.stage(PEOPLE)
    desk.begin(stage)
    for _ in range(2):
        desk.commit(stage, Outcome(1, 1, rejects=(Reject(1, *PHONE),)))
    assert desk.sql("SELECT attempts FROM qsync.qsync_rejects") == [(2,)]


def test_of_a_stage_that_does_not_say_what_was_said_before_the_count_begins_anew(
    desk: Desk,
) -> None:
    """A qsync has left it behind that counted rejections whatever was said."""
    _rejected(desk, PHONE)
    stage, _ = desk.stage(PEOPLE)
    desk.connection.execute(f"UPDATE qsync.{stage.table} SET reason = NULL")
    desk.begin(stage)
    desk.commit(stage, Outcome(1, 1, rejects=(Reject(1, *PHONE),)))
    assert desk.sql("SELECT attempts FROM qsync.qsync_rejects") == [(1,)]


def test_a_plan_counts_records_alike_whatever_was_said_of_them(desk: Desk) -> None:
    desk.load((ANN, "CEO"), (BEN, "CTO"), (None, "CFO"))
    stage, _ = desk.stage(PEOPLE)
    desk.begin(stage)
    said = (Reject(1, *PHONE), Reject(2, "job_title is too long", "job_title"))
    desk.commit(stage, Outcome(1, 2, rejects=said))
    request = desk.request(PEOPLE)
    query = desk.warehouse.diff(request).query(desk.warehouse.counting(request))
    assert len(desk.connection.rows(query)) == 2, "a line for the rejects, one for the invalid"
    counts = desk.plan(PEOPLE).counts
    assert (counts.added, counts.retried, counts.invalid) == (2, 2, {"null_key": 1})
