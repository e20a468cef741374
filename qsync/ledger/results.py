"""What `result:` of a selection means: how the last run of a sync ended.

The words are the run statuses, dbt's `error` and `success`, and what became of records. dbt's own
results (`fail`, `skipped`) are about models and tests, and are not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from qsync.ledger.record import SUCCESS, RunRecord, RunStatus

ERROR = frozenset({RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED, RunStatus.RUNNING})
"""The run did not get to its end. One that stands as running died, or is on its way and holds the
lock: taking it in loses nothing."""


def _any(test: Callable[[RunRecord], bool]) -> Callable[[Sequence[RunRecord]], bool]:
    return lambda records: any(test(record) for record in records)


def _status(status: RunStatus) -> Callable[[Sequence[RunRecord]], bool]:
    return _any(lambda record: record.status is status)


_TESTS: Mapping[str, Callable[[Sequence[RunRecord]], bool]] = {
    "error": _any(lambda record: record.status in ERROR),
    "success": lambda records: all(record.status in SUCCESS for record in records),
    "rejected": _any(lambda record: record.rows_rejected > 0),
    "resting": _any(lambda record: record.rows_resting > 0),
    "unknown": _any(lambda record: record.rows_unknown > 0),
    "invalid": _any(lambda record: record.rows_invalid + record.rows_invalid_late > 0),
    **{status.value: _status(status) for status in RunStatus},
}

RESULT_WORDS = tuple(_TESTS)
"""What may stand behind `result:`."""


def result_words(records: Iterable[RunRecord]) -> dict[str, frozenset[str]]:
    """Per sync the words that are true of its last run.

    A run that wrote leads and companies has a record of each: a word is true when it is of either,
    `success` when it is of both.

    Args:
        records: Of any runs in any order; each sync's newest run counts.
    """
    by_sync: dict[str, list[RunRecord]] = {}
    for record in records:
        by_sync.setdefault(record.sync, []).append(record)
    found: dict[str, frozenset[str]] = {}
    for sync, items in by_sync.items():
        newest = max(items, key=lambda record: (record.started_at, record.run_id)).run_id
        last = [record for record in items if record.run_id == newest]
        found[sync] = frozenset(word for word, holds in _TESTS.items() if holds(last))
    return found
