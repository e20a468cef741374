"""What is alerted: one message per change, an end only after a beginning, never twice the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.ledger import RunRecord, RunStatus
from qsync.ledger.alerts import (
    EVERYTHING,
    AlertMessage,
    OpenAlert,
    SyncStand,
    Trouble,
    WholeRun,
    decide,
)
from qsync.ledger.record import ANOTHER_STREAM
from qsync.project.alerts import AlertEvent, AlertRule
from tests.support.runs import START, a_record

ALL = frozenset(AlertEvent)
OPS = AlertRule("ops", "QSYNC_ALERT_OPS", ALL, Fraction(2, 100), timedelta(hours=26))
NOTHING: frozenset[OpenAlert] = frozenset()


def stand(
    *records: RunRecord, synced: datetime | None = START, tags: tuple[str, ...] = ()
) -> SyncStand:
    name = records[0].sync if records else "leads"
    return SyncStand(name, tags, records, tuple(synced for _ in records), START)


def told(
    *stands: SyncStand,
    opened: frozenset[OpenAlert] = NOTHING,
    whole: tuple[WholeRun, ...] = (),
    rule: AlertRule = OPS,
    now: datetime = START,
) -> tuple[AlertMessage, ...]:
    return decide([rule], stands, whole, opened, now=now, at="now").messages


def troubles(messages: tuple[AlertMessage, ...]) -> list[tuple[bool, str, str]]:
    return [
        (message.recovered, item.sync, item.trouble.value)
        for message in messages
        for item in message.findings
    ]


FAILED = a_record(status=RunStatus.FAILED, details={"error": {"message": "no", "hint": "do"}})
GUARDED = a_record(status=RunStatus.STOPPED, details={"guards": ["max_changed"]})
FINE = a_record(succeeded=100)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (FAILED, ["failed"]),
        (GUARDED, ["guard"]),
        (a_record(status=RunStatus.STOPPED, details={"paused": "guard"}), ["guard"]),
        (a_record(status=RunStatus.STOPPED, details={"error": "a gate"}), ["failed"]),
        (a_record(status=RunStatus.INTERRUPTED), ["failed"]),
        (a_record(status=RunStatus.INTERRUPTED, details={"paused": "max_time"}), []),
        (a_record(status=RunStatus.RUNNING), []),
        (a_record(status=RunStatus.PARTIAL, succeeded=97, rejected=3), ["rejects"]),
        (a_record(status=RunStatus.PARTIAL, succeeded=98, rejected=2), []),
        (FINE, []),
    ],
)
def test_what_a_run_ended_with_decides_what_it_is_called(
    record: RunRecord, found: list[str]
) -> None:
    assert [trouble for _, _, trouble in troubles(told(stand(record)))] == found


def test_the_stream_that_broke_the_guard_tells_why_its_sync_was_stopped() -> None:
    other = a_record(
        status=RunStatus.STOPPED,
        details={"guards": [ANOTHER_STREAM], "error": {"message": "another", "hint": None}},
    )
    cause = replace(GUARDED, details={**GUARDED.details, "error": {"message": "max_changed"}})
    for records in ((other, cause), (cause, other)):
        (message,) = told(stand(*records))
        assert [item.message for item in message.findings] == ["max_changed"]


def test_a_sync_is_stale_when_its_least_recent_stream_is() -> None:
    old, new = START, START + timedelta(hours=20)
    both = SyncStand("leads", (), (FINE, a_record(object_name="company")), (old, new), START)
    late = START + timedelta(hours=27)
    (message,) = told(both, now=late)
    assert message.findings[0].message == (
        "nothing synced for 27 hours: last synced at 2026-11-03 05:00 UTC"
    )
    assert told(both, now=START + timedelta(hours=26)) == ()


def test_a_sync_that_never_was_applied_is_not_stale() -> None:
    assert told(SyncStand("new"), now=START + timedelta(days=9)) == ()


def test_a_sync_whose_runs_all_came_to_nothing_is_late_from_its_first_on() -> None:
    messages = told(stand(FAILED, synced=None), now=START + timedelta(hours=27))
    assert {trouble for _, _, trouble in troubles(messages)} == {"failed", "stale"}


def test_a_failed_run_is_no_word_on_a_guard_nor_on_rejects() -> None:
    opened = frozenset(
        OpenAlert("ops", "leads", trouble, "before")
        for trouble in (Trouble.GUARD, Trouble.REJECTS, Trouble.FAILED)
    )
    assert told(stand(FAILED), opened=opened) == ()
    (message,) = told(stand(FINE), opened=opened)
    assert message.recovered
    assert {item.trouble for item in message.findings} == {
        Trouble.GUARD,
        Trouble.REJECTS,
        Trouble.FAILED,
    }


def test_records_that_rest_keep_an_alert_of_rejects_open_and_begin_none() -> None:
    resting = replace(a_record(succeeded=10), rows_resting=5)
    assert told(stand(resting)) == ()
    opened = frozenset({OpenAlert("ops", "leads", Trouble.REJECTS, "before")})
    assert told(stand(resting), opened=opened) == ()
    assert troubles(told(stand(FINE), opened=opened)) == [(True, "leads", "rejects")]


def test_a_rule_is_about_the_syncs_it_names_or_that_have_its_tags() -> None:
    named = replace(OPS, syncs=("lea*",), tags=("hourly",))
    usage = replace(FAILED, sync="usage")
    assert troubles(told(stand(FAILED), stand(usage), rule=named)) == [(False, "leads", "failed")]
    tagged = stand(usage, tags=("hourly",))
    assert troubles(told(tagged, rule=named)) == [(False, "usage", "failed")]


def test_a_run_that_failed_before_any_sync_is_told_once_and_when_one_gets_through() -> None:
    lost = WholeRun(Trouble.FAILED, "the key was refused", "make a new one")
    (message,) = told(whole=(lost,))
    opened = message.after(NOTHING)
    assert {alert.sync for alert in opened} == {EVERYTHING}
    assert told(whole=(lost,), opened=opened) == told(opened=opened) == ()
    assert troubles(told(whole=(WholeRun(Trouble.FAILED),), opened=opened)) == [
        (True, EVERYTHING, "failed")
    ]


def test_nobody_hears_of_an_end_who_did_not_ask_and_a_sync_that_is_gone_is_forgotten() -> None:
    opened = frozenset(
        {
            OpenAlert("ops", "leads", Trouble.FAILED, "before"),
            OpenAlert("ops", "gone", Trouble.FAILED, "before"),
            OpenAlert("no rule", "leads", Trouble.FAILED, "before"),
        }
    )
    quiet = replace(OPS, on=ALL - {AlertEvent.RECOVERED})
    decision = decide([quiet], [stand(FINE)], (), opened, now=START, at="now")
    assert decision.messages == ()
    assert decision.forgotten == opened


def test_what_cannot_be_judged_stays_when_not_all_syncs_are_known() -> None:
    opened = frozenset({OpenAlert("ops", "broken", Trouble.FAILED, "before")})
    decision = decide([OPS], [stand(FINE)], (), opened, now=START, at="now", complete=False)
    assert (decision.messages, decision.forgotten) == ((), frozenset())


# --- laws ------------------------------------------------------------------------------------

RECORDS = st.builds(
    a_record,
    st.sampled_from(["leads", "usage"]),
    st.just("lead"),
    st.sampled_from(list(RunStatus)),
    succeeded=st.integers(0, 50),
    rejected=st.integers(0, 3),
    details=st.sampled_from([{}, {"guards": ["max_changed"]}, {"paused": "max_time"}]),
)
WHOLES = st.sampled_from(
    [(), (WholeRun(Trouble.FAILED),), (WholeRun(Trouble.FAILED, "no key", None),)]
)
MOMENTS = st.lists(
    st.tuples(st.lists(RECORDS, max_size=2, unique_by=lambda item: item.sync), WHOLES),
    max_size=8,
)
RULES = st.builds(
    AlertRule,
    st.sampled_from(["one", "two"]),
    st.just("QSYNC_ALERT_X"),
    st.frozensets(st.sampled_from(list(AlertEvent))),
    st.sampled_from([Fraction(0), Fraction(1, 10)]),
    st.sampled_from([None, timedelta(hours=2)]),
)


def _stands(
    records: list[RunRecord], synced: dict[str, datetime], now: datetime
) -> list[SyncStand]:
    for record in records:
        if record.status is RunStatus.SUCCEEDED:
            synced[record.sync] = now
    return [stand(record, synced=synced.get(record.sync)) for record in records]


@given(MOMENTS, st.lists(RULES, max_size=2, unique_by=lambda rule: rule.name))
def test_beginnings_and_ends_alternate_and_the_same_moment_is_told_once(
    moments: list[tuple[list[RunRecord], tuple[WholeRun, ...]]], rules: list[AlertRule]
) -> None:
    opened = NOTHING
    synced: dict[str, datetime] = {}
    balance: Counter[tuple[str, str, Trouble]] = Counter()
    for hour, (records, whole) in enumerate(moments):
        now = START + timedelta(hours=hour)
        stands = _stands(records, synced, now)
        decision = decide(rules, stands, whole, opened, now=now, at=str(hour))
        opened -= decision.forgotten
        for alert in decision.forgotten:
            balance[alert.rule, alert.sync, alert.trouble] -= 1
        for message in decision.messages:
            opened = message.after(opened)
            for item in message.findings:
                key = (message.rule.name, item.sync, item.trouble)
                balance[key] += -1 if message.recovered else 1
                assert item.trouble.event in message.rule.on
        assert set(balance.values()) <= {0, 1}
        assert {(a.rule, a.sync, a.trouble) for a in opened} == {k for k, n in balance.items() if n}
        again = decide(rules, stands, whole, opened, now=now, at="later")
        assert (again.messages, again.forgotten) == ((), frozenset())


@given(RECORDS)
def test_what_did_not_go_through_is_told_again(record: RunRecord) -> None:
    first = decide([OPS], [stand(record)], (), NOTHING, now=START, at="a")
    assert decide([OPS], [stand(record)], (), NOTHING, now=START, at="a") == first
