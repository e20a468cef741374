"""How a run goes, on stderr: a bar on a terminal, else a line per event that matters.

A command makes one with `make_progress` and uses it as a context manager; execution's callback is
`update`. Streams run one after another, so there is one bar at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Literal, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from qsync.execution.deliver import DeliveryProgress
from qsync.views.layout import clean, counted, number, sentence, styled

LogFormat = Literal["text", "json"]
Level = Literal["info", "warning", "error"]

Fact = str | int | float | None

QUIET_SECONDS = 30.0
"""Between two lines about the same stream, where there is no bar."""

_STYLES: dict[Level, str] = {"info": "", "warning": "yellow", "error": "red"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a stable name and facts for programs, a sentence for people."""

    name: str
    message: str
    level: Level
    facts: Mapping[str, Fact]


class RunProgress:
    """What all of them do; by itself it says nothing but warnings and errors (`--quiet`)."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left on the screen that moves."""

    def start(self, stream: str, rows: int) -> None:
        """A stream begins to be sent."""

    def update(self, progress: DeliveryProgress) -> None:
        """How it stands: a job was accepted or a chunk is done."""

    def finish(self) -> None:
        """The stream has ended."""

    def event(self, name: str, message: str, *, level: Level = "info", **facts: Fact) -> None:
        """Something a person wants to know.

        Args:
            name: For programs, stable: `waiting`.
            message: For people, one sentence.
            level: Only warnings and errors pass `--quiet`.
            facts: For programs: numbers and names, never keys or values.
        """
        self._emit(Event(name, message, level, facts))

    def _emit(self, event: Event) -> None:
        if event.level != "info":
            self._write(event)

    def _write(self, event: Event) -> None:
        sentence(self._console, event.message, indent=0, style=_STYLES[event.level])


class LineProgress(RunProgress):
    """A line when a stream starts and ends, and every half minute in between."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(console)
        self._clock = clock
        self._stream = ""
        self._said_at = 0.0
        self._last: DeliveryProgress | None = None

    def start(self, stream: str, rows: int) -> None:
        """Say that it begins."""
        self._stream, self._said_at, self._last = stream, self._clock(), None
        self.event("stream_started", f"{stream}: sending {counted(rows, 'row')}", rows=rows)

    def update(self, progress: DeliveryProgress) -> None:
        """Say how it stands, when the last line is half a minute old."""
        self._last = progress
        if self._clock() - self._said_at >= QUIET_SECONDS:
            self._said_at = self._clock()
            self._say("stream_progress", progress)

    def finish(self) -> None:
        """Say how it ended."""
        if self._last is not None:
            self._say("stream_finished", self._last)
        self._last = None

    def _emit(self, event: Event) -> None:
        self._write(event)

    def _say(self, name: str, progress: DeliveryProgress) -> None:
        message = (
            f"{self._stream}: {number(_done(progress))} of {number(progress.planned)} done, "
            f"{number(progress.rejected)} rejected"
        )
        if progress.unknown:
            message += f", {number(progress.unknown)} unknown"
        self.event(
            name,
            message,
            done=_done(progress),
            planned=progress.planned,
            succeeded=progress.succeeded,
            rejected=progress.rejected,
            unknown=progress.unknown,
            invalid_late=progress.invalid_late,
            jobs=progress.jobs,
        )


class JsonProgress(LineProgress):
    """The same events, one JSON object a line."""

    def __init__(
        self,
        console: Console,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        quiet: bool = False,
    ) -> None:
        super().__init__(console, clock)
        self._now = now
        self._quiet = quiet

    def _emit(self, event: Event) -> None:
        if self._quiet and event.level == "info":
            return
        line: dict[str, Fact] = {
            "time": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": event.level,
            "event": event.name,
            "message": event.message,
        }
        if self._stream:
            line["stream"] = self._stream
        self._console.out(json.dumps(line | dict(event.facts)), highlight=False)


class BarProgress(RunProgress):
    """A bar that moves: rows done and planned, rejects, rate, time left."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(console)
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            _Rows(),
            TimeRemainingColumn(),
            console=console,
            get_time=clock,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bars as they stand."""
        self._bar.stop()

    def start(self, stream: str, rows: int) -> None:
        """A new bar."""
        self._task = self._bar.add_task(clean(stream), total=rows, rejected=0)

    def update(self, progress: DeliveryProgress) -> None:
        """Move it."""
        if self._task is not None:
            done = _done(progress)
            self._bar.update(self._task, completed=done, rejected=progress.rejected)

    def finish(self) -> None:
        """It stays as it is."""
        if self._task is not None:
            self._bar.stop_task(self._task)
        self._task = None

    def _emit(self, event: Event) -> None:
        self._write(event)  # above the bar: the console is the bar's own


def make_progress(
    console: Console,
    *,
    log_format: LogFormat = "text",
    quiet: bool = False,
    clock: Callable[[], float] = monotonic,
) -> RunProgress:
    """The one that fits: JSON when asked for, a bar on a terminal, else lines.

    Args:
        console: Of stderr.
        log_format: `--log-format`.
        quiet: `--quiet`: warnings and errors only.
        clock: Seconds of a clock that only goes forward.
    """
    if log_format == "json":
        return JsonProgress(console, clock, quiet=quiet)
    if quiet:
        return RunProgress(console)
    if console.is_terminal and not console.is_dumb_terminal:
        return BarProgress(console, clock)
    return LineProgress(console, clock)


class _Rows(ProgressColumn):
    """`1,500/2,500, 3 rejected, 412/s`."""

    def render(self, task: Task) -> Text:
        """The numbers of one bar."""
        parts = [f"{number(int(task.completed))}/{number(int(task.total or 0))}"]
        if task.fields["rejected"]:
            parts.append(f"{number(task.fields['rejected'])} rejected")
        if task.speed:
            parts.append(f"{number(int(task.speed))}/s")
        return styled(", ".join(parts))


def _done(progress: DeliveryProgress) -> int:
    return progress.succeeded + progress.rejected + progress.unknown + progress.invalid_late
