"""Progress: a bar on a terminal, else a line per event that matters, always on its own stream."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from qsync.execution.deliver import DeliveryProgress
from qsync.views.console import data_console, notes_console
from qsync.views.progress import JsonProgress, LineProgress, RunProgress, make_progress


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def standing(succeeded: int, rejected: int = 0, unknown: int = 0) -> DeliveryProgress:
    """How a delivery of 2,500 rows stands."""
    return DeliveryProgress(2_500, succeeded, rejected, unknown, 0, 5, 1)


def play(progress: RunProgress, clock: Clock) -> None:
    """A stream that takes 70 seconds and reports every ten."""
    with progress:
        progress.event("locked", "The destination is ours", epoch=7)
        progress.start("leads", 2_500)
        for done in range(1, 8):
            clock.seconds += 10
            progress.update(standing(300 * done, rejected=done))
        progress.event("waiting", "Qualified asks to wait 20 s", level="warning", seconds=20)
        progress.finish()


def test_without_a_terminal_a_line_comes_at_start_and_end_and_every_half_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    play(LineProgress(notes_console(stream), clock), clock)
    assert stream.getvalue().splitlines() == [
        "The destination is ours",
        "leads: sending 2,500 rows",
        "leads: 903 of 2,500 done, 3 rejected",
        "leads: 1,806 of 2,500 done, 6 rejected",
        "Qualified asks to wait 20 s",
        "leads: 2,107 of 2,500 done, 7 rejected",
    ]


def test_json_lines_say_the_same_with_facts_for_programs() -> None:
    stream, clock = io.StringIO(), Clock()
    moment = datetime(2026, 11, 3, 5, 0, 12, tzinfo=UTC)
    play(JsonProgress(notes_console(stream), clock, lambda: moment), clock)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "locked",
        "stream_started",
        "stream_progress",
        "stream_progress",
        "waiting",
        "stream_finished",
    ]
    assert lines[0] == {
        "time": "2026-11-03T05:00:12Z",
        "level": "info",
        "event": "locked",
        "message": "The destination is ours",
        "epoch": 7,
    }
    assert lines[-1]["stream"] == "leads"
    assert (lines[-1]["done"], lines[-1]["rejected"]) == (2_107, 7)


def test_a_json_line_is_never_broken() -> None:
    stream = io.StringIO()
    make_progress(notes_console(stream), log_format="json").event("long", "word " * 100)
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_quiet_lets_only_warnings_through(log_format: str) -> None:
    stream, clock = io.StringIO(), Clock()
    chosen = "json" if log_format == "json" else "text"
    play(make_progress(notes_console(stream), log_format=chosen, quiet=True, clock=clock), clock)  # type: ignore[arg-type]
    (line,) = stream.getvalue().splitlines()
    assert "asks to wait" in line


def test_a_terminal_gets_a_bar_with_rows_rejects_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream, clock = Terminal(), Clock()
    console = Console(file=stream, force_terminal=True, width=80, markup=False)
    play(make_progress(console, clock=clock), clock)
    shown = stream.getvalue()
    assert "2,107/2,500, 7 rejected" in shown
    assert "asks to wait" in shown


def test_a_pipe_gets_no_codes_and_80_columns_even_when_colours_are_forced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    console = data_console(stream)
    console.print("[red]plain[/red]", style="bold red")
    assert stream.getvalue() == "[red]plain[/red]\n"
    assert console.width == 80


def test_no_color_is_honoured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured, plain = Terminal(), Terminal()
    data_console(coloured).print("x", style="red")
    monkeypatch.setenv("NO_COLOR", "1")
    data_console(plain).print("x", style="red")
    assert "\x1b[31m" in coloured.getvalue()
    assert plain.getvalue() == "x\n"
