"""Every event of the structured log, in one place: its name, its level, what it means, its facts.

A name and a fact, once here, stay: programs filter by them. The page `docs/logs.md` and
`schemas/log.schema.json` are made from this table, and `qsync.views.log` refuses what is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("info", "warning", "error")
"""From the least to the most."""

Fact = str | int | float | list[str] | None
"""What a fact may be. None is left out of the line."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """What a fact is: its JSON type, and what it says."""

    type: Literal["string", "integer", "number", "list"]
    about: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """What an event means.

    Attributes:
        about: When it is told, one sentence.
        level: Its level, unless whoever tells it says another.
        facts: Names from `FACTS` that it may have besides those of every line.
    """

    about: str
    level: Level = "info"
    facts: tuple[str, ...] = field(default=())


def _text(about: str) -> FactKind:
    return FactKind("string", about)


def _whole(about: str) -> FactKind:
    return FactKind("integer", about)


def _number(about: str) -> FactKind:
    return FactKind("number", about)


def _texts(about: str) -> FactKind:
    return FactKind("list", about)


LINE: Mapping[str, FactKind] = {
    "time": _text("when, UTC, to the millisecond"),
    "level": _text("`info`, `warning` or `error`"),
    "event": _text("its name"),
    "message": _text("the same for a person, one sentence"),
    "command": _text("the command: `qsync apply`"),
    "run_id": _text("the run, from when it has an id"),
    "target": _text("dbt's target, from when it is known"),
    "sync": _text("the sync it is about"),
    "stream": _text("the stream, as people name it: `leads (company)`"),
    "object": _text("`lead` or `company`"),
}
"""What every line may have. The first four are always there."""

ALWAYS = ("time", "level", "event", "message")

FACTS: Mapping[str, FactKind] = {
    "qsync_version": _text("qsync's version"),
    "exit_code": _whole("what the command ends with"),
    "seconds": _number("how long it took"),
    "code": _text("the diagnostic's code"),
    "path": _text("a file, as the user knows it"),
    "line": _whole("the line in it, from 1"),
    "column": _whole("the column in it, from 1"),
    "hint": _text("what to do"),
    "where": _text("a place the user knows"),
    "why": _texts("reasons"),
    "error_type": _text("the class of the exception"),
    "frames": _texts("where it happened, outermost first: `module:line function`"),
    "traceback": _text("with values of your data, only if `QSYNC_TRACEBACK` is set"),
    "destination": _text("Qualified's host, and the account if one is named"),
    "syncs": _whole("syncs"),
    "streams": _whole("streams"),
    "stopped": _whole("syncs that a guard, a gate or a check stops"),
    "run_ids": _texts("runs"),
    "rule": _text("the alert's rule"),
    "lock_id": _text("the run that has the lock"),
    "models": _whole("models"),
    "rows": _whole("rows to send"),
    "planned": _whole("rows to send"),
    "done": _whole("rows with an end: succeeded, rejected, unknown or invalid_late"),
    "succeeded": _whole("rows that Qualified took"),
    "rejected": _whole("rows that Qualified refused"),
    "unknown": _whole("rows without an answer"),
    "invalid": _whole("rows not sent because a value cannot be"),
    "invalid_late": _whole("rows found invalid while they were written"),
    "unsent": _whole("rows not sent"),
    "resting": _whole("rows refused before, and not tried again"),
    "added": _whole("rows never sent before"),
    "changed": _whole("rows with a changed value"),
    "removed": _whole("rows that left the model"),
    "unchanged": _whole("rows with nothing to send"),
    "in_model": _whole("rows of the model"),
    "jobs": _whole("bulk jobs accepted"),
    "open_jobs": _whole("bulk jobs without an end"),
    "requests": _whole("requests made"),
    "retries": _whole("requests made again"),
    "status": _text("how it ended, as in the ledger"),
    "rows_per_second": _number("rows that got an end per second, over the last minute"),
    "seconds_left": _number("time left, by the rate and by what the request quota allows"),
    "quota_seconds": _number("time until the request quota has room for the last request"),
}
"""Every fact an event may have."""

_RESULTS = ("succeeded", "rejected", "unknown", "invalid_late")
_MOVING = ("done", "planned", *_RESULTS, "jobs", "open_jobs", "rows_per_second")
_CHANGES = ("in_model", "added", "changed", "removed", "unchanged", "invalid", "resting")
_SPENT = ("jobs", "requests", "retries", "seconds")

EVENTS: Mapping[str, EventKind] = {
    "command_started": EventKind("A command begins.", facts=("qsync_version",)),
    "command_finished": EventKind("It has ended.", facts=("exit_code", "seconds")),
    "command_failed": EventKind(
        "It failed for a reason that can be mended.",
        "error",
        ("exit_code", "hint", "where", "why"),
    ),
    "usage_error": EventKind("The command line is wrong.", "error", ("exit_code",)),
    "bug": EventKind(
        "It failed for a reason nobody foresaw.",
        "error",
        ("exit_code", "hint", "error_type", "frames", "traceback"),
    ),
    "interrupted": EventKind("Somebody ended it before it was done.", "error", ("exit_code",)),
    "diagnostic": EventKind(
        "A problem of the project's files; an error or a warning.",
        "warning",
        ("code", "path", "line", "column", "hint"),
    ),
    "nothing_selected": EventKind("The selection matches no sync.", "warning"),
    "plan_ready": EventKind(
        "A plan has been made.", facts=("destination", "syncs", "streams", "stopped", "rows")
    ),
    "stream_planned": EventKind("What it says of one stream.", facts=(*_CHANGES, "rows")),
    "plan_sealed": EventKind("The plan was written to a file.", facts=("path",)),
    "question": EventKind("Somebody is asked and must answer.", "warning"),
    "declined": EventKind("The answer was not `yes`: nothing was done.", "warning"),
    "lock_wait": EventKind("Another run has the lock and is waited for.", "warning", ("lock_id",)),
    "dead_runs": EventKind("Earlier runs had died and were closed.", "warning", ("run_ids",)),
    "dbt_test": EventKind("dbt's tests of the models begin.", facts=("models",)),
    "stream_started": EventKind("A stream begins to be sent.", facts=("rows",)),
    "progress": EventKind(
        "How its delivery stands, at most every 30 seconds.",
        facts=(*_MOVING, "seconds_left", "quota_seconds"),
    ),
    "stream_finished": EventKind(
        "A stream has ended and is recorded.",
        facts=("status", *_CHANGES, "planned", *_RESULTS, "unsent", *_SPENT),
    ),
    "run_finished": EventKind(
        "All streams of the run have ended.",
        facts=("streams", "planned", *_RESULTS, "invalid", "unsent", *_SPENT),
    ),
    "run_log": EventKind("The log of the run's requests cannot be kept.", "warning"),
    "alerted": EventKind("An alert went out.", facts=("rule",)),
    "alert_failed": EventKind("An alert did not go through.", "warning", ("rule",)),
    "stopping": EventKind("The run was asked to end; what is open is awaited.", "warning"),
    "leaving": EventKind("It was asked again, and leaves at once.", "error"),
    "note": EventKind("Something else a person wants to know."),
    "stderr": EventKind("Words that a library wrote to standard error, a line each."),
}
"""Every event, by name."""


def log_schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of one line."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:qsync:schema:log:1",
        "title": "qsync log line",
        "description": "One line of `--log-format json` or of `--log-file`.",
        "oneOf": [_event_schema(name, kind) for name, kind in EVENTS.items()],
    }


def _event_schema(name: str, kind: EventKind) -> dict[str, Any]:
    facts = {**LINE, **{fact: FACTS[fact] for fact in kind.facts}}
    return {
        "title": name,
        "description": kind.about,
        "type": "object",
        "additionalProperties": False,
        "required": list(ALWAYS),
        "properties": {fact: _fact_schema(about) for fact, about in facts.items()}
        | {
            "time": {
                "type": "string",
                "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                "description": LINE["time"].about,
            },
            "level": {"enum": list(LEVELS), "description": LINE["level"].about},
            "event": {"const": name},
        },
    }


def _fact_schema(fact: FactKind) -> dict[str, Any]:
    if fact.type == "list":
        return {"type": "array", "items": {"type": "string"}, "description": fact.about}
    return {"type": fact.type, "description": fact.about}
