"""The local journal: what this run is about to post, and what came of it, durable before it goes.

It only saves requests. The warehouse knows the highest record that may have been posted and the
jobs whose ids reached it in time; a journal that survived knows which chunks of those really went
and the ids of the last few seconds. Without it, or where it cannot be trusted, the warehouse alone
decides, and more records are sent again.

One file per run, a line per step (a check sum, then JSON), in the order of a chunk's life:

    begun      the run
    intent     a part of a stream is about to be posted: its range of record numbers, and a keyed
               digest of its body
    accepted   its job's id, and how many answers to the same body were lost before
    result     its job is read to its end
    committed  what became of the range is in state
    ended      the run is over and has left nothing open

No value and no match key is in it. A line that is torn at the end was never finished, so what it
announced was never done. A file damaged before its end still names jobs, and no longer says what
was never posted.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import orjson

from qsync.execution.ports import KnownJob

JOURNAL_FORMAT = 1


class Step(StrEnum):
    """What a line tells."""

    BEGUN = "begun"
    INTENT = "intent"
    ACCEPTED = "accepted"
    RESULT = "result"
    COMMITTED = "committed"
    ENDED = "ended"


class Journal(Protocol):
    """Where a run writes its steps down."""

    @property
    def healthy(self) -> bool:
        """Whether everything written so far is durable."""

    def write(self, step: Step, **facts: Any) -> None:
        """Put a step down; `BEGUN` and `INTENT` are durable when this returns, if it is healthy.

        Never raises for what is wrong with the disk.
        """

    def read(self, run_id: str) -> JournalNotes | None:
        """What an earlier run wrote; None when that is gone."""

    def discard(self, run_id: str) -> None:
        """An earlier run is settled: its file has no more to tell."""


@dataclass(frozen=True, slots=True)
class JournalNotes:
    """What a journal tells, by stream id.

    Attributes:
        intents: Ranges of record numbers that may have been posted.
        jobs: Accepted jobs whose results are not committed.
        complete: Whether nothing is missing: then what is in no intent was never posted. An id that
            can be read is of use in any case; what belongs to a job its own results say.
    """

    intents: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    jobs: Mapping[str, Sequence[KnownJob]] = field(default_factory=dict)
    complete: bool = True


class NoJournal:
    """For who has no disk to write to: the warehouse alone decides."""

    healthy = False

    def write(self, step: Step, **facts: Any) -> None:
        """Nothing."""

    def read(self, run_id: str) -> JournalNotes | None:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return None

    def discard(self, run_id: str) -> None:
        """Nothing."""


class FileJournal:
    """A journal in a folder, made when the first step is written. Files are 0600.

    Args:
        folder: Where journals are; made 0700 when missing.
        run_id: This run.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._folder = folder
        self._run_id = run_id
        self._file: int | None = None
        self.healthy = True

    def write(self, step: Step, **facts: Any) -> None:
        """Append a line. An intent and the beginning are durable when this returns."""
        if not self.healthy:
            return
        try:
            if step is Step.ENDED:
                self._close()
                self.discard(self._run_id)
                return
            file = self._opened()
            if step is not Step.BEGUN:
                _append(file, step, facts)
            if step in {Step.BEGUN, Step.INTENT}:
                os.fsync(file)
        except OSError:
            # A full or broken disk: from now on the warehouse is told not to trust the file.
            self.healthy = False
            self._close()

    def _opened(self) -> int:
        if self._file is not None:
            return self._file
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # whatever the umask says
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        self._file = file = os.open(self._path(self._run_id), flags, 0o600)
        os.fchmod(file, 0o600)
        _append(file, Step.BEGUN, {"run": self._run_id, "format": JOURNAL_FORMAT})
        # The file's own entry must survive a power cut too.
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return file

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.jsonl"

    def read(self, run_id: str) -> JournalNotes | None:
        """What an earlier run wrote here; None when that is gone."""
        try:
            content = self._path(run_id).read_bytes()
        except OSError:
            return None
        return read_notes(content, run_id)

    def discard(self, run_id: str) -> None:
        """Remove an earlier run's file."""
        try:
            self._path(run_id).unlink(missing_ok=True)
        except OSError:
            # It will be found again, and say nothing about a run that the warehouse has closed.
            return


def _append(file: int, step: Step, facts: Mapping[str, Any]) -> None:
    told = orjson.dumps({"step": step.value, **facts})
    line = b"%08x %s\n" % (zlib.crc32(told), told)
    if os.write(file, line) != len(line):
        raise OSError("a line was written in part")


def read_notes(content: bytes, run_id: str) -> JournalNotes:
    """A journal's text as notes: of a damaged one, the jobs whose lines can be read."""
    lines = content.split(b"\n")[:-1]  # what follows the last line end was never finished
    entries = [_entry(line) for line in lines]
    begun = {"step": Step.BEGUN, "run": run_id, "format": JOURNAL_FORMAT}
    complete = bool(entries) and entries[0] == begun
    intents: dict[str, list[tuple[int, int]]] = {}
    jobs: dict[str, dict[str, KnownJob]] = {}
    for entry in entries[1:] if complete else entries:
        try:
            _take(entry, intents, jobs)
        except (KeyError, TypeError, ValueError):
            complete = False
    found = {stream: tuple(known.values()) for stream, known in jobs.items()}
    return JournalNotes(intents, found, complete)


def _entry(line: bytes) -> Any:
    """What a line tells; None, which no step is made of, where its sum does not hold."""
    sum_, _, told = line.partition(b" ")
    if sum_ != b"%08x" % zlib.crc32(told):
        return None
    try:
        return orjson.loads(told)
    except orjson.JSONDecodeError:
        return None


def _take(
    entry: Any, intents: dict[str, list[tuple[int, int]]], jobs: dict[str, dict[str, KnownJob]]
) -> None:
    """Add what a line tells.

    Raises:
        KeyError, TypeError, ValueError: It is damaged.
    """
    step = Step(entry["step"])
    if step is Step.INTENT:
        first, last = int(entry["first"]), int(entry["last"])
        intents.setdefault(str(entry["stream"]), []).append((first, last))
    elif step is Step.ACCEPTED:
        job = KnownJob(
            str(entry["job"]),
            int(entry["first"]),
            int(entry["last"]),
            float(entry["at"]),
            int(entry.get("lost", 0)),
        )
        jobs.setdefault(str(entry["stream"]), {})[job.id] = job
    elif step is Step.COMMITTED:
        for job_id in entry["jobs"]:
            jobs.get(str(entry["stream"]), {}).pop(job_id, None)


def body_digest(secret: bytes, body: bytes) -> str:
    """A keyed digest of a body: two are alike when the bodies are, and it tells nothing else."""
    return hashlib.blake2b(body, key=secret, digest_size=16).hexdigest()
