"""What an alert says, and what commands say of alerts."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from qsync.ledger import RunStatus
from qsync.ledger.alerts import AlertMessage, OpenAlert, SyncStand, Trouble, WholeRun, decide
from qsync.project.alerts import AlertEvent, AlertRule, AlertSeverity
from qsync.views.alert_text import (
    LONGEST_TITLE,
    AlertContext,
    Told,
    body_of,
    check_document,
    render_check,
    render_trial,
    title_of,
    trial_body,
    trial_document,
    trial_title,
)
from tests.support.golden import matches_golden, rendered
from tests.support.runs import START, a_record

RULE = AlertRule(
    "sales-ops",
    "QSYNC_ALERT_SLACK",
    frozenset(AlertEvent),
    Fraction(2, 100),
    timedelta(hours=26),
    AlertSeverity.CRITICAL,
)
CONTEXT = AlertContext(
    "northwind", "prod", "api.qualified.com", "https://github.com/northwind/dbt/actions/runs/77"
)


def _stands() -> list[SyncStand]:
    error = {"message": "guard max_changed 20%: 600 of 2,400", "hint": "Look at the model."}
    records = [
        a_record(
            "companies",
            "company",
            RunStatus.FAILED,
            succeeded=1_000,
            unsent=1_474,
            details={"error": {"message": "Qualified refused the key", "hint": "make a new key"}},
        ),
        a_record(status=RunStatus.STOPPED, details={"guards": ["max_changed"], "error": error}),
        a_record("usage", status=RunStatus.PARTIAL, succeeded=90, rejected=10),
        a_record("late", succeeded=5),
    ]
    synced = {"late": START - timedelta(days=3)}
    return [
        SyncStand(item.sync, (), (item,), (synced.get(item.sync, START),), START)
        for item in records
    ]


def _messages() -> tuple[AlertMessage, ...]:
    opened = {OpenAlert("sales-ops", "late", Trouble.REJECTS, "2026-11-01 05:00:00")}
    lost = [WholeRun(Trouble.UNREACHABLE, "The warehouse refused a connection", "qsync debug")]
    return decide([RULE], _stands(), lost, opened, now=START, at="now").messages


def test_a_message_says_what_began_or_is_over_where_and_what_to_do() -> None:
    told = [f"{title_of(item, CONTEXT)}\n\n{body_of(item, CONTEXT)}\n" for item in _messages()]
    told.append(f"{trial_title(CONTEXT)}\n\n{trial_body('sales-ops', CONTEXT)}\n")
    matches_golden("alert_messages", "\n----\n".join(told))


def test_check_lists_what_was_told_and_what_is_open() -> None:
    told = [
        Told("sales-ops", False, "leads failed", True),
        Told("pager", True, "leads got through again", False, ("it was not taken",)),
    ]
    opened = [
        OpenAlert("sales-ops", "leads", Trouble.FAILED, "2026-11-03 05:00:12"),
        OpenAlert("sales-ops", "", Trouble.UNREACHABLE, "2026-11-03 05:00:12"),
    ]
    text = rendered(lambda console: render_check(check_document(told, opened), console))
    matches_golden("alert_check", text)


def test_a_trial_lists_each_rule() -> None:
    told = [
        Told("sales-ops", False, "", True),
        Told("pager", False, "", False, ("the variable is not set",)),
    ]
    matches_golden("alert_trial", rendered(lambda c: render_trial(trial_document(told), c)))


def test_nothing_in_a_name_or_an_error_breaks_a_title_or_a_line() -> None:
    error = {"message": "one\ntwo\x1b[31m", "hint": None}
    record = a_record("s" * 200, status=RunStatus.FAILED, details={"error": error})
    (message,) = decide(
        [RULE],
        [SyncStand(record.sync, (), (record,), (START,), START)],
        (),
        (),
        now=START,
        at="now",
    ).messages
    assert len(title_of(message, CONTEXT)) == LONGEST_TITLE
    assert "\x1b" not in body_of(message, CONTEXT)
    assert "one\ntwo" not in body_of(message, CONTEXT)
