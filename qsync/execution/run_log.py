"""The log of a run on disk: a line of JSON per request, job and step, for `qsync inspect`.

It lies in `<folder>/<run>/requests.jsonl`; the folder is 0700, the file 0600. Nothing depends on
it: what is wrong with the disk is told once and the run goes on without. Lines go out at once, so
that another process can follow. Kinds of lines:

    run      the run begins: command, target, destination, process
    stream   a stream's delivery begins: sync, object, how many records
    request  a request is over: for what, how long, which records, which job, bodies
    job      what became of a job's records
    end      the run is over, and what the log had no room for
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from qsync.execution.bodies import parsed, redacted_answer, redacted_item, redacted_request
from qsync.execution.exchanges import Exchange, JobEnd

LOG_FORMAT = 1

FILE_NAME = "requests.jsonl"

RUN_ID = re.compile(r"\d{8}t\d{6}_[0-9a-f]{6}")
"""A run's id, and the name of its folder; they sort by time."""

REJECTS_KEPT = 50
"""Rejects of one job that are told one by one."""

_MEGABYTE = 1_000_000
_WITHOUT_BODIES = 0.75
"""The share of a log's room after which bodies are left out, so that lines have some longer."""

_END_ROOM = 1_000

_HEADERS = ("retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
_HEADER_VALUE = re.compile(r"[A-Za-z0-9 ,:+-]{1,40}")
_JOB_PATH = re.compile(r"/v2/bulk/([A-Za-z0-9._~%-]+)")
_NUMBER = re.compile(r"-(\d{1,18})$")


@dataclass(frozen=True, slots=True)
class LogBounds:
    """What logs of runs may take.

    Attributes:
        keep_runs: Logs that are kept, this run's among them; 0 keeps none.
        max_mb: Megabytes of one run's.
    """

    keep_runs: int = 20
    max_mb: int = 64


class FileRunLog:
    """Implements `RunLog`.

    Args:
        folder: Where logs of runs are.
        run_id: This run.
        facts: What the first line says of it.
        now: Epoch seconds.
        trouble: Told once, when the log cannot be kept, why.
        bounds: What logs may take.
        full_bodies: Whether bodies are kept as they were, people's values and all.

    Attributes:
        status: How the run ended, once it has.
    """

    def __init__(
        self,
        folder: Path,
        run_id: str,
        facts: Mapping[str, Any],
        now: Callable[[], float],
        trouble: Callable[[str], None],
        bounds: LogBounds = LogBounds(),
        *,
        full_bodies: bool = False,
    ) -> None:
        self._folder = folder
        self._run_id = run_id
        self._now = now
        self._trouble = trouble
        self._full = full_bodies
        self._room = bounds.max_mb * _MEGABYTE
        self._without_bodies = int(self._room * (1 - _WITHOUT_BODIES))
        self._file: int | None = None
        self._requests = 0
        self._stream: str | None = None
        self._bodies_left_out = 0
        self._lines_left_out = 0
        self.status = "failed"
        if bounds.keep_runs == 0:
            return
        try:
            self._file = _opened(folder, run_id, bounds.keep_runs)
        except OSError as error:
            trouble(error.strerror or type(error).__name__)
            return
        told = {"format": LOG_FORMAT, "run": run_id, **facts, "full_bodies": full_bodies}
        self._write("run", told)

    def stream(self, stream_id: str, sync: str, object_name: str, records: int) -> None:
        """A stream's delivery begins; the submits that follow are its."""
        self._stream = stream_id
        facts = {"stream": stream_id, "sync": sync, "object": object_name, "records": records}
        self._write("stream", facts)

    def exchange(self, exchange: Exchange) -> None:
        """A request is over."""
        if self._file is None:
            return
        self._requests += 1
        with_bodies = self._room > self._without_bodies
        self._bodies_left_out += not with_bodies
        line = _request_line(exchange, self._stream, full=self._full, with_bodies=with_bodies)
        self._write("request", {"n": self._requests, **line}, at=exchange.at)

    def settled(self, end: JobEnd) -> None:
        """A job has been read to its end, or as far as could be learnt."""
        if self._file is None:
            return
        self._write("job", _job_line(end, full=self._full))

    def end(self) -> None:
        """The run is over."""
        self._room += _END_ROOM
        left_out = {
            "bodies_left_out": self._bodies_left_out,
            "lines_left_out": self._lines_left_out,
        }
        self._write("end", {"status": self.status, "requests": self._requests, **left_out})
        self.close()

    def close(self) -> None:
        """Let go of the file, whether the run has ended or not."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _write(self, kind: str, facts: Mapping[str, Any], at: float | None = None) -> None:
        if self._file is None:
            return
        when = round(self._now() if at is None else at, 3)
        line = orjson.dumps({"kind": kind, "at": when, **facts}) + b"\n"
        if len(line) > self._room - _END_ROOM and kind != "end":
            self._lines_left_out += 1
            return
        self._room -= len(line)
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(28, "No space left on device")
        except OSError as error:
            self.close()
            self._trouble(error.strerror or type(error).__name__)


def _opened(folder: Path, run_id: str, keep_runs: int) -> int:
    """This run's file, with older logs gone.

    Raises:
        OSError: It cannot be made, or something on the way is a link.
    """
    if folder.is_symlink():
        # It may come with a pull request, and lead to folders that are none of qsync's business.
        raise OSError(40, f"{folder.name} is a link")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for old in logs_of(folder)[max(0, keep_runs - 1) :]:
        shutil.rmtree(folder / old, ignore_errors=True)
    mine = folder / run_id
    mine.mkdir(mode=0o700)
    mine.chmod(0o700)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = os.open(mine / FILE_NAME, flags, 0o600)
    os.fchmod(file, 0o600)
    return file


def logs_of(folder: Path) -> list[str]:
    """Ids of the runs that have a log, newest first."""
    try:
        names = [item.name for item in folder.iterdir() if not item.is_symlink()]
    except OSError:
        return []
    return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)


def _request_line(
    exchange: Exchange, stream: str | None, *, full: bool, with_bodies: bool
) -> dict[str, Any]:
    purpose, job = _purpose(exchange)
    line: dict[str, Any] = {
        "for": purpose,
        "method": exchange.method,
        "path": exchange.path,
        "attempt": exchange.attempt,
        "status": exchange.status,
        "seconds": round(exchange.seconds, 4),
        "held_back": round(exchange.held_back, 3),
        "problem": exchange.problem,
        "job": job,
        "sent_bytes": 0 if exchange.sent is None else len(exchange.sent),
        "answer_bytes": 0 if exchange.answer is None else len(exchange.answer),
        "headers": _headers(exchange.headers),
    }
    if exchange.sent is not None:
        sent = parsed(exchange.sent)
        redacted, ids = redacted_request(sent)
        if purpose == "submit":
            line |= {"stream": stream, "items": len(ids), **_numbers(ids)}
        if with_bodies:
            line["sent"] = sent if full else redacted
    if exchange.answer is not None:
        whole = parsed(exchange.answer)
        answer = redacted_answer(whole)
        line |= _job_facts(answer, purpose)
        if with_bodies:
            line["answer"] = whole if full else answer
    return line


def _purpose(exchange: Exchange) -> tuple[str, str | None]:
    """What a request is for, and the job it names."""
    found = _JOB_PATH.fullmatch(exchange.path)
    if found:
        return "poll", found[1]
    if exchange.path == "/v2/bulk" and exchange.method == "POST":
        return "submit", None
    return ("fields" if exchange.path.endswith("/fields") else "other"), None


def _job_facts(answer: Any, purpose: str) -> dict[str, Any]:
    """What an answer says of a job; a poll that finds it done has read its results."""
    job = answer.get("job") if isinstance(answer, dict) else None
    if purpose not in {"submit", "poll"} or not isinstance(job, dict):
        return {}
    facts = {
        "job_status": job.get("status"),
        "processed": job.get("processedRecords"),
        "job_created": job.get("createdAt"),
        "job_updated": job.get("updatedAt"),
    }
    if purpose == "submit":
        facts["job"] = job.get("id")
    elif job.get("status") in {"completed", "failed"}:
        facts["for"] = "results"
    return facts


def _numbers(ids: Sequence[Any]) -> dict[str, int]:
    """The first and the last record's number, from the request ids of a body."""
    ends = (
        [_NUMBER.search(name) for name in (ids[0], ids[-1]) if isinstance(name, str)] if ids else []
    )
    return {
        name: int(found[1])
        for name, found in zip(("first", "last"), ends, strict=False)
        if found is not None
    }


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What an answer's headers say of the quota."""
    found = {name: headers[name].strip() for name in _HEADERS if name in headers}
    return {name: value for name, value in found.items() if _HEADER_VALUE.fullmatch(value)}


def _job_line(end: JobEnd, *, full: bool) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for reject in end.rejects:
        reasons[reject.reason] = reasons.get(reject.reason, 0) + 1
    told = []
    for reject in end.rejects[:REJECTS_KEPT]:
        entry: dict[str, Any] = {
            "number": reject.number,
            "reason": reject.reason,
            "field": reject.field,
        }
        body = end.bodies.get(reject.number)
        if body is not None:
            item = parsed(body)
            entry["item"] = item if full else redacted_item(item)
        told.append(entry)
    return {
        "job": end.job.id,
        "stream": end.stream_id,
        "first": end.job.first,
        "last": end.job.last,
        "accepted_at": round(end.job.accepted_at, 3),
        "status": end.status,
        "resolved": end.resolved,
        "seconds": round(end.seconds, 3),
        "succeeded": end.succeeded,
        "rejected": len(end.rejects),
        "unknown": end.unknown,
        "reasons": reasons,
        "rejects": told,
        "rejects_left_out": len(end.rejects) - len(told),
    }
