"""Requests and answers without a transport, so that a simulation needs no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Cut = Literal["before", "after", "truncated"]
"""Where the connection breaks: nothing was processed; it was, but the answer is lost; half of it
arrives."""


@dataclass(frozen=True, slots=True)
class EmulatedRequest:
    """One request. Header names are lower case; `query` is the raw query string."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: str = ""


@dataclass(frozen=True, slots=True)
class EmulatedResponse:
    """One answer, to be delivered `delay` seconds after its request started.

    With `cut`, the client sees no (whole) answer; `reset` breaks the connection with a TCP reset.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    cut: Cut | None = None
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint says: a status and an object to serialize."""

    status: int
    payload: object
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One line of the request log. `items` counts the request ids of a bulk job."""

    at: float
    method: str
    path: str
    status: int
    items: int = 0
    cut: Cut | None = None
    body: bytes | None = None
