"""The structured log: a JSON object a line, of the events in one table, for its reader alone."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.errors import UserError
from qsync.views.events import EVENTS, FACTS, LINE, Fact
from qsync.views.log import LineStream, Log, LogFile, Sink
from tests.support.log_lines import log_lines

MOMENT = datetime(2026, 11, 3, 5, 0, 12, 250_400, tzinfo=UTC)
SOME: dict[str, Fact] = {"string": "a", "integer": 3, "number": 1.5, "list": ["a", "b"]}


def logged(name: str, message: str = "It happened.", **facts: Fact) -> str:
    """The line of an event."""
    lines: list[str] = []
    Log(Sink(lines.append), clock=lambda: MOMENT).event(name, message, **facts)  # type: ignore[arg-type]
    return "".join(lines)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_with_all_its_facts_is_as_the_schema_says(name: str) -> None:
    bare = log_lines(logged(name))
    known = {**LINE, **{fact: FACTS[fact] for fact in EVENTS[name].facts}}
    fixed = {"time", "level", "event", "message"}
    full = {fact: SOME[kind.type] for fact, kind in known.items() if fact not in fixed}
    (line,) = log_lines(logged(name, **full))
    assert set(bare[0]) == fixed
    assert set(line) == set(known)


def test_every_fact_is_of_an_event() -> None:
    assert {fact for kind in EVENTS.values() for fact in kind.facts} == set(FACTS)


@pytest.mark.parametrize(("name", "facts"), [("nonsense", {}), ("note", {"email": "a"})])
def test_what_is_not_in_the_table_is_not_written(name: str, facts: dict[str, Fact]) -> None:
    with pytest.raises(ValueError, match=name):
        logged(name, **facts)


@given(st.text())
def test_a_line_is_never_broken(message: str) -> None:
    line = logged("note", message)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert log_lines(line)[0]["message"] == message


def test_times_are_utc_to_the_millisecond_wherever_the_clock_is() -> None:
    lines: list[str] = []
    there = timezone(timedelta(hours=-7))
    Log(Sink(lines.append), clock=lambda: MOMENT.astimezone(there)).event("note", "Now.")
    assert log_lines(lines[0])[0]["time"] == "2026-11-03T05:00:12.250Z"


def test_what_is_known_later_is_in_the_lines_from_then_on() -> None:
    lines: list[str] = []
    log = Log(Sink(lines.append))
    log.bind(command="qsync apply")
    log.event("note", "Before.")
    log.bind(run_id="r1", target=None)
    log.event("note", "After.")
    before, after = log_lines("".join(lines))
    assert ("run_id" in before, after["run_id"], "target" in after) == (False, "r1", False)
    assert before["command"] == after["command"] == "qsync apply"


def test_each_sink_has_its_own_level() -> None:
    all_of_them: list[str] = []
    grave: list[str] = []
    log = Log(Sink(all_of_them.append), Sink(grave.append, "error"))
    log.event("note", "Small.")
    log.event("note", "Larger.", level="warning")
    log.event("bug", "Grave.")
    assert len(all_of_them) == 3
    assert [line["message"] for line in log_lines("".join(grave))] == ["Grave."]


def test_a_log_file_is_appended_to_and_its_owners(tmp_path: Path) -> None:
    path, troubles = tmp_path / "qsync.log", list[str]()
    for line in ("one\n", "two\n"):
        file = LogFile(path, troubles.append)
        file.write(line)
        file.close()
    assert path.read_text() == "one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert troubles == []


def test_a_log_file_that_cannot_be_opened_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: No such file") as caught:
        LogFile(tmp_path / "nowhere" / "qsync.log", str)
    assert "--log-file" in (caught.value.hint or "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to be had")
def test_a_full_disk_is_told_once_and_ends_nothing() -> None:
    troubles: list[str] = []
    file = LogFile(Path("/dev/full"), troubles.append)
    file.write("one\n")
    file.write("two\n")
    assert troubles == ["Nothing more goes to the log file /dev/full: No space left on device"]


def test_words_of_a_library_become_lines() -> None:
    lines: list[str] = []
    stream = LineStream(lines.append, sys.stderr)
    print("a warn", end="", file=stream)
    print("ing\n\n  of two", file=stream)
    print("without an end", end="", file=stream)
    assert lines == ["a warning", "  of two"]
    stream.end()
    assert lines[2:] == ["without an end"]
    assert not stream.isatty()
    assert isinstance(stream, io.TextIOBase)
