"""What a command says on standard error: words for people, or events for programs.

There is one log for a command, set up by `entry` before the command line is read (so that a wrong
one is an event too) and again by the options. Whatever writes to standard error around it, a
library or a warning of Python's, becomes a `stderr` event while the format is JSON.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import click

from qsync.diagnostics import Diagnostic, Severity
from qsync.views.events import EVENTS, LEVELS, Fact, Level
from qsync.views.log import LineStream, Log, LogFile, Sink


@dataclass(slots=True)
class Saying:
    """How one command speaks.

    Attributes:
        as_json: Whether standard error is JSON lines.
        level: The least level it tells there.
        log: Where events go.
    """

    as_json: bool = False
    level: Level = "info"
    log: Log = field(default_factory=Log)
    began: float = 0.0
    _real: TextIO | None = None
    _stream: LineStream | None = None
    _file: LogFile | None = None

    def speak(self, as_json: bool, level: Level, file: Path | None, command: str) -> None:
        """Speak like this from now on.

        Raises:
            UserError: The file cannot be written.
        """
        opened = None if file is None else LogFile(file, self._no_file)
        self._quiet_down()
        self.as_json, self.level, self._file = as_json, level, opened
        sinks = [] if opened is None else [Sink(opened.write)]
        if as_json:
            self._real = sys.stderr
            self._stream = LineStream(self._foreign, self._real)
            sys.stderr = self._stream
            sinks.append(Sink(self._write, level))
        self.log = Log(*sinks)
        self.log.bind(command=command)

    def end(self) -> None:
        """Give standard error back, and let go of the file."""
        if self._stream is not None:
            self._stream.end()
        self._quiet_down()
        self.log = Log()

    def passes(self, level: Level) -> bool:
        """Whether words of this level are told."""
        return LEVELS.index(level) >= LEVELS.index(self.level)

    def _quiet_down(self) -> None:
        if self._real is not None:
            sys.stderr = self._real
        self._real = self._stream = None
        if self._file is not None:
            self._file.close()
        self._file = None
        self.as_json, self.level = False, "info"

    def _write(self, line: str) -> None:
        real = sys.stderr if self._real is None else self._real
        real.write(line)
        real.flush()

    def _foreign(self, line: str) -> None:
        self.log.event("stderr", click.unstyle(line))

    def _no_file(self, message: str) -> None:
        say("note", message, level="warning")


_now = Saying()


def saying() -> Saying:
    """How this command speaks."""
    return _now


@contextmanager
def speaking(arguments: Sequence[str]) -> Iterator[None]:
    """A command's time to speak, in the format that its arguments or the environment ask for."""
    _now.began = time.monotonic()
    if _asks_for_json(arguments):
        _now.speak(True, "info", None, "qsync")
    try:
        yield
    finally:
        _now.end()


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Before anything is read: a wrong command line is to be told in the right format."""
    given = [
        following if word == "--log-format" else word.partition("=")[2]
        for word, following in zip(arguments, [*arguments[1:], ""], strict=False)
        if word == "--log-format" or word.startswith("--log-format=")
    ]
    named = os.environ.get("QSYNC_LOG_FORMAT") or os.environ.get("DBT_LOG_FORMAT")
    return (given[-1] if given else named) == "json"


def say(
    name: str,
    message: str,
    *,
    level: Level | None = None,
    text: str | None = None,
    **facts: Fact,
) -> None:
    """Say something on standard error.

    Args:
        name: The event.
        message: One sentence.
        level: Another one than the event's own.
        text: What people read instead, if it is more than the message.
        facts: The event's.
    """
    now = saying()
    if not now.as_json and now.passes(level or EVENTS[name].level):
        click.echo(message if text is None else text, err=True)
    now.log.event(name, message, level=level, **facts)


def ask(question: str) -> None:
    """Put a question; the answer stands behind it."""
    now = saying()
    if not now.as_json:
        click.echo(question, err=True, nl=False)
    now.log.event("question", question.strip())


def log_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Problems of the project's files, for programs only."""
    now = saying()
    for item in sorted(diagnostics, key=Diagnostic.sort_key):
        now.log.event(
            "diagnostic",
            item.message,
            level="error" if item.severity is Severity.ERROR else "warning",
            code=item.code,
            path=item.position.path,
            line=item.position.line,
            column=item.position.column,
            hint=item.hint or None,
            sync=item.sync,
        )


def tell_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Problems of the project's files, as `render_diagnostics` shows them."""
    log_diagnostics(diagnostics)
    if diagnostics and not saying().as_json:
        from qsync.views.console import notes_console
        from qsync.views.diagnostics_text import render_diagnostics

        render_diagnostics(diagnostics, notes_console())
