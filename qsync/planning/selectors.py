"""The words of a selection, taken apart as dbt does: `2+tag:hourly`, `state:modified+`, `le*`.

Words are a union, the parts of a word between commas an intersection. A part has a method, a value
and graph operators (dbt.graph.selector_spec, dbt 1.11).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from qsync.errors import UserError
from qsync.project.model import ObjectType
from qsync.project.paths import SYNC_SUFFIXES

OWN_METHODS = ("object", "result")
"""The methods that dbt is never asked for: `result:` of dbt is about its own last run."""

DBT_METHODS = (
    "access",
    "config",
    "exposure",
    "file",
    "fqn",
    "group",
    "metric",
    "package",
    "path",
    "resource_type",
    "saved_query",
    "selector",
    "semantic_model",
    "source",
    "source_status",
    "state",
    "tag",
    "test_name",
    "test_type",
    "unit_test",
    "version",
)
"""dbt's methods (1.11; `selector` in 1.12). One that is not here and looks like none is dbt's."""

STATE_VALUES = (
    "modified",
    "new",
    "old",
    "unmodified",
    "modified.body",
    "modified.configs",
    "modified.contract",
    "modified.macros",
    "modified.persisted_descriptions",
    "modified.relation",
)
"""What `state:` compares, in dbt 1.11."""

_PART = re.compile(r"\A(@?(?:\d*\+)?)(?:([\w.]+):)?(.*?)((?:\+\d*)?)\Z", re.S)
"""Operators before, method, value, operators behind. It takes any text."""

_MODEL_FILES = (".sql", ".py", ".csv")


@dataclass(frozen=True, slots=True)
class Selector:
    """One part of a word.

    Attributes:
        text: As written; dbt is asked with it.
        method: What stands before the colon, or `path` and `file` where the value looks like one;
            None for a name.
        value: What stands behind it, without operators.
        operators: Whether `+` or `@` ask for more of dbt's graph.
    """

    text: str
    method: str | None
    value: str
    operators: bool = False

    @property
    def names_sync_file(self) -> bool:
        """True for a path or name that only a sync file can have: dbt does not see those."""
        return self.value.endswith(SYNC_SUFFIXES)


def parse_selector(text: str) -> Selector:
    """One part of a word, taken apart."""
    (before, method, value, after) = _PART.findall(text)[0]
    if not method and "/" in value:
        method = "path"
    elif not method and value.endswith((*_MODEL_FILES, *SYNC_SUFFIXES)):
        method = "file"
    return Selector(text, method or None, value, bool(before or after))


def selectors_of(words: Sequence[str]) -> list[list[Selector]]:
    """The words as unions of intersections; one argument may hold several, parted by blanks."""
    return [
        [parse_selector(part) for part in word.split(",") if part]
        for argument in words
        for word in argument.split()
    ]


def all_selectors(*words: str) -> Iterator[Selector]:
    """Every part of the words."""
    for parts in selectors_of(words):
        yield from parts


def check_selectors(words: Sequence[str], results: Collection[str]) -> None:
    """Refuse what is a slip of the pen, before anybody is asked.

    Args:
        words: What was given to --select and --exclude.
        results: What may stand behind `result:`.

    Raises:
        UserError: A method or value that does not exist, with the nearest that does.
    """
    for selector in all_selectors(*words):
        method = selector.method
        if method == "object":
            _check_value(selector, [kind.value for kind in ObjectType])
        elif method == "result":
            _check_value(selector, results, " (of a sync's last run; dbt's results are not asked)")
        elif method == "state":
            _check_value(selector, STATE_VALUES)
        elif method is not None:
            _check_method(selector, method)


def _check_value(selector: Selector, known: Collection[str], about: str = "") -> None:
    if selector.value in known:
        return
    near = get_close_matches(selector.value, known, n=1, cutoff=0.6)
    meant = f"did you mean `{selector.method}:{near[0]}`? " if near else ""
    raise UserError(
        f"`{selector.text}` selects nothing there is",
        hint=f"{meant}`{selector.method}:` takes {', '.join(known)}{about}",
    )


def _check_method(selector: Selector, method: str) -> None:
    base, _, argument = method.partition(".")
    if base in DBT_METHODS and (argument or "." not in method):
        return
    methods = (*DBT_METHODS, *OWN_METHODS)
    near = [base] if base in methods else get_close_matches(base, methods, n=1, cutoff=0.7)
    # A method nobody here has heard of may be one of a newer dbt, which says so if it is not.
    if near:
        raise UserError(
            f"`{selector.text}`: there is no method `{method}`",
            hint=f"did you mean `{near[0]}:{selector.value}`?",
        )
