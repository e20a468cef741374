"""Reading logs of runs: the lines there are, and those that are still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from qsync.execution.bodies import redacted_answer, redacted_item, redacted_request
from qsync.execution.run_log import FILE_NAME, logs_of

Line = dict[str, Any]

POLL_EVERY = 0.5
"""Seconds between two looks at a log that is followed."""


def matching_logs(folder: Path, run: str) -> list[str]:
    """Ids of the runs with a log that begin like this, newest first."""
    return [name for name in logs_of(folder) if name.startswith(run)]


def log_path(folder: Path, run_id: str) -> Path:
    """The file of a run's log."""
    return folder / run_id / FILE_NAME


def read_log(path: Path) -> tuple[list[Line], int]:
    """A log's lines, and how many cannot be read. A last line without its end is not there yet.

    Raises:
        OSError: The file cannot be read.
    """
    lines: list[Line] = []
    damaged = 0
    with path.open("rb") as file:
        for raw in file:
            if not raw.endswith(b"\n"):
                break
            line = _line(raw)
            if line is None:
                damaged += 1
            else:
                lines.append(line)
    return lines, damaged


def follow_log(
    path: Path, *, wait: Callable[[float], None], alive: Callable[[Line], bool]
) -> Iterator[Line]:
    """A log's lines, as they come, until the run's end or its death.

    Args:
        path: The log.
        wait: Waits so many seconds.
        alive: Whether the process that the log's first line tells of still runs.

    Raises:
        OSError: The file cannot be read.
    """
    begun: Line = {}
    rest = b""
    dying = False
    with path.open("rb") as file:
        while True:
            content = file.read()
            *whole, rest = (rest + content).split(b"\n")
            for raw in whole:
                line = _line(raw)
                if line is None:
                    continue
                begun = begun or line
                yield line
                if line["kind"] == "end":
                    return
            if dying:
                return
            if not content:
                # Once more after it has gone: its last words may have come meanwhile.
                dying = not alive(begun)
                if not dying:
                    wait(POLL_EVERY)


def _line(raw: bytes) -> Line | None:
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    known = isinstance(line, dict) and isinstance(line.get("kind"), str)
    return line if known and isinstance(line.get("at"), int | float) else None


def without_values(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines as they are kept by default, whatever the run was asked to keep."""
    full = False
    for line in lines:
        full = full or bool(line.get("full_bodies"))
        yield _redacted(line) if full else line


def _redacted(line: Line) -> Line:
    found = dict(line)
    if "sent" in found:
        found["sent"] = redacted_request(found["sent"])[0]
    if "answer" in found:
        found["answer"] = redacted_answer(found["answer"])
    if found["kind"] == "job":
        found["rejects"] = [_reject(entry) for entry in found.get("rejects", ())]
    return found


def _reject(entry: Any) -> Any:
    if not isinstance(entry, dict) or "item" not in entry:
        return entry
    return {**entry, "item": redacted_item(entry["item"])}
