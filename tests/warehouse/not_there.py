"""What cannot be asked of an engine, with the reason: told as "not there" and never in silence."""

from __future__ import annotations

NOT_ON_SPARK: dict[str, str] = {
    "test_tables_of_the_first_layout": "the first layout was never written on Spark",
    "test_comparing.py": "Sail does not see an outer WITH from within an inner one",
    "test_whatever_the_mappings": "many examples, and each statement is a job of its own",
}
"""From a part of a test's id to the reason."""


def reason_not_on_spark(test: str) -> str | None:
    """Why this test is not asked of Spark; None for those that are."""
    return next((reason for part, reason in NOT_ON_SPARK.items() if part in test), None)
