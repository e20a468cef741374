"""Which syncs a command is about: names, tags, objects, files, results, and dbt's selectors.

A selector of dbt's means the syncs whose model it matches. Where a selector speaks of both, of the
sync's own file or declaration and of the model's, either counts (docs/plan.md, "Choosing syncs").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from qsync.planning.selectors import Selector, all_selectors, selectors_of
from qsync.project.model import ObjectType, Sync
from qsync.project.paths import SYNC_SUFFIXES

NodesOf = Callable[[str], frozenset[str]]
"""From one dbt selector to the unique ids it matches."""

SyncNode = Callable[[Sync], str | None]
"""From a sync to its model's unique id; None when it has none."""

_BOTH = ("old", "unmodified")
"""Of `state:`, what a sync is only when its model and its own declaration are."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a selection stands on besides the syncs.

    Attributes:
        nodes_of: dbt's answers.
        node: Each sync's model.
        states: Per sync, what behind `state:` is true of its own declaration; empty when there is
            nothing to compare with.
        results: Per sync, what behind `result:` is true of its last run.
    """

    nodes_of: NodesOf
    node: SyncNode
    states: Mapping[str, frozenset[str]] = field(default_factory=dict)
    results: Mapping[str, frozenset[str]] = field(default_factory=dict)


def dbt_selectors(syncs: Sequence[Sync], *words: str) -> list[str]:
    """The parts that dbt has to be asked for, each once."""
    found = [selector.text for selector in all_selectors(*words) if _is_dbts(syncs, selector)]
    return list(dict.fromkeys(found))


def select_syncs(
    syncs: Sequence[Sync], select: Sequence[str], exclude: Sequence[str], answers: Answers
) -> tuple[Sync, ...]:
    """The enabled syncs that are selected and not excluded, in their order.

    Nothing selected means all.
    """
    enabled = [sync for sync in syncs if sync.config.enabled]

    def matched(words: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for parts in selectors_of(words):
            sets = [_matches(syncs, part, answers) for part in parts]
            if sets:
                found |= set.intersection(*sets)
        return found

    chosen = matched(select) if select else {sync.name for sync in enabled}
    chosen -= matched(exclude)
    return tuple(sync for sync in enabled if sync.name in chosen)


def _matches(syncs: Sequence[Sync], selector: Selector, answers: Answers) -> set[str]:
    own = _own_matches(syncs, selector, answers)
    if not _is_dbts(syncs, selector):
        return own
    ids = answers.nodes_of(selector.text)
    on_model = {sync.name for sync in syncs if ids and answers.node(sync) in ids}
    if selector.method == "state" and selector.value in _BOTH and not selector.operators:
        return {name for name in on_model if name in own or name not in answers.states}
    return own | on_model


def _is_dbts(syncs: Sequence[Sync], selector: Selector) -> bool:
    """Whether dbt has to be asked as well: for models, and for what graph operators reach."""
    match selector.method:
        case "object" | "result":
            return False
        case "path" | "file":
            return not selector.names_sync_file
        case "tag" | None:
            return selector.operators or not _declared(syncs, selector)
        case _:
            return True


def _own_matches(syncs: Sequence[Sync], selector: Selector, answers: Answers) -> set[str]:
    """The syncs a selector names itself. Graph operators add none: a sync has no children."""
    asked = answers.states if selector.method == "state" else answers.results
    if selector.method in ("state", "result"):
        return {sync.name for sync in syncs if selector.value in asked.get(sync.name, ())}
    return _declared(syncs, selector)


def _declared(syncs: Iterable[Sync], selector: Selector) -> set[str]:
    """The syncs a selector matches by what is written in their files."""
    value = selector.value

    def matches(sync: Sync) -> bool:
        match selector.method:
            case None:
                return fnmatchcase(sync.name, value)
            case "tag":
                return any(fnmatchcase(tag, value) for tag in sync.config.tags)
            case "object":
                company = value == ObjectType.COMPANY and sync.company is not None
                return company or sync.object == value
            case "path":
                return path_matches(sync.path, value)
            case "file":
                return _file_matches(PurePosixPath(sync.path).name, value)
            case _:
                return False

    return {sync.name for sync in syncs if matches(sync)}


def _file_matches(name: str, pattern: str) -> bool:
    """Whether a file's name, with or without what every sync file ends in, is the pattern's."""
    bare = next((name.removesuffix(end) for end in SYNC_SUFFIXES if name.endswith(end)), name)
    return fnmatchcase(name, pattern) or fnmatchcase(bare, pattern)


def path_matches(path: str, pattern: str) -> bool:
    """Whether a file, or a folder it is in, is what the pattern says, as in dbt's `path:`.

    Args:
        path: Relative to the project, with `/`.
        pattern: A path or a glob in the same form; `**` stands for any number of folders.
    """
    steps = [step for step in pattern.replace("\\", "/").split("/") if step not in ("", ".")]
    return bool(steps) and not pattern.startswith("/") and _leads_to(path.split("/"), steps)


def _leads_to(path: Sequence[str], steps: Sequence[str]) -> bool:
    if not steps:
        return True  # the rest of the path is inside the folder
    if steps[0] == "**":
        return any(_leads_to(path[place:], steps[1:]) for place in range(len(path)))
    return bool(path) and fnmatchcase(path[0], steps[0]) and _leads_to(path[1:], steps[1:])
