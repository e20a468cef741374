"""The structured log: one JSON object a line, to standard error, to a file, or to both.

`Log` takes events of `qsync.views.events` only, so that what a program reads is what is written
down there. It is light: `qsync validate` must not wait for it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from qsync.errors import UserError
from qsync.views.events import EVENTS, LEVELS, LINE, Fact, Level

_MODE = 0o600


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Sink:
    """Where lines go.

    Attributes:
        write: Takes one line with its end.
        level: The least level that goes there.
    """

    write: Callable[[str], object]
    level: Level = "info"


class Log:
    """Writes events to its sinks; to none by itself.

    Args:
        sinks: Where lines go.
        clock: The time.
    """

    def __init__(self, *sinks: Sink, clock: Callable[[], datetime] = now) -> None:
        self._sinks = list(sinks)
        self._clock = clock
        self._bound: dict[str, str] = {}

    def bind(self, **known: str | None) -> None:
        """What every line from now on says: `command`, `run_id`, `target`. None changes nothing."""
        self._bound |= {name: value for name, value in known.items() if value is not None}

    def event(self, name: str, message: str, *, level: Level | None = None, **facts: Fact) -> None:
        """Write a line.

        Args:
            name: One of `EVENTS`.
            message: For people, one sentence; never a key, an address or a value.
            level: Another one than the event's own.
            facts: What the event may have, or every line; those that are None are left out.

        Raises:
            ValueError: The event is not in the table, or has no such fact: a bug.
        """
        kind = EVENTS.get(name)
        strange = set(facts) - set(LINE) - set(kind.facts if kind else ())
        if kind is None or strange:
            raise ValueError(f"no event {name} with {', '.join(sorted(strange))}")
        said = level or kind.level
        line: dict[str, Fact] = {
            "time": self._clock().astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": said,
            "event": name,
            "message": message,
            **self._bound,
            **{fact: value for fact, value in _ordered(facts).items() if value is not None},
        }
        text = json.dumps(line) + "\n"
        for sink in self._sinks:
            if LEVELS.index(said) >= LEVELS.index(sink.level):
                sink.write(text)


def _ordered(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Those of every line first."""
    return dict(sorted(facts.items(), key=lambda item: item[0] not in LINE))


class LogFile:
    """A file that lines are appended to, made for its owner alone.

    One that is there keeps its rights: whoever collects logs may have set them.

    Raises:
        UserError: It cannot be opened.
    """

    def __init__(self, path: Path, failed: Callable[[str], object]) -> None:
        self._path = path
        self._failed = failed
        try:
            self._file: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        except OSError as error:
            raise UserError(
                f"The log file {path} cannot be written: {error.strerror}",
                hint="name another one with --log-file, in a folder that is there",
            ) from error

    def write(self, line: str) -> None:
        """Append one line, at once: several processes may write to one file.

        A disk that is full must not end a run: that is told once, and nothing more is written.
        """
        if self._file is None:
            return
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            self.close()
            self._failed(f"Nothing more goes to the log file {self._path}: {error.strerror}")

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
        self._file = None


class LineStream(io.TextIOBase):
    """Stands in for standard error while it is JSON: what anybody else writes becomes events.

    Args:
        tell: Takes a line without its end; lines of nothing but blanks are left out.
        behind: The real stream; whoever asks for its descriptor gets that one.
    """

    def __init__(self, tell: Callable[[str], object], behind: TextIO) -> None:
        super().__init__()
        self._tell = tell
        self._behind = behind
        self._open = ""

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """Never: there is nothing to colour or to move."""
        return False

    def fileno(self) -> int:
        """That of the real one."""
        return self._behind.fileno()

    def write(self, text: str) -> int:
        """Tell the lines that have ended."""
        *lines, self._open = (self._open + text).split("\n")
        for line in lines:
            self._line(line)
        return len(text)

    def end(self) -> None:
        """Tell what has no end of its own."""
        line, self._open = self._open, ""
        self._line(line)

    def _line(self, line: str) -> None:
        if line.strip():
            self._tell(line.rstrip())
