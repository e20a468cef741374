"""What a run did at Qualified, as a document: from the lines of its log, or from the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qsync.views.entries import JsonObject

INSPECT_FORMAT = 1

Line = Mapping[str, Any]

_BUSY = {429, 503}
"""Statuses that ask to come again later (API.md, "Limits")."""


def inspect_document(
    lines: Iterable[Line], *, damaged: int = 0, alive: Callable[[Line], bool] = lambda _: True
) -> JsonObject:
    """The document of a log.

    Args:
        lines: The log's, in order, without values unless a person asked for them.
        damaged: Lines that could not be read.
        alive: Whether the process that a first line tells of still runs.
    """
    lines = list(lines)
    begun = next((line for line in lines if line["kind"] == "run"), {})
    end = next((line for line in reversed(lines) if line["kind"] == "end"), None)
    requests = [line for line in lines if line["kind"] == "request"]
    last = lines[-1]["at"] if lines else None
    state = "ended" if end is not None else ("running" if begun and alive(begun) else "died")
    return {
        "format": INSPECT_FORMAT,
        "source": "log",
        "run_id": begun.get("run"),
        "command": begun.get("command"),
        "target": begun.get("target"),
        "destination": begun.get("destination"),
        "state": state,
        "status": None if end is None else end.get("status"),
        "started_at": moment(begun.get("at")),
        "ended_at": moment(last) if state != "running" else None,
        "seconds": _between(begun.get("at"), last),
        "full_bodies": bool(begun.get("full_bodies")),
        "requests": _requests(requests),
        "left_out": {
            "bodies": 0 if end is None else end.get("bodies_left_out", 0),
            "lines": 0 if end is None else end.get("lines_left_out", 0),
            "damaged": damaged,
        },
        "jobs": _jobs(lines),
    }


def moment(at: float | None) -> str | None:
    """Epoch seconds as UTC, to the thousandth."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, end - start), 3)


def _requests(requests: Sequence[Line]) -> JsonObject:
    purposes: dict[str, int] = {}
    for line in requests:
        purposes[str(line["for"])] = purposes.get(str(line["for"]), 0) + 1
    headers: Mapping[str, str] = next(
        (line["headers"] for line in reversed(requests) if line["headers"]), {}
    )
    return {
        "total": len(requests),
        "by_purpose": purposes,
        "repeated": sum(line["attempt"] > 1 for line in requests),
        "told_to_wait": sum(line["status"] in _BUSY for line in requests),
        "unanswered": sum(line["status"] is None for line in requests),
        "seconds": round(sum(line["seconds"] for line in requests), 3),
        "held_back_seconds": round(sum(line["held_back"] for line in requests), 3),
        "quota": {
            "limit": _whole(headers.get("ratelimit-limit")),
            "remaining": _whole(headers.get("ratelimit-remaining")),
        },
    }


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _jobs(lines: Sequence[Line]) -> list[JsonObject]:
    """One entry per job, in the order of the first submit, and per part that became none."""
    streams: dict[str, Line] = {}
    found: list[JsonObject] = []
    waiting: dict[tuple[Any, ...], JsonObject] = {}
    by_id: dict[str, JsonObject] = {}
    for line in lines:
        if line["kind"] == "stream":
            streams[line["stream"]] = line
        elif line["kind"] == "job":
            entry = by_id.get(line["job"])
            if entry is not None:
                _settle(entry, line)
        elif line.get("for") == "submit":
            part = (line.get("stream"), line.get("first"), line.get("last"))
            entry = waiting.pop(part, None)
            if entry is None or line["attempt"] == 1:
                entry = _submitted(line, streams.get(str(line.get("stream"))))
                found.append(entry)
            _submit(entry, line)
            if entry["job"] is None:
                waiting[part] = entry
            else:
                by_id[entry["job"]] = entry
        elif line.get("for") in {"poll", "results"}:
            entry = by_id.get(line["job"])
            if entry is None:
                entry = by_id[line["job"]] = {**_submitted(line, None), "job": line["job"]}
                entry |= {"submitted_at": None, "outcome": "of an earlier run"}
                found.append(entry)
            _poll(entry, line)
    return found


def _submitted(line: Line, stream: Line | None) -> JsonObject:
    return {
        "job": None,
        "sync": None if stream is None else stream["sync"],
        "object": None if stream is None else stream["object"],
        "stream_id": line.get("stream"),
        "first": line.get("first"),
        "last": line.get("last"),
        "records": line.get("items"),
        "submitted_at": moment(line["at"]),
        "accepted_at": None,
        "found_done_at": None,
        "accept_seconds": None,
        "server_seconds": None,
        "seconds": None,
        "submits": 0,
        "polls": 0,
        "repeated": 0,
        "told_to_wait": 0,
        "held_back_seconds": 0.0,
        "status": None,
        "outcome": "open",
        "succeeded": None,
        "rejected": None,
        "unknown": None,
        "reasons": [],
        "rejects": [],
        "requests": [],
    }


def _count(entry: JsonObject, line: Line) -> None:
    entry["requests"].append(dict(line))
    entry["repeated"] += line["attempt"] > 1
    entry["told_to_wait"] += line["status"] in _BUSY
    entry["held_back_seconds"] = round(entry["held_back_seconds"] + line["held_back"], 3)


def _submit(entry: JsonObject, line: Line) -> None:
    _count(entry, line)
    entry["submits"] += 1
    answered = line["at"] + line["seconds"]
    if line["status"] == 202 and line.get("job"):
        entry["job"] = line["job"]
        entry["status"] = line.get("job_status")
        entry["accepted_at"] = moment(answered)
        entry["accept_seconds"] = _between(entry["requests"][0]["at"], answered)
        entry["outcome"] = "open"
    elif line["status"] is None:
        entry["outcome"] = "no answer"
    elif line["status"] in _BUSY:
        entry["outcome"] = "told to wait"
    elif line["status"] == 422:
        entry["outcome"] = "refused whole"
    else:
        entry["outcome"] = f"answered {line['status']}"


def _poll(entry: JsonObject, line: Line) -> None:
    _count(entry, line)
    entry["polls"] += 1
    if line["status"] == 200:
        entry["status"] = line.get("job_status")
    if line["for"] != "results":
        return
    answered = line["at"] + line["seconds"]
    accepted = next((item for item in entry["requests"] if item["for"] == "submit"), None)
    entry["found_done_at"] = moment(answered)
    if accepted is not None:
        taken = [item for item in entry["requests"] if item["for"] == "submit"][-1]
        entry["seconds"] = _between(taken["at"] + taken["seconds"], answered)
    created, updated = _epoch(line.get("job_created")), _epoch(line.get("job_updated"))
    entry["server_seconds"] = _between(created, updated)


def _settle(entry: JsonObject, line: Line) -> None:
    entry |= {name: line[name] for name in ("succeeded", "rejected", "unknown", "status")}
    entry["reasons"] = [
        {"reason": reason, "records": count} for reason, count in line["reasons"].items()
    ]
    entry["rejects"] = list(line["rejects"])
    if not line["resolved"]:
        entry["outcome"] = "given up"
    elif line["status"] == "failed":
        entry["outcome"] = "failed"
    else:
        entry["outcome"] = "unknown" if line["unknown"] else "done"


def _epoch(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


# --- what is asked of it ------------------------------------------------------------------------


def only_rejected(document: JsonObject) -> JsonObject:
    """Only jobs with rejects, and parts that were refused."""
    jobs = [job for job in document["jobs"] if job["rejected"] or job["outcome"] == "refused whole"]
    return {**document, "jobs": jobs}


def slowest_first(document: JsonObject, at_least: float) -> JsonObject:
    """Jobs by how long they took, those that are not done in front."""
    jobs = [job for job in document["jobs"] if job["seconds"] is None or job["seconds"] >= at_least]
    # Of an open one nobody knows how slow it is.
    jobs.sort(key=lambda job: (job["seconds"] is not None, -(job["seconds"] or 0.0)))
    return {**document, "jobs": jobs}


def without_requests(document: JsonObject) -> JsonObject:
    """Without every single request, for lists."""
    hidden = ("requests",)
    jobs = [
        {name: value for name, value in job.items() if name not in hidden}
        for job in document["jobs"]
    ]
    return {**document, "jobs": jobs}


def matching_jobs(document: JsonObject, part: str) -> list[JsonObject]:
    """Jobs whose id holds this part."""
    return [job for job in document["jobs"] if job["job"] is not None and part in job["job"]]
