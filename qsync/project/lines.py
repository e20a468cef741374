"""Lines of the project's files, for diagnostics that show what stands at a place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from qsync.project.diagnostics import Position

LONGEST = 160
"""Characters of a line that are shown."""


def line_reader(project_dir: Path) -> Callable[[Position], str]:
    """Reads the line at a place: without its indent, cut to `LONGEST`.

    The line is empty where there is none, or the file cannot be read (any more).
    """

    @cache
    def lines(path: str) -> tuple[str, ...]:
        try:
            return tuple((project_dir / path).read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            return ()

    def line_at(position: Position) -> str:
        found = lines(position.path)
        if not 0 < position.line <= len(found):
            return ""
        text = found[position.line - 1].strip()
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

    return line_at
