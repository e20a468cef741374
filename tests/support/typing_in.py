"""What is typed: on standard input, and at a terminal of its own."""

from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qsync.cli import asking


@contextmanager
def standard_input(said: str | bytes) -> Iterator[None]:
    """Standard input that is a pipe with these bytes."""
    piped = said if isinstance(said, bytes) else said.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        yield


@contextmanager
def terminal(answer: str | None) -> Iterator[Path]:
    """The process's terminal, where somebody has typed an answer; none at all without one."""
    with pytest.MonkeyPatch.context() as patch:
        if answer is None:
            patch.setattr(asking, "TERMINAL", Path("/nowhere/tty"))
            yield Path("/nowhere/tty")
            return
        person, place = pty.openpty()
        try:
            name = Path(os.ttyname(place))
            patch.setattr(asking, "TERMINAL", name)
            os.write(person, answer.encode() + b"\n")
            yield name
        finally:
            os.close(person)
            os.close(place)
