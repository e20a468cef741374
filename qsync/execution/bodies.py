"""Bodies of requests and answers for a log: their shape, and nothing anybody wrote into them.

What stays are the API's own words (API.md): names of fields, statuses, ids of jobs, request ids,
times. Every key, value and free word is replaced by what it is and how long: `<email 23>`,
`<text 5>`, `<number>`. Of many items the first few are kept, and of results those that failed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

ITEMS_KEPT = 10
"""Items of one body that are kept; how many more there were stands beside them."""

RESULTS_KEPT = 50
"""Failed results of one job that are kept."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""A word of the API, or a field's API name."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

_PLAIN = {
    "id": _ID,
    "requestId": _ID,
    "request_id": _ID,
    "status": _NAME,
    "operation": _NAME,
    "code": _NAME,
    "entity": _NAME,
    "action": _NAME,
    "type": _NAME,
    "createdAt": _TIME,
    "updatedAt": _TIME,
}
"""Texts that stay, by the key they stand under, where they look like what belongs there."""

_COUNTS = frozenset({"totalRecords", "processedRecords", "failedRecords"})


def placeholder(value: Any, what: str = "text") -> Any:
    """What a value is, and how long; None and the shape of a list stay."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "<boolean>"
    if isinstance(value, int | float):
        return "<number>"
    if isinstance(value, str):
        return f"<{what} {len(value)}>"
    if isinstance(value, list):
        return f"<list {len(value)}>"
    return "<object>"


def redacted_item(item: Any) -> Any:
    """One item of a bulk body, parsed."""
    if not isinstance(item, dict):
        return placeholder(item)
    return {
        _key(key): _data(value) if key == "data" else _kept(key, value)
        for key, value in item.items()
    }


def _data(data: Any) -> Any:
    if not isinstance(data, dict):
        return placeholder(data)
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key == "fields" and isinstance(value, dict):
            found[key] = {_key(name): placeholder(inner) for name, inner in value.items()}
        else:
            found[_key(key)] = placeholder(value, key if key in {"email", "domain"} else "text")
    return found


def redacted_request(whole: Any) -> tuple[Any, Sequence[Any]]:
    """A request's parsed body redacted, and the ids of its items in order."""
    items = whole.get("items") if isinstance(whole, dict) else None
    if not isinstance(items, list):
        return placeholder(whole), ()
    ids = [item.get("request_id") if isinstance(item, dict) else None for item in items]
    kept: list[Any] = [redacted_item(item) for item in items[:ITEMS_KEPT]]
    return {"items": _and_more(kept, len(items))}, ids


def redacted_answer(whole: Any) -> Any:
    """An answer's parsed body redacted: a job, fields, an error, or whatever else came."""
    if not isinstance(whole, dict):
        return placeholder(whole)
    return {_key(key): _part(key, value) for key, value in whole.items()}


def _part(key: str, value: Any) -> Any:
    if key == "job" and isinstance(value, dict):
        return {_key(name): _of_job(name, inner) for name, inner in value.items()}
    if key == "data" and isinstance(value, list):
        return _and_more([_flat(entry) for entry in value[:ITEMS_KEPT]], len(value))
    return _kept(key, value)


def _of_job(key: str, value: Any) -> Any:
    if key != "result" or not isinstance(value, list):
        return _kept(key, value)
    failed = [item for item in value if not (isinstance(item, dict) and _went_well(item))]
    told: dict[str, Any] = {"completed": len(value) - len(failed), "failed": len(failed)}
    if failed:
        told["failed_results"] = _and_more(
            [_flat(item) for item in failed[:RESULTS_KEPT]], len(failed)
        )
    return told


def _went_well(result: Mapping[str, Any]) -> bool:
    return result.get("status") == "completed"


def _flat(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return placeholder(entry)
    return {_key(key): _entry(key, value) for key, value in entry.items()}


def _entry(key: str, value: Any) -> Any:
    if key == "errors" and isinstance(value, list):
        return [placeholder(error) for error in value[:ITEMS_KEPT]]
    # A field's definition: its API name is a word of the sync files.
    if key == "name" and isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return _kept(key, value)


def _kept(key: str, value: Any) -> Any:
    if key in _COUNTS and isinstance(value, int):
        return value
    pattern = _PLAIN.get(key)
    if pattern is not None and isinstance(value, str) and pattern.fullmatch(value):
        return value
    return placeholder(value)


def _key(key: str) -> str:
    """A key of an object: a word of the API or a field's name, unless it looks like none."""
    return key if _NAME.fullmatch(key) else f"<key {len(key)}>"


def _and_more(kept: list[Any], whole: int) -> list[Any]:
    return kept if whole <= len(kept) else [*kept, f"<{whole - len(kept)} more>"]


def parsed(body: bytes) -> Any:
    """A body's JSON; its text where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
