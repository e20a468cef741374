"""Reading answers: leniently where the API may grow, and never taking anything on trust.

What cannot be read raises `UnreadableError`, which the retry loop treats like an answer that was
lost. No message made here quotes a body: bodies hold people's values, and a proxy's page anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from qsync.execution.ports import ItemResult, JobView
from qsync.fields.model import Field, FieldOption
from qsync.qualified.wire import Reply

UNKNOWN_STATUS = "unknown"
"""The status of a job whose answer names none, or something that is no word."""

_ITEM_NAMED = re.compile(r"\bitems?(?:\[|[./])(\d{1,3})\b", re.ASCII)
_MOST_NAMED, _LONGEST_TEXT, _DEEPEST = 500, 20_000, 4

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")


class UnreadableError(Exception):
    """An answer that does not say what it should. The message is ours."""


def error_code(reply: Reply) -> str | None:
    """The body's `code` when it is one plain word, in any of the shapes of API.md, "Errors"."""
    data = _object(reply)
    inner = data.get("error") if data else None
    candidates = [data.get("code") if data else None]
    if isinstance(inner, dict):
        candidates.append(inner.get("code"))
    return next((code for code in candidates if isinstance(code, str) and _is_word(code)), None)


def named_items(reply: Reply) -> frozenset[int]:
    """Places of items, from 0, that an answer names as `items[3]`, `items.3` or `items/3`.

    API.md documents none of these. They are looked for because one saves some sixteen requests.
    """
    data = _object(reply) or {}
    return frozenset(
        int(found) for text in _all_texts(data) for found in _ITEM_NAMED.findall(text)[:_MOST_NAMED]
    )


def _all_texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_LONGEST_TEXT]
    elif isinstance(value, dict | list) and depth < _DEEPEST:
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        for part in parts[:_MOST_NAMED]:
            yield from _all_texts(part, depth + 1)


def is_json_object(reply: Reply) -> bool:
    """Whether the answer can be the API's own; a proxy's page is not."""
    return _object(reply) is not None


def read_job(reply: Reply, expected_id: str | None = None) -> JobView:
    """A bulk job (API.md, "Writing in bulk").

    Only the id is required. A result without a request id, or with a status nobody knows, is left
    out: its item then has no result, which is what the engine must know.

    Args:
        reply: A 2xx answer.
        expected_id: The job asked for.

    Raises:
        UnreadableError: It is not JSON, names no job or another one.
    """
    data = _object(reply)
    job = data.get("job") if data is not None else None
    if not isinstance(job, dict):
        raise UnreadableError("the answer holds no job")
    job_id = _identifier(job.get("id"))
    if job_id is None:
        raise UnreadableError("the answer holds a job without an id")
    if expected_id is not None and job_id != expected_id:
        raise UnreadableError("the answer is about another job")
    status = job.get("status")
    results = job.get("result")
    return JobView(
        id=job_id,
        status=status if isinstance(status, str) and _is_word(status) else UNKNOWN_STATUS,
        processed=_count(job.get("processedRecords")),
        total=_count(job.get("totalRecords")),
        results=tuple(
            item
            for raw in (results if isinstance(results, list) else [])
            if (item := _item_result(raw)) is not None
        ),
    )


def read_fields(reply: Reply) -> tuple[Field, ...]:
    """Field definitions (API.md, "Fields"), sorted by name; an entry without a name is left out.

    Raises:
        UnreadableError: It is not JSON, or `data` is no list.
    """
    data = _object(reply)
    entries = data.get("data") if data is not None else None
    if not isinstance(entries, list):
        raise UnreadableError("the answer holds no field definitions")
    found: dict[str, Field] = {}
    for entry in entries:
        item = _field(entry)
        if item is not None:
            found.setdefault(item.name, item)
    return tuple(found[name] for name in sorted(found))


def read_nothing(reply: Reply) -> None:
    """An answer that says yes by its status alone: an object of the API, or no body.

    Raises:
        UnreadableError: It is something else, perhaps a proxy's page.
    """
    if reply.body.strip() and not is_json_object(reply):
        raise UnreadableError("the answer is not the API's own")


def _object(reply: Reply) -> Mapping[str, object] | None:
    # A wrong byte inside a text must not cost the results of a whole job.
    try:
        data = json.loads(reply.body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _item_result(raw: object) -> ItemResult | None:
    if not isinstance(raw, dict):
        return None
    request_id, status = raw.get("requestId"), raw.get("status")
    if not isinstance(request_id, str) or status not in ("completed", "failed"):
        return None
    return ItemResult(request_id, status == "completed", _texts(raw.get("errors")))


def _texts(raw: object) -> tuple[str, ...]:
    """Error texts of an item: a list of strings, or what else a server might mean by it."""
    entries = raw if isinstance(raw, list) else [] if raw is None else [raw]
    texts: list[str] = []
    for entry in entries:
        value = entry
        if isinstance(entry, dict):
            value = entry.get("message") or entry.get("error") or entry.get("code")
        texts.append(_clean(value) if isinstance(value, str) else "an error nobody can read")
    return tuple(texts)


def _field(raw: object) -> Field | None:
    if not isinstance(raw, dict):
        return None
    name, label, kind = raw.get("name"), raw.get("label"), raw.get("type")
    if not isinstance(name, str) or not name:
        return None
    options = raw.get("options")
    return Field(
        name=_clean(name),
        label=_clean(label) if isinstance(label, str) and label else name,
        type=kind if isinstance(kind, str) and kind else "unknown",
        options=tuple(
            option
            for entry in (options if isinstance(options, list) else [])
            if (option := _option(entry)) is not None
        ),
        id=_identifier(raw.get("id")),
    )


def _option(raw: object) -> FieldOption | None:
    value = raw.get("value") if isinstance(raw, dict) else raw
    if not isinstance(value, str):
        return None
    label = raw.get("label") if isinstance(raw, dict) else value
    return FieldOption(_clean(value), _clean(label if isinstance(label, str) else value))


def _identifier(raw: object) -> str | None:
    """An id: a text that a path and a table can hold. A number is taken for its digits."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or not 0 < len(raw) <= 200:
        return None
    return raw if raw.isascii() and raw.isprintable() and " " not in raw else None


def _count(raw: object) -> int:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0 else 0


def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None


def _clean(text: str) -> str:
    """The text without halves of surrogate pairs, which no encoding can write."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
