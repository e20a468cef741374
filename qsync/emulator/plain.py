"""Plain data (parsed JSON or YAML) into keyword arguments, refusing what does not fit."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping

from qsync.errors import UserError

Rule = Callable[[object], object]
"""Answers the value to use, or raises `UnfitError` with what was expected."""


class UnfitError(ValueError):
    """A value is not what it must be; the text says what that is."""


def read_mapping(data: object, rules: Mapping[str, Rule], where: str) -> dict[str, object]:
    """The keys of `data` that are there, each through its rule.

    Raises:
        UserError: `data` is no mapping, has a key without a rule, or a value does not fit.
            The values themselves are not repeated.
    """
    if not isinstance(data, Mapping):
        raise UserError(f"{where} must be a mapping", where=where)
    read: dict[str, object] = {}
    for name, value in data.items():
        rule = rules.get(name) if isinstance(name, str) else None
        if rule is None:
            raise _unknown_key(name, rules, where)
        try:
            read[name] = rule(value)
        except UnfitError as problem:
            raise UserError(f"{name} of {where} must be {problem}", where=where) from None
    return read


def _unknown_key(name: object, rules: Mapping[str, Rule], where: str) -> UserError:
    close = difflib.get_close_matches(str(name), rules, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(sorted(rules))}."
    return UserError(f"{where} has an unknown key {name}", hint=hint, where=where)


def number(least: float = 0.0, most: float = math.inf) -> Rule:
    """A finite number between two bounds, both included."""

    def rule(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError("a number")
        if not least <= value <= most or math.isinf(value):
            raise UnfitError(_between("a number", least, most))
        return float(value)

    return rule


def integer(least: int = 0, most: float = math.inf) -> Rule:
    """A whole number between two bounds, both included."""

    def rule(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UnfitError(_between("a whole number", least, most))
        return value

    return rule


def _between(what: str, least: float, most: float) -> str:
    return f"{what} from {least:g}" + ("" if math.isinf(most) else f" to {most:g}")


def flag(value: object) -> object:
    """True or false."""
    if not isinstance(value, bool):
        raise UnfitError("true or false")
    return value


def text(value: object) -> object:
    """A string that is not empty."""
    if not isinstance(value, str) or not value:
        raise UnfitError("a text")
    return value


def choice(*values: str) -> Rule:
    """One of these words."""

    def rule(value: object) -> object:
        if value not in values:
            raise UnfitError("one of " + ", ".join(values))
        return value

    return rule


def optional(inner: Rule) -> Rule:
    """Null, or what the inner rule takes."""

    def rule(value: object) -> object:
        return None if value is None else inner(value)

    return rule


def sequence(inner: Rule) -> Rule:
    """A list of what the inner rule takes, as a tuple."""

    def rule(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise UnfitError("a list")
        try:
            return tuple(inner(entry) for entry in value)
        except UnfitError as problem:
            raise UnfitError(f"a list, each entry {problem}") from None

    return rule
