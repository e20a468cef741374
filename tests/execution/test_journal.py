"""The local journal: what it tells the next run, and when it is not believed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.journal import FileJournal, JournalNotes, Step, body_digest, read_notes
from qsync.execution.ports import KnownJob


def _written(folder: Path) -> Path:
    journal = FileJournal(folder, "r1")
    journal.write(Step.BEGUN)
    journal.write(Step.INTENT, stream="s", first=1, last=500, digest="d")
    journal.write(Step.ACCEPTED, stream="s", job="j1", first=1, last=500, at=7.5)
    journal.write(Step.INTENT, stream="s", first=501, last=900, digest="e")
    journal.write(Step.ACCEPTED, stream="s", job="j2", first=501, last=900, at=8.0)
    journal.write(Step.RESULT, stream="s", job="j1")
    journal.write(Step.COMMITTED, stream="s", jobs=["j1"])
    return folder / "r1.jsonl"


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_a_later_run_learns_what_was_posted_and_which_jobs_are_not_committed(
    tmp_path: Path,
) -> None:
    _written(tmp_path)
    notes = FileJournal(tmp_path, "r2").read("r1")
    assert notes is not None
    assert notes.intents == {"s": [(1, 500), (501, 900)]}
    assert notes.jobs == {"s": (KnownJob("j2", 501, 900, 8.0),)}


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_a_line_that_was_never_finished_was_never_done(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"step":"intent","stream":"s","first":901,')
    notes = FileJournal(tmp_path, "r2").read("r1")
    assert notes is not None
    assert notes.intents == {"s": [(1, 500), (501, 900)]}


@pytest.mark.proves(fault="journal lost or damaged", promise="no row lost")
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:40] + text[60:],
        lambda text: text.replace(b'"intent"', b'"int', 1),
        lambda text: text.replace(b'"run":"r1"', b'"run":"r9"'),
        lambda text: text.replace(b'"format":1', b'"format":2'),
        lambda text: b"\n".join(text.split(b"\n")[1:]),
        lambda text: text.replace(b'"step":"result"', b'"step":"dance"'),
        lambda text: text.replace(b'"first":1,', b""),
        lambda text: b"",
    ],
    ids=[
        "torn at first",
        "torn inside",
        "another run's",
        "another format",
        "headless",
        "odd",
        "short",
        "empty",
    ],
)
def test_a_journal_that_is_damaged_or_another_runs_does_not_say_what_was_never_posted(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = _written(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    notes = FileJournal(tmp_path, "r2").read("r1")
    assert notes is not None
    assert not notes.complete


@pytest.mark.proves(fault="journal lost or damaged", promise="newest value wins")
def test_the_ids_that_a_damaged_journal_still_has_are_of_use(tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"intent"', b'"int', 1))
    notes = FileJournal(tmp_path, "r2").read("r1")
    assert notes is not None
    assert [job.id for job in notes.jobs["s"]] == ["j2"]


@pytest.mark.proves(fault="journal lost or damaged", promise="no row lost")
def test_there_may_be_no_journal_at_all(tmp_path: Path) -> None:
    assert FileJournal(tmp_path / "gone", "r2").read("r1") is None


@pytest.mark.proves(fault="journal lost or damaged", promise="ends cleanly")
@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_reading_fail(content: bytes) -> None:
    assert isinstance(read_notes(content, "r1"), JournalNotes)


@pytest.mark.proves(fault="journal lost or damaged", promise="nothing leaks")
def test_it_is_its_owners_alone_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = _written(tmp_path / "journal")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.proves(fault="machine gone", promise="no row lost")
def test_an_intent_is_on_the_disk_before_writing_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (synced.append(os.fstat(file).st_size), sync(file))
    )
    journal = FileJournal(tmp_path, "r1")
    journal.write(Step.BEGUN)
    journal.write(Step.INTENT, stream="s", first=1, last=500, digest="d")
    assert synced[-1] == (tmp_path / "r1.jsonl").stat().st_size


@pytest.mark.proves(fault="journal lost or damaged", promise="ends cleanly")
def test_a_disk_that_refuses_makes_it_unhealthy_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = FileJournal(tmp_path, "r1")
    journal.write(Step.BEGUN)

    def full(file: int, line: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    journal.write(Step.INTENT, stream="s", first=1, last=500, digest="d")
    assert not journal.healthy
    journal.write(Step.ACCEPTED, stream="s", job="j1", first=1, last=500, at=7.5)


def test_a_file_where_the_folder_should_be_makes_it_unhealthy_too(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("")
    journal = FileJournal(tmp_path / "journal", "r1")
    journal.write(Step.BEGUN)
    assert not journal.healthy
    assert journal.read("r1") is None


def test_nothing_is_left_of_a_run_that_ended(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, "r1")
    journal.write(Step.BEGUN)
    journal.write(Step.ENDED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.proves(fault="journal lost or damaged", promise="nothing leaks")
def test_digests_are_keyed_and_tell_bodies_apart() -> None:
    assert body_digest(b"k", b"body") == body_digest(b"k", b"body")
    assert body_digest(b"k", b"body") != body_digest(b"k", b"bodx")
    assert body_digest(b"k", b"body") != body_digest(b"l", b"body")
