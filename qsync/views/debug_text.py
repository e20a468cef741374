"""`qsync debug`: every prerequisite on a line, as a document and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.text import Text

from qsync.views.entries import JsonObject
from qsync.views.layout import broken, counted, styled, write

_NAME_WIDTH = 14


class CheckOutcome(StrEnum):
    """How a prerequisite stands."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It cannot be checked while another one fails."""


_SIGNS = {
    CheckOutcome.OK: ("ok", "green"),
    CheckOutcome.WARNING: ("warn", "yellow"),
    CheckOutcome.FAILED: ("FAIL", "bold red"),
    CheckOutcome.SKIPPED: ("-", "dim"),
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One prerequisite.

    Attributes:
        name: What was checked, in a word or two.
        outcome: How it stands.
        said: What was found, a sentence without a key or a value.
        todo: What to do about it.
    """

    name: str
    outcome: CheckOutcome
    said: str
    todo: str | None = None


def debug_document(checks: Sequence[CheckResult]) -> JsonObject:
    """All checks in their order, and how many failed."""
    return {
        "format": 1,
        "failed": sum(check.outcome is CheckOutcome.FAILED for check in checks),
        "checks": [
            {
                "name": check.name,
                "outcome": check.outcome.value,
                "said": check.said,
                "todo": check.todo,
            }
            for check in checks
        ],
    }


def render_check(check: CheckResult, console: Console) -> None:
    """Write one check, as soon as it is known."""
    sign, style = _SIGNS[check.outcome]
    head = f"{sign:<4}  {check.name:<{_NAME_WIDTH}}  "
    for place, text in enumerate(broken(head + check.said, console, hang=len(head))):
        line = Text(text)
        if place == 0:
            line.stylize(style, 0, len(sign))
            line.stylize("bold", 6, 6 + len(check.name))
        write(console, line)
    if check.todo and check.outcome in (CheckOutcome.FAILED, CheckOutcome.WARNING):
        for text in broken(f"To do: {check.todo}", console, indent=len(head)):
            write(console, Text(text, style="yellow"))


def render_debug_end(document: JsonObject, console: Console) -> None:
    """Write how it ended."""
    write(console)
    if document["failed"]:
        what = counted(document["failed"], "check")
        write(console, styled(f"{what} failed.", "bold red"))
    else:
        write(console, styled("All is in place.", "bold green"))
