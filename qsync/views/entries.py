"""Pieces that several documents share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qsync.planning.plan import OrphanState
from qsync.views.reasons import split_reason

JsonObject = dict[str, Any]
"""Plain data that `json` and orjson write as they are."""


def orphan_entry(orphan: OrphanState) -> JsonObject:
    """State of a sync that is no longer declared."""
    return {
        "stream_id": orphan.stream_id,
        "sync": orphan.sync,
        "object": orphan.object,
        "rows": orphan.rows,
    }


def reason_entries(reasons: Mapping[str, int], match_field: str | None = None) -> list[JsonObject]:
    """Rows by reason, most first. A reason about the match key gets the key's name as its field."""
    entries = []
    for reason, rows in reasons.items():
        code, field = split_reason(reason)
        entries.append({"code": code, "field": field or match_field, "rows": rows})
    return sorted(entries, key=lambda entry: (-entry["rows"], entry["code"], entry["field"] or ""))


def seconds_between(start: datetime, end: datetime | None) -> float | None:
    """Seconds to a tenth, never negative; None without an end."""
    return None if end is None else max(round((end - start).total_seconds(), 1), 0.0)


def duration_words(seconds: float | None) -> str | None:
    """`2.1 s`, `1 min 15 s`, `3 h 5 min`, `2 d 4 h`."""
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:g} s"
    whole = int(seconds)
    for size, name, smaller_size, smaller in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return None  # pragma: no cover - 60 seconds and more are at least a minute


def rough_words(seconds: float) -> str:
    """About how long, for something that is only estimated: `4 s`, `25 min`, `3.2 h`, `3.5 days`.

    Two digits or so: more would say more than anybody knows.
    """
    if seconds < 89.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 5_370:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3_600
    if hours < 35.95:
        return f"{round(hours, 1):g} h"
    return f"{round(hours / 24, 1):g} days"


def ago_words(moment: datetime, now: datetime) -> str:
    """How long ago, roughly: `just now`, `3 h ago`, `12 d ago`."""
    seconds = int((now - moment).total_seconds())
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name} ago"
    return "just now"
