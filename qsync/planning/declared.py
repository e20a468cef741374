"""What a sync declares, in a form that two checkouts can be compared by.

The form holds what the words of a sync's file mean and not how they are written: comments, order,
file and place are no part of it; the project's defaults are. What has qsync's own default is left
out, so that a key a later version adds changes nothing for those who do not write it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from qsync.errors import UserError
from qsync.planning.fingerprint import digest
from qsync.project.diagnostics import Position
from qsync.project.model import Sync

DECLARED_FILE = "qsync_syncs.json"
"""Beside dbt's manifest.json: the declarations of the project that was planned or validated."""

FORMAT = 1
"""Of the file (`schemas/syncs.schema.json`)."""

_LENGTH = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Declaration:
    """One sync's declaration.

    Attributes:
        model: The model's unique id, or None when it cannot be resolved.
        body: Digest of what is sent: object, match key, fields, company.
        configs: Digest of the policy.
        description: Digest of the description.
    """

    model: str | None
    body: str
    configs: str
    description: str


def declare(sync: Sync, model: str | None) -> Declaration:
    """A sync's declaration.

    Args:
        sync: As read, with the project's defaults in it.
        model: Its model's unique id.
    """
    body = {
        "object": sync.object.value,
        "match": sync.match_column,
        "fields": _plain(sorted(sync.fields, key=lambda line: line.field)),
        "renamed_from": sync.renamed_from,
    }
    if sync.company is not None:
        body["company"] = {
            "match": sync.company.match_column,
            "fields": _plain(sorted(sync.company.fields, key=lambda line: line.field)),
        }
    configs = dataclasses.replace(sync.config, tags=tuple(sorted(set(sync.config.tags))))
    return Declaration(
        model=model,
        body=digest(body, _LENGTH),
        configs=digest(_plain(configs), _LENGTH),
        description=digest(sync.description, _LENGTH),
    )


def _plain(value: object) -> Any:
    """Plain data without positions and without what has its default."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept: dict[str, Any] = {}
        for item in dataclasses.fields(value):
            held = getattr(value, item.name)
            if not isinstance(held, Position) and held != item.default:
                kept[item.name] = _plain(held)
        return kept
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    # 1, 1.0, true and '1' are different constants, and a number may be of any length.
    return value if value is None or isinstance(value, str) else [type(value).__name__, str(value)]


def state_words(sync: Sync, now: Declaration, base: Mapping[str, Declaration]) -> frozenset[str]:
    """What behind `state:` is true of a sync's own declaration.

    A sync under another name is found by its `renamed_from`. What is new is modified in every way,
    as a new model is to dbt.
    """
    before = base.get(sync.name) or base.get(sync.renamed_from or "")
    if before is None:
        return frozenset({"new", "modified", "modified.body", "modified.configs"})
    words = {"old"}
    if (before.model, before.body) != (now.model, now.body):
        words.add("modified.body")
    if before.configs != now.configs:
        words.add("modified.configs")
    words.add("unmodified" if before == now else "modified")
    return frozenset(words)


def declared_document(
    declarations: Mapping[str, Declaration], qsync_version: str
) -> dict[str, Any]:
    """The file's content: the same for the same declarations."""
    return {
        "format": FORMAT,
        "qsync_version": qsync_version,
        "syncs": {name: dataclasses.asdict(declarations[name]) for name in sorted(declarations)},
    }


def declared_from(document: Mapping[str, Any], where: str) -> dict[str, Declaration]:
    """The declarations of a file.

    Raises:
        UserError: Another version of qsync wrote it, or not qsync at all.
    """
    if document.get("format") != FORMAT:
        raise _unreadable(where, "another version of qsync wrote it")
    syncs = document.get("syncs")
    names = {item.name for item in dataclasses.fields(Declaration)}
    if not isinstance(syncs, dict) or not all(_fits(entry, names) for entry in syncs.values()):
        raise _unreadable(where, "it is not as qsync wrote it")
    return {
        name: Declaration(**{key: entry[key] for key in names}) for name, entry in syncs.items()
    }


def _fits(entry: object, names: Iterable[str]) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(name), str) or (name == "model" and entry.get(name) is None)
        for name in names
    )


def _unreadable(where: str, why: str) -> UserError:
    return UserError(
        f"the syncs of the state folder cannot be read: {why}",
        hint="write the file anew: `qsync validate` in that checkout, or remove it",
        where=where,
    )
