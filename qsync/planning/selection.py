"""Which syncs a command is about: names, globs, `tag:`, and dbt's selectors on their models.

Words are a union, parts of a word between commas an intersection, as in dbt. A part that names no
sync and no sync's tag is dbt's to understand: `dim_leads+`, `path:models/marts`, `state:modified`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence

from qsync.project.model import Sync

NodesOf = Callable[[str], frozenset[str]]
"""From one dbt selector to the unique ids it matches."""

SyncNode = Callable[[Sync], str | None]
"""From a sync to its model's unique id; None when it has none."""


def parts_of(words: Sequence[str]) -> list[list[str]]:
    """The words as unions of intersections; one argument may hold several, parted by blanks."""
    return [
        [part for part in word.split(",") if part] for words_ in words for word in words_.split()
    ]


def dbt_selectors(syncs: Sequence[Sync], *words: str) -> list[str]:
    """The parts that dbt has to be asked for."""
    found = [
        part for parts in parts_of(words) for part in parts if _own_matches(syncs, part) is None
    ]
    return list(dict.fromkeys(found))


def select_syncs(
    syncs: Sequence[Sync],
    select: Sequence[str],
    exclude: Sequence[str],
    *,
    nodes_of: NodesOf,
    node: SyncNode,
) -> tuple[Sync, ...]:
    """The enabled syncs that are selected and not excluded, in their order.

    Nothing selected means all.
    """
    enabled = [sync for sync in syncs if sync.config.enabled]

    def matched(words: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for parts in parts_of(words):
            sets = [_matches(syncs, part, nodes_of, node) for part in parts]
            if sets:
                found |= set.intersection(*sets)
        return found

    chosen = matched(select) if select else {sync.name for sync in enabled}
    chosen -= matched(exclude)
    return tuple(sync for sync in enabled if sync.name in chosen)


def _matches(syncs: Sequence[Sync], part: str, nodes_of: NodesOf, node: SyncNode) -> set[str]:
    own = _own_matches(syncs, part)
    if own is not None:
        return own
    ids = nodes_of(part)
    return {sync.name for sync in syncs if node(sync) in ids}


def _own_matches(syncs: Sequence[Sync], part: str) -> set[str] | None:
    """The syncs a part names itself, or None when it is dbt's to understand."""
    if part.startswith("tag:"):
        found = {sync.name for sync in syncs if part.removeprefix("tag:") in sync.config.tags}
        return found or None
    named = {sync.name for sync in syncs if fnmatch.fnmatchcase(sync.name, part)}
    if named:
        return named
    # A word that can be no selector of dbt's but a glob over sync names matches nothing.
    return set() if re.fullmatch(r"[\w.-]*[*?\[][\w.*?\[\]-]*", part) else None
