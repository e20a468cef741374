"""What a sync's last run says to a selection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qsync.ledger import RESULT_WORDS, RunRecord, RunStatus, result_words


def _record(run: str, object: str = "lead", sync: str = "leads", **values: Any) -> RunRecord:
    values.setdefault("status", RunStatus.SUCCEEDED)
    day = int(run.removeprefix("r"))
    return RunRecord(
        run_id=run,
        sync=sync,
        object=object,
        target="prod",
        started_at=datetime(2026, 11, day, tzinfo=UTC),
        **values,
    )


def test_the_last_run_counts_and_no_earlier_one() -> None:
    words = result_words([_record("r2"), _record("r1", status=RunStatus.FAILED)])
    assert words == {"leads": {"succeeded", "success"}}


def test_each_sync_has_a_last_run_of_its_own() -> None:
    words = result_words([_record("r1", status=RunStatus.STOPPED), _record("r2", sync="companies")])
    assert words["leads"] == {"stopped", "error"}
    assert words["companies"] == {"succeeded", "success"}


def test_an_object_the_sync_no_longer_writes_has_no_say() -> None:
    dropped = _record("r1", "company", status=RunStatus.FAILED)
    assert result_words([dropped, _record("r2")]) == {"leads": {"succeeded", "success"}}


def test_of_leads_and_companies_either_makes_a_result_and_both_make_success() -> None:
    records = [_record("r1"), _record("r1", "company", status=RunStatus.FAILED)]
    assert result_words(records)["leads"] == {"succeeded", "failed", "error"}
    records[1] = _record("r1", "company", status=RunStatus.NOTHING_TO_DO)
    assert result_words(records)["leads"] == {"succeeded", "nothing_to_do", "success"}


@pytest.mark.parametrize(
    ("counted", "word"),
    [
        ("rows_rejected", "rejected"),
        ("rows_resting", "resting"),
        ("rows_unknown", "unknown"),
        ("rows_invalid", "invalid"),
        ("rows_invalid_late", "invalid"),
    ],
)
def test_what_became_of_records_is_a_result_too(counted: str, word: str) -> None:
    words = result_words([_record("r1", status=RunStatus.PARTIAL, **{counted: 1})])
    assert words["leads"] == {"partial", word}


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_can_be_selected_and_is_a_success_or_an_error_or_partial(
    status: RunStatus,
) -> None:
    words = result_words([_record("r1", status=status)])["leads"]
    assert words <= set(RESULT_WORDS)
    assert status.value in words
    kind = words - {status.value}
    assert kind == (set() if status is RunStatus.PARTIAL else kind & {"error", "success"})
    assert status is RunStatus.PARTIAL or len(kind) == 1
