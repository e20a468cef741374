"""The numbers behind the charts, for the whole and for each sync; the page's script only draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qsync.views.entries import JsonObject

_OTHERS = ("unknown", "invalid_late", "unsent")
_BAD = frozenset({"failed", "stopped", "interrupted", "running"})


def chart_data(document: JsonObject) -> JsonObject:
    """Series by name of sync, `*` for all together, in the order of the runs.

    Every list of a series is as long as its `labels`; those of `days` as long as its `days`.
    """
    names = [sync["name"] for sync in document["syncs"]] + document["undeclared"]
    runs: Sequence[JsonObject] = document["runs"]
    return {
        "per_day": document["quota"]["per_day"],
        "series": {
            "*": _series([(run, run) for run in runs]),
            **{
                name: _series(
                    [(run, part) for run in runs for part in run["syncs"] if part["sync"] == name]
                )
                for name in names
            },
        },
    }


def _series(parts: Sequence[tuple[JsonObject, Mapping[str, object]]]) -> JsonObject:
    chosen: list[JsonObject] = [dict(part) for _, part in parts]
    days: dict[str, int] = {}
    for run, part in zip((run for run, _ in parts), chosen, strict=True):
        day = run["started_at"][:10]
        days[day] = days.get(day, 0) + part["requests"]
    counts = [part["counts"] for part in chosen]
    return {
        "labels": [run["started_at"] for run, _ in parts],
        "succeeded": [item["succeeded"] for item in counts],
        "rejected": [item["rejected"] for item in counts],
        "others": [sum(item[name] for name in _OTHERS) for item in counts],
        "invalid": [item["invalid"] for item in counts],
        "seconds": [part["seconds"] for part in chosen],
        "bad": [part["status"] in _BAD for part in chosen],
        "status": [part["status"].replace("_", " ") for part in chosen],
        "days": sorted(days),
        "requests": [days[day] for day in sorted(days)],
    }
