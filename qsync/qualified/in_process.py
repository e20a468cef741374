"""A transport within this process: a function answers, and no socket is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Header names are lower case; `query` is the raw query string.

    The body, which names people, and the headers, which hold the key, are in no repr.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


class InProcessTransport(httpx.AsyncBaseTransport):
    """Carries requests to a function and its answers back.

    Args:
        answer: Answers at once.
    """

    def __init__(self, answer: Callable[[Asked], Answered]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        asked = Asked(
            request.method,
            request.url.path,
            request.url.query.decode("ascii"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.aread(),
        )
        answered = self._answer(asked)
        return httpx.Response(
            answered.status, headers=list(answered.headers), content=answered.body
        )
