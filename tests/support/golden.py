"""Texts for people, kept as files: a test compares, QSYNC_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from qsync.views.console import data_console

FOLDER = Path(__file__).parent.parent / "views" / "golden"

# Read when collected: no test sees a variable of ours.
UPDATE = os.environ.get("QSYNC_UPDATE_GOLDEN") == "1"

_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")


def rendered(render: Callable[[Console], None]) -> str:
    """What a view writes to a pipe."""
    stream = io.StringIO()
    render(data_console(stream))
    return stream.getvalue()


def matches_golden(name: str, text: str) -> None:
    """Compare with the file of that name, or write it when QSYNC_UPDATE_GOLDEN=1."""
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def numbers_of(text: str) -> set[str]:
    """Every number of a text, without thousands separators."""
    return {found.rstrip(",").replace(",", "") for found in _NUMBER.findall(text)}


def numbers_in(document: object) -> set[str]:
    """Every number of a document: its integers and those inside its texts."""
    if isinstance(document, dict):
        return set[str]().union(*map(numbers_in, document.values()))
    if isinstance(document, list):
        return set[str]().union(*map(numbers_in, document))
    if isinstance(document, str):
        return numbers_of(document)
    return set() if document is None or isinstance(document, bool) else {str(document)}
