"""What `qsync test` found, as a document: each test with its differences, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from qsync.diagnostics import Diagnostic
from qsync.execution.expectations import (
    CountDifference,
    Difference,
    InvalidDifference,
    ItemDifference,
)
from qsync.project.sync_tests import SyncTest
from qsync.views.diagnostics_text import diagnostics_document
from qsync.views.entries import JsonObject

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class TestedSync:
    """One test and what came of it.

    Attributes:
        test: The test.
        differences: Between what it expects and what was observed.
        problems: What kept it from running.
        skipped: Why it was not run, when it was not.
    """

    __test__ = False  # no test class, whatever pytest thinks of the name

    test: SyncTest
    differences: tuple[Difference, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    skipped: str = ""

    @property
    def status(self) -> str:
        """`passed`, `failed` or `skipped`."""
        if self.skipped:
            return SKIPPED
        return FAILED if self.differences or self.problems else PASSED


def tests_document(tested: Sequence[TestedSync]) -> JsonObject:
    """All tests in the order given. The values in it are those of the tests, from sync files."""
    statuses = [item.status for item in tested]
    return {
        "format": 1,
        **{status: statuses.count(status) for status in (PASSED, FAILED, SKIPPED)},
        "tests": [_entry(item) for item in tested],
    }


def _entry(item: TestedSync) -> JsonObject:
    return {
        "sync": item.test.sync,
        "name": item.test.name,
        "description": item.test.description,
        "path": item.test.path,
        "line": item.test.position.line,
        "status": item.status,
        "skipped": item.skipped or None,
        "problems": diagnostics_document(item.problems)["diagnostics"],
        "differences": [_difference(part) for part in item.differences],
    }


def _difference(item: Difference) -> JsonObject:
    match item:
        case ItemDifference():
            return {
                "kind": "item",
                "object": item.object.value,
                "key": item.key,
                "expected": item.expected,
                "sent": item.sent,
                "why": item.why or None,
                "fields": [
                    {
                        "field": field.field,
                        "in_expected": field.in_expected,
                        "in_sent": field.in_sent,
                        "expected": _plain(field.expected),
                        "sent": _plain(field.sent),
                    }
                    for field in item.fields
                ],
            }
        case InvalidDifference():
            return {
                "kind": "invalid",
                "expected": not item.found,
                "found": item.found,
                "object": None if item.object is None else item.object.value,
                "key": item.key,
                "rows": list(item.rows),
                "reason": item.reason,
                "field": item.field,
            }
        case CountDifference():
            return {
                "kind": "invalid_count",
                "reason": item.reason,
                "expected": item.expected,
                "found": item.found,
            }


def _plain(value: object) -> object:
    """A number as JSON has it; one with more digits than a float keeps them as a text."""
    if not isinstance(value, Decimal):
        return value
    return float(value) if Decimal(repr(float(value))) == value else str(value)
