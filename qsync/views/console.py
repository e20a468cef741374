"""Where output goes: data on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console

WIDTH = 80
"""Columns of everything written for people; also what a pipe or a file gets."""


def data_console(stream: TextIO | None = None) -> Console:
    """The console for what a command was asked for: stdout."""
    return _console(sys.stdout if stream is None else stream)


def notes_console(stream: TextIO | None = None) -> Console:
    """The console for all else (progress, notes, failures): stderr."""
    return _console(sys.stderr if stream is None else stream)


def _console(stream: TextIO) -> Console:
    """Colours and live output only on a terminal; rich itself honours NO_COLOR and TERM=dumb.

    Markup, emoji codes and highlighting are off: names in square brackets are the user's own.
    """
    terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=terminal,
        width=None if terminal else WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=None,
    )
