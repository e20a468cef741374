"""What a run did at Qualified, for a person, from its document (`inspect_document`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from qsync.views.entries import JsonObject, duration_words
from qsync.views.inspect_document import moment
from qsync.views.layout import (
    Part,
    columns,
    counted,
    number,
    sentence,
    styled,
    write,
    write_whole,
)

_TAIL = 8
"""Letters of a job's id that are shown: the last ones differ most."""

_STYLES = {
    "done": "green",
    "open": "yellow",
    "failed": "bold red",
    "given up": "bold red",
    "no answer": "red",
    "refused whole": "red",
    "unknown": "red",
}


def render_inspect(document: JsonObject, console: Console, *, rejects: bool = False) -> None:
    """Write how a run went and a line per job.

    Args:
        document: The run's.
        console: Where to.
        rejects: Whether every reject that is known is told.
    """
    _head(document, console)
    if document["source"] == "log":
        _requests(document["requests"], console)
    by_stream: dict[tuple[str, str], list[JsonObject]] = {}
    for job in document["jobs"]:
        by_stream.setdefault((job["sync"] or "", job["object"] or ""), []).append(job)
    for (sync, object_name), jobs in by_stream.items():
        write(console)
        name = f"{sync} ({object_name})" if sync else "jobs of earlier runs"
        write(console, styled(name, "bold"))
        columns(console, [_TITLES, *map(_row, jobs)], header=True, right=(1, 3, 4, 5, 6, 7))
        if rejects:
            for job in jobs:
                _rejects(job, console)
        else:
            _reasons(jobs, console)
    if not document["jobs"]:
        write(console)
        sentence(console, "No job to show.", indent=0)
    _left_out(document, console)


_TITLES: list[Part] = [
    "job",
    "records",
    "submitted",
    "taken",
    "done",
    "found",
    "polls",
    "again",
    "outcome",
]


def _head(document: JsonObject, console: Console) -> None:
    parts = [f"Run {document['run_id']}", document["command"], f"target {document['target']}"]
    write_whole(console, styled(", ".join(filter(None, parts)), "bold"))
    words = {
        "ended": f"ended ({_plain(document['status'])})",
        "running": "is running",
        "died": "died: its log has no end",
    }[document["state"]]
    told = f"To {document['destination']}. It {words}"
    if document["state"] == "ended" and document["seconds"] is not None:
        told += f" after {duration_words(round(document['seconds'], 1))}"
    sentence(console, told + ".", indent=0)
    if document["source"] == "warehouse":
        sentence(
            console,
            "This machine has no log of it: what follows is what the warehouse keeps. Single "
            "requests, polls and times are known where the run was made.",
            indent=0,
        )


def _plain(status: Any) -> str:
    return str(status).replace("_", " ")


def _requests(requests: JsonObject, console: Console) -> None:
    told = counted(requests["total"], "request")
    if requests["by_purpose"]:
        told += " ({})".format(
            ", ".join(f"{number(count)} {name}" for name, count in requests["by_purpose"].items())
        )
    extras = [
        (requests["repeated"], "repeated"),
        (requests["told_to_wait"], "told to wait"),
        (requests["unanswered"], "without an answer"),
    ]
    told += "".join(f", {number(count)} {word}" for count, word in extras if count)
    if requests["held_back_seconds"] >= 0.1:
        told += f"; {requests['held_back_seconds']:.1f} s of waiting for the quota"
    quota = requests["quota"]
    if quota["limit"] is not None and quota["remaining"] is not None:
        told += (
            f"; {number(quota['remaining'])} of {number(quota['limit'])} were left in Qualified's "
            "15 minutes"
        )
    sentence(console, told + ".", indent=0)


def _row(job: JsonObject) -> list[Part]:
    return [
        "-" if job["job"] is None else f"…{job['job'][-_TAIL:]}",
        "" if job["first"] is None else f"{job['first']}-{job['last']}",
        _clock(job["submitted_at"] or job["accepted_at"]),
        _seconds(job["accept_seconds"]),
        _seconds(job["server_seconds"]),
        _seconds(job["seconds"]),
        "" if job["polls"] is None else number(job["polls"]),
        "" if job["repeated"] is None else number(job["repeated"]),
        styled(outcome_words(job), _style(job)),
    ]


def _style(job: JsonObject) -> str:
    """Done is not well where records were rejected."""
    if job["outcome"] == "done" and (job["rejected"] or job["unknown"]):
        return "yellow"
    return _STYLES.get(job["outcome"], "")


def outcome_words(job: JsonObject) -> str:
    """`done`, `3 rejected`, `failed: 500 unknown`."""
    parts = [f"{number(job[name])} {name}" for name in ("rejected", "unknown") if job[name]]
    told = ", ".join(parts)
    if not told:
        return str(job["outcome"])
    return told if job["outcome"] in {"done", "unknown"} else f"{job['outcome']}: {told}"


def _clock(at: str | None) -> str:
    return "" if at is None else at[11:19]


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def _reasons(jobs: Sequence[JsonObject], console: Console) -> None:
    """Rejects of a stream by reason, most first."""
    counts: dict[str, int] = {}
    for job in jobs:
        for entry in job["reasons"]:
            counts[entry["reason"]] = counts.get(entry["reason"], 0) + entry["records"]
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        sentence(console, f"{number(count)} rejected: {reason}", indent=4)


def _rejects(job: JsonObject, console: Console) -> None:
    for entry in job["rejects"]:
        name = f" ({entry['field']})" if entry["field"] else ""
        sentence(console, f"record {number(entry['number'])}: {entry['reason']}{name}", indent=4)
        if "item" in entry:
            _body("sent", entry["item"], console)


def _left_out(document: JsonObject, console: Console) -> None:
    left_out = document["left_out"]
    told = [
        f"{number(left_out[name])} {words}"
        for name, words in (
            ("bodies", "requests without their bodies"),
            ("lines", "lines left out"),
            ("damaged", "lines that cannot be read"),
        )
        if left_out[name]
    ]
    if told:
        write(console)
        sentence(
            console,
            f"The log is not whole: {', '.join(told)}. `logs: {{max_mb: …}}` in qsync.yml gives it "
            "more room.",
            indent=0,
        )


def render_job(document: JsonObject, job: JsonObject, console: Console) -> None:
    """Write every request of one job with its bodies."""
    _head(document, console)
    write(console)
    name = "" if job["sync"] is None else f", {job['sync']} ({job['object']})"
    records = "" if job["first"] is None else f", records {job['first']}-{job['last']}"
    write_whole(console, styled(f"Job {job['job']}{name}{records}: {outcome_words(job)}", "bold"))
    for line in job["requests"]:
        write(console)
        render_request(line, console)
        for name, value in sorted(line["headers"].items()):
            sentence(console, f"{name}: {value}", indent=4)
        for part in ("sent", "answer"):
            if part in line:
                _body(part, line[part], console)
    if job["rejects"]:
        write(console)
        _rejects(job, console)


def render_request(line: JsonObject, console: Console) -> None:
    """Write one request on a line."""
    answered = str(line["status"] or f"no answer: {line['problem']}")
    parts = [
        _clock(moment(line["at"])),
        f"{line['for']:<7}",
        f"{line['method']} {line['path']}",
        answered,
        f"{line['seconds']:.2f} s",
    ]
    if line["attempt"] > 1:
        parts.append(f"attempt {line['attempt']}")
    if line["held_back"] >= 0.1:
        parts.append(f"held back {line['held_back']:.1f} s")
    if line.get("job_status"):
        parts.append(f"job {line['job_status']}")
    write_whole(console, styled("  ".join(parts)))


def render_event(line: JsonObject, console: Console) -> None:
    """Write what a line of a log tells, for who follows a run."""
    at = _clock(moment(line["at"]))
    if line["kind"] == "run":
        write_whole(console, styled(f"{at}  run {line['run']} begins", "bold"))
    elif line["kind"] == "stream":
        told = f"{at}  {line['sync']} ({line['object']}): {counted(line['records'], 'record')}"
        write_whole(console, styled(told, "bold"))
    elif line["kind"] == "request":
        render_request(line, console)
    elif line["kind"] == "job":
        told = (
            f"{at}  job …{line['job'][-_TAIL:]}, records {line['first']}-{line['last']}: "
            f"{number(line['succeeded'])} succeeded, {number(line['rejected'])} rejected, "
            f"{number(line['unknown'])} unknown"
        )
        style = "" if line["succeeded"] == line["last"] - line["first"] + 1 else "yellow"
        write_whole(console, styled(told, style))
    elif line["kind"] == "end":
        told = f"{at}  run ends ({_plain(line['status'])}), {counted(line['requests'], 'request')}"
        write_whole(console, styled(told, "bold"))


def _body(name: str, body: Any, console: Console) -> None:
    write(console, styled(f"    {name}:"))
    for text in json.dumps(body, indent=2, ensure_ascii=False).splitlines():
        write_whole(console, styled(f"      {text}"))
