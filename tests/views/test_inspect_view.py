"""A run's log as a document and as text: every job with what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from qsync.execution.stories import (
    Acknowledged,
    Ending,
    FieldLine,
    Rejection,
    Sending,
    SentJob,
    Standing,
    StreamStory,
)
from qsync.ledger.record import RunRecord, RunStatus
from qsync.views.entries import JsonObject
from qsync.views.inspect_document import (
    inspect_document,
    only_rejected,
    slowest_first,
    without_requests,
)
from qsync.views.inspect_text import render_event, render_inspect, render_job
from qsync.views.why_document import why_document
from qsync.views.why_text import render_why
from tests.support.golden import matches_golden, rendered

SCHEMAS = Path(__file__).parents[2] / "schemas"
START = 1_793_682_000.0
RUN = "20261103t050000_0123ab"
REQUEST: dict[str, Any] = {
    "kind": "request",
    "method": "POST",
    "path": "/v2/bulk",
    "attempt": 1,
    "status": 202,
    "seconds": 0.2,
    "held_back": 0.0,
    "problem": None,
    "headers": {"ratelimit-limit": "2000", "ratelimit-remaining": "1990"},
}


def _submit(at: float, first: int, last: int, **more: Any) -> dict[str, Any]:
    records = {"stream": "s1", "first": first, "last": last, "items": last - first + 1}
    job = {"job": f"job-{first:08}", "job_status": "enqueued"}
    return {**REQUEST, "at": START + at, "for": "submit", **records, **job, **more}


def _poll(at: float, first: int, status: str, **more: Any) -> dict[str, Any]:
    done = status in {"completed", "failed"}
    facts = {
        "for": "results" if done else "poll",
        "method": "GET",
        "path": f"/v2/bulk/job-{first:08}",
        "status": 200,
        "job": f"job-{first:08}",
        "job_status": status,
        "job_created": "2026-11-03T05:00:01Z",
        "job_updated": "2026-11-03T05:00:04Z",
    }
    return {**REQUEST, "at": START + at, **facts, **more}


def _job(at: float, first: int, last: int, **more: Any) -> dict[str, Any]:
    facts = {"status": "completed", "resolved": True, "rejected": 0, "unknown": 0}
    told = {"reasons": {}, "rejects": [], "succeeded": last - first + 1}
    named = {"kind": "job", "job": f"job-{first:08}", "first": first, "last": last}
    return {"at": START + at, **named, **facts, **told, **more}


def _lines() -> list[dict[str, Any]]:
    """Rejects, an answer that said wait, a failed job, a refused part, a lost one, an open one."""
    reject = {"number": 7, "reason": "phone is invalid: …", "field": "phone"}
    nothing = {"job": None, "job_status": None}
    begun = {"run": RUN, "command": "apply", "target": "prod", "destination": "api.qualified.com"}
    stream = {"stream": "s1", "sync": "leads", "object": "lead", "records": 2_500}
    return [
        {"kind": "run", "at": START, **begun},
        {"kind": "stream", "at": START + 1, **stream},
        _submit(1, 1, 500),
        _submit(1.1, 501, 1_000, status=429, headers={"retry-after": "2"}, **nothing),
        _submit(3.2, 501, 1_000, attempt=2, held_back=2.0),
        _submit(3.4, 1_001, 1_500),
        _submit(3.5, 1_501, 2_000, status=422, **nothing),
        _submit(3.6, 2_001, 2_400, status=None, problem="no answer in time", **nothing),
        _submit(3.7, 2_401, 2_500),
        _poll(2, 1, "processing"),
        _poll(4, 1, "completed"),
        _job(4.2, 1, 500, succeeded=499, rejected=1, reasons={reject["reason"]: 1})
        | {"rejects": [reject]},
        _poll(9, 501, "completed"),
        _job(9.2, 501, 1_000),
        _poll(9.4, 1_001, "failed"),
        _job(9.6, 1_001, 1_500, status="failed", succeeded=100, unknown=400),
    ]


END = {"kind": "end", "at": START + 10, "status": "partial", "requests": 10}
LEFT_OUT = {"bodies_left_out": 4, "lines_left_out": 0}


def _document() -> JsonObject:
    return inspect_document([*_lines(), {**END, **LEFT_OUT}], damaged=1)


def test_every_job_of_a_run_is_listed_with_what_became_of_it() -> None:
    matches_golden("inspect", rendered(lambda console: render_inspect(_document(), console)))


def _fits(name: str, document: JsonObject) -> None:
    schema = orjson.loads((SCHEMAS / f"{name}.schema.json").read_bytes())
    Draft7Validator(schema).validate(document)


@pytest.mark.parametrize("ask", [lambda it: it, without_requests, only_rejected])
def test_the_document_of_a_run_fits_its_schema(ask: Callable[[JsonObject], JsonObject]) -> None:
    _fits("inspect", ask(_document()))


def test_every_part_is_in_the_document_once() -> None:
    jobs = _document()["jobs"]
    assert [(job["first"], job["outcome"], job["submits"], job["polls"]) for job in jobs] == [
        (1, "done", 1, 2),
        (501, "done", 2, 1),
        (1_001, "failed", 1, 1),
        (1_501, "refused whole", 1, 0),
        (2_001, "no answer", 1, 0),
        (2_401, "open", 1, 0),
    ]
    assert [job["seconds"] for job in jobs[:3]] == [3.0, 5.8, 6.0]


def test_only_rejected_shows_each_reject_and_what_was_refused() -> None:
    document = only_rejected(_document())
    assert [job["first"] for job in document["jobs"]] == [1, 1_501]
    told = rendered(lambda console: render_inspect(document, console, rejects=True))
    assert "record 7: phone is invalid: … (phone)" in told


def test_slow_shows_what_is_open_first_and_then_the_slowest() -> None:
    jobs = slowest_first(_document(), 4.0)["jobs"]
    assert [job["first"] for job in jobs] == [1_501, 2_001, 2_401, 1_001, 501]


def test_one_job_is_shown_request_by_request() -> None:
    document = _document()
    text = rendered(lambda console: render_job(document, document["jobs"][1], console))
    matches_golden("inspect_job", text)


@pytest.mark.parametrize(("alive", "state"), [(True, "running"), (False, "died")])
def test_a_log_without_an_end_is_of_a_run_that_goes_on_or_has_died(alive: bool, state: str) -> None:
    document = inspect_document(_lines(), alive=lambda _: alive)
    assert document["state"] == state


def test_who_follows_a_run_reads_a_line_per_event() -> None:
    def render(console: Any) -> None:
        for line in [*_lines(), END]:
            render_event(line, console)

    matches_golden("inspect_tail", rendered(render))


# --- why ----------------------------------------------------------------------------------------

FILE = "models/leads.qsync.yml"
FIELDS = (FieldLine("phone", "phone", FILE, 12), FieldLine("source", None, FILE, 13))
LETTERS = {"phone": "c", "source": "."}
JOB = SentJob("s1", "leads", "lead", "job-1", 501, 1_000, int(START))


def _story(**more: Any) -> StreamStory:
    base: dict[str, Any] = {
        "sync": "leads",
        "object": "lead",
        "path": FILE,
        "line": 4,
        "model": "dim_leads",
        "enabled": True,
        "match_column": "email",
        "fields": FIELDS,
    }
    return StreamStory(**{**base, **more})


REJECTED = Rejection("too long", "phone", 2, RUN, "2026-11-02 05:00:00", "2026-11-03 05:00:00")
KNOWN = Acknowledged("synced", RUN, "2026-11-03 05:00:09")
STORIES = {
    "suppressed": _story(),
    "disabled": _story(enabled=False),
    "problem": _story(problem="the warehouse has no dim_leads"),
    "absent": _story(),
    "never_sent": _story(standing=(Standing("added", None, LETTERS),)),
    "changed": _story(standing=(Standing("changed", None, LETTERS),), acknowledged=KNOWN),
    "in_sync": _story(standing=(Standing("unchanged", None, {}),), acknowledged=KNOWN),
    "invalid": _story(standing=(Standing("invalid", "not_an_option:source", {}),)),
    "resting": _story(standing=(Standing("resting", "too long", {}),), rejection=REJECTED),
    "rejected": _story(standing=(Standing("added", "too long", {}),), rejection=REJECTED),
    "removed": _story(standing=(Standing("gone", None, {}),), acknowledged=KNOWN),
    "unsettled": _story(
        standing=(Standing("changed", None, {}),),
        acknowledged=Acknowledged("unsettled", RUN, "2026-11-03 05:00:09"),
    ),
}


@pytest.mark.parametrize("verdict", STORIES)
def test_the_first_thing_that_keeps_a_record_is_the_verdict(verdict: str) -> None:
    since = "2026-11-01 00:00:00" if verdict == "suppressed" else None
    document = why_document(
        [STORIES[verdict]], object_name="lead", suppressed_since=since, newest=None
    )
    assert document["streams"][0]["verdict"] == verdict
    _fits("why", document)


def test_what_to_do_about_a_waiting_record_is_what_stopped_its_sync() -> None:
    error = {"message": "guard max_changed 40%: 9 of 9", "hint": "raise the guard"}
    at = datetime(2026, 11, 3, 5, tzinfo=UTC)
    stopped = RunRecord(
        RUN, "leads", "lead", "prod", RunStatus.STOPPED, at, details={"error": error}
    )
    (told,) = why_document(
        [replace(STORIES["changed"], last=stopped)],
        object_name="lead",
        suppressed_since=None,
        newest=stopped,
    )["streams"]
    assert told["cure"] == "raise the guard"
    assert "was stopped before it sent: guard max_changed 40%: 9 of 9." in told["notes"][0]


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending.SUCCEEDED, f"Qualified confirmed these values in run {RUN}, but a job"),
        (Ending.REJECTED, f"Run {RUN} saw it rejected: too long, but a job"),
        (Ending.UNKNOWN, f"What became of it in run {RUN} is not known."),
    ],
)
def test_a_lost_answer_hides_nothing_that_came_after_it(ending: Ending, said: str) -> None:
    sending = Sending(RUN, "leads", "2026-11-03 05:00:01", 7, 10, "changed", {}, ending)
    story = replace(STORIES["unsettled"], rejection=REJECTED, runs=(sending,))
    document = why_document([story], object_name="lead", suppressed_since=None, newest=None)
    assert document["streams"][0]["explanation"].startswith(said)


def test_a_rejected_row_that_changed_is_not_called_never_sent() -> None:
    story = replace(STORIES["never_sent"], rejection=REJECTED)
    document = why_document([story], object_name="lead", suppressed_since=None, newest=None)
    assert document["streams"][0]["verdict"] == "rejected"
    assert (
        "has changed since, so the next apply sends it again"
        in (document["streams"][0]["explanation"])
    )


def test_a_story_leads_from_the_column_to_the_result() -> None:
    at = "2026-11-03 05:00:01"
    rejected = Sending(
        *(RUN, "leads", at, 633, 2_474, "added", {"phone": "s", "source": "."}),
        ending=Ending.REJECTED,
        reason="too long",
        field="phone",
        job=JOB,
    )
    unsent = Sending("20261102t050000_0123ab", "leads", at, 9, 10, "changed", {"phone": "c"})
    story = _story(
        standing=(Standing("changed", "too long", LETTERS, {"phone": ("+1 312", None)}),),
        rejection=REJECTED,
        runs=(rejected, unsent),
    )
    document = why_document(
        [story], object_name="lead", suppressed_since=None, newest=None, key="ann@x.example"
    )
    matches_golden("why", rendered(lambda console: render_why(document, console)))
