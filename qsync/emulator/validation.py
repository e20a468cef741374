"""Which writes Qualified accepts (API.md, "Fields" and "Writing one record")."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from qsync.emulator.fields import LIST_TYPES, EmulatedField, Entity
from qsync.emulator.settings import Check, EmulatorSettings

Convert = Callable[[object], object]
"""Answers the value to store, or raises `_RejectedValueError`."""

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s.,;<>()\"]+(\.[^@\s.,;<>()\"]+)+")
_DOMAIN = re.compile(r"[^\s/:@.,]+(\.[^\s/:@.,]+)+")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")


class _RejectedValueError(Exception):
    """What is wrong with a value, said after the field's name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a write is rejected: a field (or `email`, `domain`, `name`, `fields`) and an error."""

    field: str
    error: str


class Write(NamedTuple):
    """An accepted write: the match key as stored, and the values to set (None clears).

    A named tuple, because one is made for every item and they are made fastest.
    `sets_name` tells a company's `name: null` from no `name` at all.
    """

    key: str
    shown: str
    values: dict[str, object]
    name: str | None = None
    sets_name: bool = False


def is_email(text: object) -> bool:
    """Whether this is a well-formed address, blanks around it aside."""
    return type(text) is str and _EMAIL.fullmatch(text.strip()) is not None


def email_key(email: str) -> str:
    """What leads are matched by: case-insensitive, trimmed (API.md, "Reading leads")."""
    return email.strip().lower()


def normalized_domain(domain: str) -> str:
    """A domain as the server may normalize it (API.md, "Writing one record"; how is unknown)."""
    text = _SCHEME.sub("", domain.strip().lower())
    text = re.split(r"[/?#]", text, maxsplit=1)[0]
    return text.rsplit("@", 1)[-1].split(":", 1)[0].removeprefix("www.").rstrip(".")


class Validator:
    """Checks writes against the account's fields and settings."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._convert: dict[Entity, dict[str, Convert]] = {
            entity: {
                definition.name: _converter(
                    definition, settings, settings.checks.get((entity, definition.name))
                )
                for definition in definitions
            }
            for entity, definitions in settings.fields.items()
        }

    def lead(self, data: dict[str, object]) -> Write | list[Failure]:
        """Check the body of a lead: `{email, fields}`."""
        failures: list[Failure] = []
        email = data.get("email")
        if type(email) is not str or not is_email(email):
            failures.append(self._failure("email", _missing_or("is invalid", email), email))
            email = ""
        values = self._values("lead", data, failures)
        return failures or Write(email_key(email), email.strip(), values)

    def company(self, data: dict[str, object]) -> Write | list[Failure]:
        """Check the body of a company: `{domain, name, fields}`."""
        failures: list[Failure] = []
        domain = data.get("domain")
        key = ""
        if type(domain) is str:
            key = normalized_domain(domain) if self._settings.normalize_domain else domain.strip()
        if not _DOMAIN.fullmatch(key):
            failures.append(self._failure("domain", _missing_or("is invalid", domain), domain))
        name = data.get("name")
        sets_name = "name" in data
        if sets_name and name is None:
            sets_name = self._null("name", failures)
        elif sets_name and type(name) is not str:
            failures.append(self._failure("name", "must be a string", name))
        values = self._values("company", data, failures)
        return failures or Write(key, key, values, name if type(name) is str else None, sets_name)

    def _values(
        self, entity: Entity, data: dict[str, object], failures: list[Failure]
    ) -> dict[str, object]:
        fields = data.get("fields", {})
        if type(fields) is not dict:
            failures.append(self._failure("fields", "must be an object", fields))
            return {}
        converters = self._convert[entity]
        values: dict[str, object] = {}
        for name, value in fields.items():
            convert = converters.get(name)
            if convert is None:
                if self._settings.unknown_field == "reject":
                    failures.append(Failure(name, f"{name} is not a field of {entity}"))
            elif value is None:
                if self._null(name, failures):
                    values[name] = None
            else:
                try:
                    values[name] = convert(value)
                except _RejectedValueError as problem:
                    failures.append(self._failure(name, str(problem), value))
        return values

    def _null(self, name: str, failures: list[Failure]) -> bool:
        """Whether a null is written; what it means is unknown (`null_semantics`)."""
        if self._settings.null_semantics == "reject":
            failures.append(Failure(name, f"{name} can't be null"))
        return self._settings.null_semantics == "clear"

    def _failure(self, name: str, problem: str, value: object) -> Failure:
        if not self._settings.quote_values or value is None:
            return Failure(name, f"{name} {problem}")
        return Failure(name, f"{name} {problem}: {orjson.dumps(value).decode()}")


def _missing_or(problem: str, value: object) -> str:
    return "is required" if value is None else problem


def _converter(
    definition: EmulatedField, settings: EmulatorSettings, check: Check | None
) -> Convert:
    kind = definition.type
    strict = kind in settings.strict_types
    options = frozenset(value for value, _ in definition.options)
    if settings.picklist_mismatch == "accept" or "picklist" not in kind:
        options = frozenset()
    longest = settings.max_lengths.get(kind)
    if kind == "decimal":
        basic: Convert = _decimal if strict else _lenient_decimal
    elif kind == "boolean":
        basic = _boolean if strict else _lenient_boolean
    elif kind in LIST_TYPES:
        basic = _list_of_strings(strict, options, longest)
    else:
        basic = _text(strict, kind == "email", options, longest)
    if check is None:
        return basic
    return _checked(basic, check)


def _checked(basic: Convert, check: Check) -> Convert:
    def convert(value: object) -> object:
        converted = basic(value)
        problem = check(converted)
        if problem is not None:
            raise _RejectedValueError(problem)
        return converted

    return convert


def _plain_text(value: object) -> object:
    # Most values are this, so it is kept apart from the text that needs more looking at.
    if type(value) is str:
        return value
    raise _RejectedValueError("must be a string")


def _text(strict: bool, email: bool, options: frozenset[str], longest: int | None) -> Convert:
    if strict and not email and not options and longest is None:
        return _plain_text

    def convert(value: object) -> object:
        if type(value) is not str:
            if strict or isinstance(value, (dict, list)):
                raise _RejectedValueError("must be a string")
            value = orjson.dumps(value).decode()
        if email and not is_email(value):
            raise _RejectedValueError("is not a well-formed email address")
        if options and value not in options:
            raise _RejectedValueError("is not one of the options")
        if longest is not None and len(value) > longest:
            raise _RejectedValueError(f"is too long (maximum is {longest} characters)")
        return value

    return convert


def _list_of_strings(strict: bool, options: frozenset[str], longest: int | None) -> Convert:
    one = _text(strict, False, options, longest)

    def convert(value: object) -> object:
        if not isinstance(value, list):
            if strict:
                raise _RejectedValueError("must be an array of strings")
            value = [value]
        return [one(entry) for entry in value]

    return convert


def _decimal(value: object) -> object:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value
    raise _RejectedValueError("must be a number")


def _lenient_decimal(value: object) -> object:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            raise _RejectedValueError("must be a number") from None
        return _decimal(number)
    return _decimal(value)


def _boolean(value: object) -> object:
    if type(value) is bool:
        return value
    raise _RejectedValueError("must be true or false")


def _lenient_boolean(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if value in (0, 1):
        return bool(value)
    return _boolean(value)
