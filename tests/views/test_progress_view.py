"""Progress: a bar on a terminal, else a line per event that matters, always on its own stream."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from qsync.execution.deliver import DeliveryProgress
from qsync.views.console import data_console, notes_console
from qsync.views.events import Level
from qsync.views.log import Log, Sink
from qsync.views.pace import QuotaSeconds
from qsync.views.progress import LineProgress, RunProgress, make_progress
from tests.support.log_lines import log_lines


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
        progress.event("dbt_test", "Running dbt's tests of dim_leads.", models=1)
        progress.start("leads", 2_500, "leads", "lead")
        for done in range(1, 8):
            clock.seconds += 10
            progress.update(standing(300 * done, rejected=done))
        progress.event("lock_wait", "Somebody else has the lock", lock_id="r0")
        progress.finish()


def starve(progress: RunProgress, clock: Clock) -> None:
    """A stream that waits for its quota for two minutes and hears nothing of anybody."""
    with progress:
        progress.start("leads", 2_500, "leads", "lead")
        clock.seconds += 10
        progress.update(standing(1_000))
        for _ in range(24):
            clock.seconds += 5
            progress.beat()


def quota(clock: Clock) -> QuotaSeconds:
    """A window that opens 15 minutes after the beginning."""
    return lambda requests: 900.0 - clock.seconds if requests else 0.0


def test_without_a_terminal_a_line_comes_at_start_and_end_and_every_half_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    play(LineProgress(notes_console(stream), clock=clock), clock)
    assert stream.getvalue().splitlines() == [
        "Running dbt's tests of dim_leads.",
        "leads: sending 2,500 rows",
        "leads: 903 of 2,500 done, 3 rejected, 30 rows/s, 54 s left",
        "leads: 1,806 of 2,500 done, 6 rejected, 30 rows/s, 24 s left",
        "Somebody else has the lock",
        "leads: 2,107 of 2,500 done, 7 rejected",
    ]


def test_a_stream_that_waits_for_its_quota_says_so_though_nothing_happens() -> None:
    stream, clock = io.StringIO(), Clock()
    starve(LineProgress(notes_console(stream), clock=clock, quota=quota(clock)), clock)
    said = " ".join(stream.getvalue().split())
    assert "leads: 1,000 of 2,500 done, 0 rejected, 33 rows/s, 14 min 30 s left (request" in said
    assert "leads: 1,000 of 2,500 done, 0 rejected, 0.0 rows/s, 13 min left (request" in said
    assert said.count("1,000 of 2,500") == 4


def test_json_lines_say_the_same_with_facts_for_programs() -> None:
    stream, clock, lines = io.StringIO(), Clock(), list[str]()
    log = Log(Sink(lines.append))
    play(make_progress(notes_console(stream), log_format="json", log=log, clock=clock), clock)
    told = log_lines("".join(lines))
    assert stream.getvalue() == ""
    assert [line["event"] for line in told] == [
        "dbt_test",
        "stream_started",
        "progress",
        "progress",
        "lock_wait",
    ]
    del told[2]["time"]
    assert told[2] == {
        "level": "info",
        "event": "progress",
        "message": "leads: 903 of 2,500 done, 3 rejected, 30 rows/s, 54 s left",
        "sync": "leads",
        "stream": "leads",
        "object": "lead",
        "done": 903,
        "planned": 2_500,
        "succeeded": 900,
        "rejected": 3,
        "unknown": 0,
        "invalid_late": 0,
        "jobs": 5,
        "open_jobs": 1,
        "rows_per_second": 30.1,
        "seconds_left": 53.1,
        "quota_seconds": 0.0,
    }


@pytest.mark.parametrize("terminal", [False, True])
def test_the_log_gets_its_lines_whatever_is_shown(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream, clock, lines = Terminal() if terminal else io.StringIO(), Clock(), list[str]()
    console = Console(file=stream, force_terminal=terminal, width=80, markup=False)
    starve(
        make_progress(console, log=Log(Sink(lines.append)), clock=clock, quota=quota(clock)), clock
    )
    told = log_lines("".join(lines))
    assert [line["event"] for line in told] == ["stream_started", *["progress"] * 4]
    assert told[-1]["quota_seconds"] == told[-1]["seconds_left"] == 780.0
    assert stream.getvalue() != ""


@pytest.mark.parametrize(("level", "shown"), [("warning", 1), ("error", 0)])
def test_words_below_the_level_are_not_shown(level: Level, shown: int) -> None:
    stream, clock = io.StringIO(), Clock()
    play(make_progress(notes_console(stream), level=level, clock=clock), clock)
    assert stream.getvalue().splitlines() == ["Somebody else has the lock"] * shown


def test_a_terminal_gets_a_bar_with_rows_rejects_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream, clock = Terminal(), Clock()
    console = Console(file=stream, force_terminal=True, width=80, markup=False)
    play(make_progress(console, clock=clock), clock)
    shown = stream.getvalue()
    assert "2,107/2,500, 7 rejected, 30/s, 14 s left" in shown
    assert "has the lock" in shown


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
