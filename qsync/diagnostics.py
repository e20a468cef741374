"""Diagnostics: every problem of what a user wrote, with where it is and what to do.

Codes are stable and listed with cause and cure in `docs/diagnostics.md`; a test keeps both equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops plan and apply, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: `path` relative to the project directory, `line` and `column` from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a problem is about.

    Attributes:
        position: Where it is.
        message: What is there, in a few words.
        source: The line at that place, without its indent; empty when it is not shown.
    """

    position: Position
    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem.

    Attributes:
        code: Stable, e.g. `QS104`.
        severity: Error or warning.
        position: The offending key or value.
        message: What is wrong, one sentence, no trailing full stop.
        hint: What to do.
        sync: The sync it concerns, when there is one.
        source: The line at the position, without its indent; empty when it is not shown.
        related: Other places it is about.
        example: Code to take over, lines as they stand; shown below the hint.
    """

    code: str
    severity: Severity
    position: Position
    message: str
    hint: str = ""
    sync: str | None = None
    source: str = ""
    related: tuple[Related, ...] = ()
    example: str = ""

    def sort_key(self) -> tuple[Position, str]:
        """Orders diagnostics by file and place, then code."""
        return (self.position, self.code)


def has_errors(diagnostics: list[Diagnostic]) -> bool:
    """True when at least one of them is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)
