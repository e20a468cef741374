"""What the code says on standard error is an event of the table, with facts that it may have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from qsync.views.events import EVENTS, LINE

TELLERS = {"event", "say", "tell", "_tell", "_shout"}
ELSE = {"level", "text"}
BARE = {"emulator.py", "annotating.py", "saying.py"}
"""The emulator is not part of a run; annotations are GitHub's own lines."""


def calls(repository: Path) -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the rooms that speak."""
    for room in ("cli", "views"):
        for path in sorted((repository / "qsync" / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path, node


def name_of(call: ast.Call) -> str:
    """What is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_event_told_is_in_the_table_and_all_of_the_table_is_told(repository: Path) -> None:
    told: set[str] = set()
    strange = []
    for path, call in calls(repository):
        match call.args:
            case [ast.Constant(value=str(name)), *_] if name_of(call) in TELLERS:
                told.add(name)
                facts = {item.arg for item in call.keywords if item.arg} - ELSE - set(LINE)
                if name not in EVENTS or facts - set(EVENTS[name].facts):
                    strange.append(f"{path.name}:{call.lineno} {name} {facts}")
    assert strange == []
    assert told == set(EVENTS)


def test_nothing_goes_to_standard_error_past_the_log(repository: Path) -> None:
    past = [
        f"{path.name}:{call.lineno}"
        for path, call in calls(repository)
        if path.name not in BARE and any(item.arg == "err" for item in call.keywords)
    ]
    assert past == []
