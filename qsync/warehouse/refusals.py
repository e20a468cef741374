"""What a driver says, told so that a person can act on it and without the values it quotes.

A driver quotes values where a value is the matter ("invalid input syntax for type integer: …"), and
only names where a name is. So only kinds of error that are about names, rights and connections are
told in the driver's words; of the others its kind, and the words before the first value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LOCKED = re.compile(
    r'Could not set lock on file "(?P<file>[^"]+)"'
    r"(.*held in (?P<program>.+?) \(PID (?P<pid>\d+)\))?"
)
_DENIED = re.compile(r'permission denied for (?P<kind>[a-z ]+?) "?(?P<name>[^" ]+)"?$')

_TOLD_STATES = ("08", "28", "3D", "3F", "40", "42", "53", "55", "57", "58")
"""Classes of SQLSTATE about connections, sign-on, names, rights, conflicts and resources."""

_TOLD_TYPES = frozenset(
    {
        "BinderException",
        "CatalogException",
        "ConnectionException",
        "IOException",
        "OutOfMemoryException",
        "ParserException",
        "PermissionException",
        "TransactionException",
    }
)
"""DuckDB's own, likewise."""

_FREE_WORDS = frozenset({"InvalidInputException", "RaiseException"})
"""Errors whose whole text may come from the model: its SQL can raise them itself."""

_ASK_DEBUG = "run `qsync debug` to see the connection and the rights it needs"

_LOOK_AT_VALUES = (
    "a value does not fit, and is not repeated here; select from the model by hand to see which"
)

_ONE_PROCESS = (
    "DuckDB lets one process at a time use a file that it writes: close the other one (a database "
    "browser, a notebook, a dbt run), then try again"
)

_LENGTH = 240
"""Characters of a driver's words at most."""


def refusal(error: BaseException) -> tuple[str, str]:
    """What happened and what to do about it.

    Args:
        error: What dbt or a driver raised.

    Returns:
        Message and hint. Neither holds a value of the model or the state.
    """
    cause = next((item for item in _chain(error) if is_driver_error(item)), error)
    line = _first_line(cause)
    locked = _LOCKED.search(line)
    if locked is not None:
        return _locked(locked)
    if _is_told(cause):
        return f"The warehouse refused: {line[:_LENGTH] or type(cause).__name__}", _hint(line)
    return f"The warehouse refused: {_before_values(cause, line)}", _LOOK_AT_VALUES


def is_driver_error(error: BaseException) -> bool:
    """Whether a driver raised it: all of theirs derive from a class `Error` (PEP 249)."""
    return any(cls.__name__ == "Error" for cls in type(error).__mro__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or while handling, outermost first."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def _is_told(error: BaseException) -> bool:
    state = getattr(error, "pgcode", None)
    if state is not None:
        return str(state).startswith(_TOLD_STATES)
    # Without a state, PostgreSQL's driver could not connect.
    return type(error).__name__ in _TOLD_TYPES | {"OperationalError"}


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.endswith(("Error", ":"))]
    return re.sub(r"\s+", " ", said[0]) if said else type(error).__name__


def _before_values(error: BaseException, line: str) -> str:
    """The words before the first quote or number, with the kind of error."""
    kind = type(error).__name__
    state = getattr(error, "pgcode", None)
    named = kind if state is None else f"{kind}, SQLSTATE {state}"
    if kind in _FREE_WORDS:
        return f"the model's SQL, or a value in it ({named})"
    words = re.split(r"[\"'`(]|\b\d| with value\b", line, maxsplit=1)[0].strip(" :-")
    return f"{words[:_LENGTH]} ({named})" if words else named


def _locked(found: re.Match[str]) -> tuple[str, str]:
    file = re.split(r"[\\/]", found["file"])[-1]
    holder = "another process"
    if found["program"] is not None:
        program = re.split(r"[\\/]", found["program"])[-1]
        holder = f"another process ({program}, PID {found['pid']})"
    return f"The DuckDB file '{file}' is open in {holder}", _ONE_PROCESS


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions got into each other's way, and one of them was refused."""
    return any(
        str(getattr(item, "pgcode", "")).startswith("40")
        or type(item).__name__ == "TransactionException"
        for item in _chain(error)
    )


def _hint(line: str) -> str:
    if line.startswith("connection to server"):
        return "is the server up, and are host, port, user and password of the dbt profile right?"
    denied = _DENIED.search(line)
    if denied is None:
        return _ASK_DEBUG
    name = f'"{denied["name"].strip()}"'
    match denied["kind"]:
        case "database":
            return (
                f"`GRANT CREATE ON DATABASE {name}` to qsync's user, or have the state schema made "
                "for it: `CREATE SCHEMA qsync AUTHORIZATION …` (its name is `state: schema` in "
                "qsync.yml)"
            )
        case "schema":
            return (
                f"`GRANT USAGE ON SCHEMA {name}` to qsync's user; on the state schema "
                "`GRANT USAGE, CREATE`"
            )
        case _:
            return (
                f"`GRANT SELECT ON {name}` to qsync's user; qsync's own tables must belong to the "
                "user that applies"
            )
