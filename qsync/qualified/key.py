"""The API key: read from the environment, checked before any library sees it, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from qsync.errors import UserError

PREFIX = "QUALIFIED_"
"""Variables that may hold a key begin so: no project file can have qsync send `AWS_…` anywhere."""


class ApiKey:
    """A key that shows itself only to who asks for the header.

    Args:
        value: The key, printable ASCII without blanks (see `read_api_key`).
        name: The environment variable it came from, for error messages.
    """

    __slots__ = ("_value", "name")

    def __init__(self, value: str, name: str = f"{PREFIX}API_KEY") -> None:
        self._value = value
        self.name = name

    def authorization(self) -> str:
        """The value of the `Authorization` header."""
        return f"Bearer {self._value}"

    def __repr__(self) -> str:
        return f"ApiKey(from {self.name})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is not written anywhere")


def read_api_key(env: Mapping[str, str], name: str) -> ApiKey:
    """The key that a variable holds.

    Args:
        env: The environment.
        name: The variable's name, `api_key_env` of qsync.yml.

    Raises:
        UserError: The name is not one of Qualified's, or the variable is missing, empty or holds
            what no key holds. A header with such a value would be quoted in full by the HTTP
            libraries' own exceptions.
    """
    if not (name.isascii() and name.startswith(PREFIX)):
        raise UserError(
            f"The variable that holds the API key must have a name that starts with {PREFIX}",
            hint=f"Name it {PREFIX}API_KEY, for example, and set `api_key_env` in qsync.yml.",
            where="qsync.yml",
        )
    value = env.get(name, "")
    problem = _problem(value)
    if problem is not None:
        message, hint = problem
        raise UserError(f"{name} {message}", hint=hint)
    return ApiKey(value, name)


def _problem(value: str) -> tuple[str, str] | None:
    """What is wrong with a key, and what to do; None when nothing is."""
    again = "Copy the key from Qualified's settings once more, without anything around it."
    if not value:
        return (
            "is not set: there is no API key",
            "Set it to a key of the Qualified Enterprise API. In CI, hand the secret to this step.",
        )
    if value.isspace():
        return "holds nothing but blanks", again
    if value != value.strip():
        return "has blanks or a line break before or after the key", again
    if any(character.isspace() for character in value):
        return (
            "has a blank or a line break inside the key",
            again + " Leave out `Bearer`: qsync adds it.",
        )
    if not value.isascii():
        return (
            "holds characters that no key has (outside ASCII)",
            again + " Typographic quotes are a common cause.",
        )
    if not value.isprintable():
        return "holds control characters", again
    if value[0] in "'\"" or value[-1] in "'\"":
        return "has quotation marks around the key", again
    return None
