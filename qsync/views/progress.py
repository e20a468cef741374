"""How a run goes, on stderr: a bar on a terminal, else a line per event that matters.

A command makes one with `make_progress` and uses it as a context manager; execution's callback is
`update`, and `beat` is called every few seconds besides, because a run that waits for its quota
tells nothing. Streams run one after another, so there is one bar at a time. Whatever is shown goes
to the structured log too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from qsync.execution.deliver import DeliveryProgress
from qsync.views.entries import duration_words
from qsync.views.events import EVENTS, LEVELS, Fact, Level
from qsync.views.layout import clean, counted, number, sentence, styled
from qsync.views.log import Log
from qsync.views.pace import Pace, QuotaSeconds, Standing, no_quota

LogFormat = Literal["text", "json"]

QUIET_SECONDS = 30.0
"""Between two lines about the same stream, where there is no bar."""
BEAT_SECONDS = 5.0
"""Between two beats."""

_STYLES: dict[Level, str] = {"info": "", "warning": "yellow", "error": "red"}


class RunProgress:
    """What all of them do; by itself it shows nothing, and tells the log everything.

    Args:
        console: Of stderr.
        log: The structured log.
        clock: Seconds of a clock that only goes forward.
        quota: What the request quota allows.
    """

    def __init__(
        self,
        console: Console,
        log: Log | None = None,
        clock: Callable[[], float] = monotonic,
        quota: QuotaSeconds = no_quota,
    ) -> None:
        self._console = console
        self._log = log or Log()
        self._clock = clock
        self._quota = quota
        self._pace = Pace(clock)
        self._stream, self._of = "", {"sync": "", "object": ""}
        self._said_at = 0.0
        self._last: DeliveryProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left on the screen that moves."""

    def start(self, stream: str, rows: int, sync: str = "", kind: str = "") -> None:
        """A stream begins to be sent.

        Args:
            stream: As people name it.
            rows: To send.
            sync: Its sync.
            kind: `lead` or `company`.
        """
        self._stream, self._of = stream, {"sync": sync, "object": kind}
        self._pace = Pace(self._clock, self._quota)
        self._said_at, self._last = self._clock(), DeliveryProgress(rows, 0, 0, 0, 0, 0, 0)
        message = f"{stream}: sending {counted(rows, 'row')}"
        self._tell("stream_started", message, rows=rows)
        self._started(message, rows)

    def update(self, progress: DeliveryProgress) -> None:
        """How it stands: a job was accepted or a chunk is done."""
        self._last = progress
        standing = self._pace.at(progress)
        self._moved(standing)
        if self._clock() - self._said_at >= QUIET_SECONDS:
            self._said_at = self._clock()
            message = f"{self._stream}: {standing_words(standing)}"
            self._tell("progress", message, **_facts(standing))
            self._due(message)

    def beat(self) -> None:
        """Some seconds have passed; nothing else need have happened."""
        if self._last is not None:
            self.update(self._last)

    def finish(self) -> None:
        """The stream has ended."""
        last, self._last = self._last, None
        if last is not None:
            self._ended(f"{self._stream}: {done_words(self._pace.at(last))}")

    def event(self, name: str, message: str, *, level: Level | None = None, **facts: Fact) -> None:
        """Something a person wants to know.

        Args:
            name: For programs, one of `EVENTS`.
            message: For people, one sentence.
            level: Another one than the event's own.
            facts: For programs: numbers and names, never keys or values.
        """
        self._log.event(name, message, level=level, **facts)
        self._show(message, level or EVENTS[name].level)

    def _tell(self, name: str, message: str, **facts: Fact) -> None:
        known: dict[str, Any] = {fact: value or None for fact, value in self._of.items()}
        self._log.event(name, message, stream=self._stream, **(known | facts))

    def _started(self, message: str, rows: int) -> None:
        """Show that a stream begins."""

    def _moved(self, standing: Standing) -> None:
        """Show how it stands."""

    def _due(self, message: str) -> None:
        """Show a line about it: the last one is half a minute old."""

    def _ended(self, message: str) -> None:
        """Show that it has ended."""

    def _show(self, message: str, level: Level) -> None:
        """Show an event."""


class QuietProgress(RunProgress):
    """Words for what is at least a warning (`--quiet`), or at least an error."""

    def __init__(self, console: Console, log: Log | None = None, least: Level = "warning") -> None:
        super().__init__(console, log)
        self._least = least

    def _show(self, message: str, level: Level) -> None:
        if LEVELS.index(level) >= LEVELS.index(self._least):
            sentence(self._console, message, indent=0, style=_STYLES[level])


class LineProgress(RunProgress):
    """A line when a stream starts and ends, and every half minute in between."""

    def _started(self, message: str, rows: int) -> None:  # noqa: ARG002 - the base's signature
        self._show(message, "info")

    def _due(self, message: str) -> None:
        self._show(message, "info")

    def _ended(self, message: str) -> None:
        self._show(message, "info")

    def _show(self, message: str, level: Level) -> None:
        sentence(self._console, message, indent=0, style=_STYLES[level])


class BarProgress(RunProgress):
    """A bar that moves: rows done and planned, rejects, rate, time left."""

    def __init__(
        self,
        console: Console,
        log: Log | None = None,
        clock: Callable[[], float] = monotonic,
        quota: QuotaSeconds = no_quota,
    ) -> None:
        super().__init__(console, log, clock, quota)
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            _Rows(),
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

    def _started(self, message: str, rows: int) -> None:  # noqa: ARG002 - the base's signature
        self._task = self._bar.add_task(clean(self._stream), total=rows, said="")

    def _moved(self, standing: Standing) -> None:
        if self._task is not None:
            said = short_words(standing)
            self._bar.update(self._task, completed=standing.done, said=said)

    def _ended(self, message: str) -> None:  # noqa: ARG002 - the bar says it
        if self._task is not None:
            self._bar.stop_task(self._task)
        self._task = None

    def _show(self, message: str, level: Level) -> None:
        # Above the bar: the console is the bar's own.
        sentence(self._console, message, indent=0, style=_STYLES[level])


def make_progress(
    console: Console,
    *,
    log_format: LogFormat = "text",
    level: Level = "info",
    log: Log | None = None,
    clock: Callable[[], float] = monotonic,
    quota: QuotaSeconds = no_quota,
) -> RunProgress:
    """The one that fits: nothing but the log for JSON, a bar on a terminal, else lines.

    Args:
        console: Of stderr.
        log_format: `--log-format`.
        level: The least that is shown to a person.
        log: The structured log.
        clock: Seconds of a clock that only goes forward.
        quota: What the request quota allows.
    """
    if log_format == "json":
        return RunProgress(console, log, clock, quota)
    if level != "info":
        return QuietProgress(console, log, level)
    if console.is_terminal and not console.is_dumb_terminal:
        return BarProgress(console, log, clock, quota)
    return LineProgress(console, log, clock, quota)


class _Rows(ProgressColumn):
    """What is said of the stream; until there is something, how many rows it has."""

    def render(self, task: Task) -> Text:
        """The words of one bar."""
        return styled(task.fields["said"] or f"0/{number(int(task.total or 0))}")


def done_words(standing: Standing) -> str:
    """`1,806 of 2,500 done, 6 rejected`."""
    progress = standing.progress
    said = f"{number(standing.done)} of {number(progress.planned)} done"
    said += f", {number(progress.rejected)} rejected"
    return said + (f", {number(progress.unknown)} unknown" if progress.unknown else "")


def standing_words(standing: Standing) -> str:
    """The same, with rate and time left."""
    return ", ".join([done_words(standing), *_pace_words(standing)])


def short_words(standing: Standing) -> str:
    """`1,500/2,500, 3 rejected, 412/s, 12 s left`."""
    progress = standing.progress
    parts = [f"{number(standing.done)}/{number(progress.planned)}"]
    if progress.rejected:
        parts.append(f"{number(progress.rejected)} rejected")
    return ", ".join([*parts, *_pace_words(standing, unit="")])


def _pace_words(standing: Standing, unit: str = " rows") -> list[str]:
    rate, left = standing.rows_per_second, standing.seconds_left
    parts = []
    if rate is not None and standing.done < standing.progress.planned:
        parts.append(f"{number(round(rate)) if rate >= 10 else f'{rate:.1f}'}{unit}/s")
    if left:
        why = " (request quota)" if standing.quota_seconds >= left else ""
        parts.append(f"{duration_words(math.ceil(left))} left{why}")
    return parts


def _facts(standing: Standing) -> dict[str, Fact]:
    progress, rate, left = standing.progress, standing.rows_per_second, standing.seconds_left
    return {
        "done": standing.done,
        "planned": progress.planned,
        "succeeded": progress.succeeded,
        "rejected": progress.rejected,
        "unknown": progress.unknown,
        "invalid_late": progress.invalid_late,
        "jobs": progress.jobs,
        "open_jobs": progress.open_jobs,
        "rows_per_second": None if rate is None else round(rate, 2),
        "seconds_left": None if left is None else round(left, 1),
        "quota_seconds": round(standing.quota_seconds, 1),
    }
