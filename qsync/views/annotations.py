"""GitHub annotations: problems as workflow commands, which GitHub shows beside the lines.

::error file=models/leads.qsync.yml,line=7,col=9,title=QS306::the model has no column 'titel'

A job shows 10 per level and step; the tenth says what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qsync.diagnostics import Diagnostic
from qsync.views.entries import JsonObject
from qsync.views.layout import clean, counted
from qsync.views.plan_notes import guard_notes

SHOWN = 10
"""Annotations that GitHub shows of one level and step."""


class Annotation(NamedTuple):
    """One of them; `level` is `error` or `warning`."""

    level: str
    title: str
    message: str
    path: str
    line: int
    column: int


def of_diagnostics(diagnostics: Sequence[Diagnostic]) -> list[Annotation]:
    """One for each problem, by file and place, its cure in a second line."""
    return [
        Annotation(
            item.severity.value,
            item.code,
            f"{item.message}\n{item.hint}" if item.hint else item.message,
            item.position.path,
            item.position.line,
            item.position.column,
        )
        for item in sorted(diagnostics, key=Diagnostic.sort_key)
    ]


def of_stopped(document: JsonObject) -> list[Annotation]:
    """One for each sync of a plan that would not run: blocked, or a guard that does not hold."""
    return [
        Annotation(
            "error",
            f"{sync['name']} is stopped",
            "\n".join(_reasons(sync)),
            sync["path"],
            sync["line"],
            sync["column"],
        )
        for sync in document["syncs"]
        if sync["stopped"]
    ]


def _reasons(sync: JsonObject) -> Iterator[str]:
    if sync["blocked"] is not None:
        yield f"Blocked: {sync['blocked']}"
    for stream in sync["streams"]:
        for note in guard_notes(stream):
            yield note.text


def workflow_commands(
    annotations: Sequence[Annotation], project_dir: Path, workspace: Path | None
) -> list[str]:
    """The lines to print, errors first.

    Args:
        annotations: In the order to show them.
        project_dir: What their paths are relative to.
        workspace: The repository's checkout, which GitHub wants paths relative to, if known.
    """
    lines = []
    for level in ("error", "warning"):
        found = [item for item in annotations if item.level == level]
        shown = found if len(found) <= SHOWN else found[: SHOWN - 1]
        lines += [_command(item, project_dir, workspace) for item in shown]
        if len(shown) < len(found):
            more = counted(len(found) - len(shown), f"more {level}")
            lines.append(f"::{level} title=qsync::{more}: see the log of this step")
    return lines


def _command(item: Annotation, project_dir: Path, workspace: Path | None) -> str:
    path = _from(workspace, project_dir, item.path)
    place = f"file={_property(path)},line={item.line},col={item.column}"
    return f"::{item.level} {place},title={_property(item.title)}::{_data(item.message)}"


def _from(workspace: Path | None, project_dir: Path, path: str) -> str:
    """The path from the checkout's root; as it is where that is not known or is elsewhere."""
    if workspace is None:
        return path
    try:
        return (project_dir / path).resolve().relative_to(workspace.resolve()).as_posix()
    except ValueError:
        return path


def _data(text: str) -> str:
    """Escaped as the runner unescapes it; a name's control signs reach no log."""
    cleaned = "\n".join(clean(line) for line in re.split(r"\r\n?|\n", text))
    return cleaned.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
