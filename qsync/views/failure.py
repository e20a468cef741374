"""One short panel for every failure: what failed, why, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from qsync.errors import UserError
from qsync.views.console import WIDTH
from qsync.views.entries import JsonObject
from qsync.views.layout import clean, styled, width_of

WHY_LINES = 8
"""Lines of reasons a panel shows."""


def failure_panel(
    title: str,
    what: str,
    why_lines: Sequence[str] = (),
    what_to_do: str | None = None,
    *,
    width: int = WIDTH,
) -> RenderableType:
    """The panel.

    Args:
        title: The command, or the stage that failed: `apply`, `leads: plan`.
        what: What failed, one sentence.
        why_lines: Why, a line per reason with its count.
        what_to_do: What the user can do.
        width: Columns in all.
    """
    parts: list[Text] = [styled(what, "bold")]
    parts += [styled(f"- {line}") for line in why_lines[:WHY_LINES]]
    left = len(why_lines) - WHY_LINES
    if left > 0:
        parts.append(styled(f"- and {left} more", "dim"))
    if what_to_do:
        parts.append(Text.assemble(("What to do: ", "green"), clean(what_to_do)))
    return Panel(
        Group(*parts),
        title=styled(f" {title} failed "),
        title_align="left",
        border_style="red",
        width=width,
    )


def render_failure(
    console: Console,
    title: str,
    what: str,
    why_lines: Sequence[str] = (),
    what_to_do: str | None = None,
) -> None:
    """Write the panel."""
    panel = failure_panel(title, what, why_lines, what_to_do, width=width_of(console))
    console.print(panel)


def render_error(console: Console, title: str, error: UserError) -> None:
    """Write the panel of a `UserError`."""
    why = [*error.why, *([f"at {error.where}"] if error.where else [])]
    render_failure(console, title, error.message, why, error.hint)


def error_document(title: str, error: UserError) -> JsonObject:
    """The same for a program: what `--json` and `--log-format json` write instead of a panel."""
    return {
        "command": title,
        "error": error.message,
        "hint": error.hint,
        "where": error.where,
        "why": list(error.why),
        "exit_code": int(error.exit_code),
    }
