"""Reason codes have words, every one that qsync gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qsync.fields.kinds import Check
from qsync.views.reasons import REASONS, reason_cure, reason_words, split_reason


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not_an_option:industry", "industry: not one of the options"),
        ("not_a_number:employees", "employees: not a number"),
        ("null_key", "empty"),
        ("some_new_code:x", "x: some new code"),
    ],
)
def test_a_reason_in_words(reason: str, words: str) -> None:
    assert reason_words(*split_reason(reason)) == words


@pytest.mark.parametrize("check", list(Check))
def test_every_check_of_a_value_has_words_and_a_cure(check: Check) -> None:
    assert reason_cure(check.value)


def test_every_code_that_the_sources_give_has_words(repository: Path) -> None:
    """Codes are literals: of validity in SQL, and of what fails while JSON is written."""
    validity = (repository / "qsync/warehouse/validity.py").read_text(encoding="utf-8")
    encoding = (repository / "qsync/fields/encoding.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'[^a-z_]text\(f?"([a-z_]+)[":]', validity))
    codes |= set(re.findall(r'UnwritableError\("([a-z_]+)"\)', encoding))
    assert len(codes) >= 8
    assert codes <= set(REASONS)
