"""Why records change, in words: how many for which cause, and how the mapping moved.

why changed: 1,200 by the mapping, 40 by data, 3 rejected before
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qsync.views.entries import JsonObject
from qsync.views.layout import number
from qsync.views.plan_notes import Note

NAMES_SHOWN = 8
"""Names of a list before `--verbose` is asked for."""

_WORDS = {
    "data": "by data",
    "mapping": "by the mapping",
    "catalog": "by the field catalog",
    "hash_version": "by another hash version",
    "retry": "rejected before",
    "unsettled": "unsettled",
    "full_refresh": "by full refresh",
}


def cause_pieces(stream: JsonObject) -> list[str]:
    """Every cause with its number, those first that have most; nothing when nothing changed.

    In pieces that stay together on a line. Causes without a number stand behind the data, from
    which they cannot be told apart.
    """
    causes = stream["causes"]
    unknown = [
        _WORDS[item["cause"]].removeprefix("by ") for item in causes if item["records"] is None
    ]
    known = [item for item in causes if item["records"] is not None]
    known.sort(key=lambda item: -item["records"])
    pieces = []
    for item in known:
        words = f"{number(item['records'])} {_WORDS[item['cause']]}"
        if item["cause"] == "data" and unknown:
            pieces.append(words)
            words = f"(or {', '.join(unknown)})"
        pieces.append(words if item is known[-1] else f"{words},")
    return ["why changed:", *pieces] if pieces else []


def moved_notes(stream: JsonObject, verbose: bool = False) -> Iterator[Note]:
    """How the mapping moved since the last apply that finished with it, and what that means."""
    moved = stream["moved"]
    if moved is None:
        return
    lists = [
        f"{words} {_names(moved[name], verbose)}"
        for name, words in (("added", "added"), ("remapped", "remapped"))
        if moved[name]
    ]
    if moved["dropped"]:
        names = _names(moved["dropped"], verbose)
        lists.append(f"dropped {names} (Qualified keeps what it has)")
    if moved["match_key"]:
        lists.append(f"took another column for {stream['match_field']}")
    if moved["untold"]:
        lists.append("changed in more than state can tell")
    if lists:
        yield Note(f"Since the last complete apply the mapping {'; '.join(lists)}.", "yellow")
    for name, what in (("retyped", "type"), ("reoptioned", "options")):
        if moved[name]:
            names = _names(moved[name], verbose)
            yield Note(f"The field catalog changed the {what} of {names}.", "yellow")
    if moved["versions"]:
        yield Note(
            "This version of qsync writes or folds values in another way: they are compared one by "
            "one.",
            "yellow",
        )


def _names(names: Sequence[str], verbose: bool) -> str:
    shown = names if verbose else names[:NAMES_SHOWN]
    return ", ".join(shown) + (" and more" if len(shown) < len(names) else "")
