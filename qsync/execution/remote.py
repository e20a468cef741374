"""An API's answer as an error: what the engine may see of it, without any HTTP.

RemoteError
├── RetryableError      the answer may be better later (already retried inside the client)
│   ├── AmbiguousError  a POST whose answer was lost: the job may exist
│   ├── NotSentError    the run was stopped while it waited
│   └── WaitTooLongError  it would have to wait beyond the run's end, or its patience
│       └── RequestsSpentError  the run has made all the requests it may make
└── FinalError          no use in asking again
    ├── RejectedBatchError  422: the batch was refused whole, no job exists
    ├── AuthError       401
    └── ScopeError      403
"""

from __future__ import annotations

import math


class RemoteError(Exception):
    """Qualified, or something in between, said no.

    Args:
        message: What happened, in our words. Never quotes a body, a key or a value.
        status: The HTTP status, or None when there was no answer.
        code: The body's `code`, when it is one word.
        hint: What to do.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.hint = hint


class RetryableError(RemoteError):
    """Retried as often as allowed, and still no answer that counts."""


class AmbiguousError(RetryableError):
    """A POST whose answer was lost (reset, time-out, 5xx): the job may exist or not."""


class NotSentError(RetryableError):
    """The run was stopped while the request waited; nothing of it was sent."""


class WaitTooLongError(RetryableError):
    """The request would have to wait too long: beyond the run's end, or longer than a run waits.

    Nothing came of it: sent again later, it is the first. Where an earlier answer was lost, the
    error is an `AmbiguousError` instead.

    Attributes:
        seconds: The wait.
    """

    def __init__(self, message: str, *, seconds: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class RequestsSpentError(WaitTooLongError):
    """The run may make no more requests: another run makes this one."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, seconds=math.inf, hint=hint)


class FinalError(RemoteError):
    """Asking again gives the same answer."""


class RejectedBatchError(FinalError):
    """422 to a whole batch (API.md, "Writing in bulk"): none of its items was taken.

    Attributes:
        named: Places of items, from 0, that the answer seems to name. API.md documents no such
            thing, so they say where to look first and nothing more.
    """

    named: frozenset[int] = frozenset()


class AuthError(FinalError):
    """401: a bad key, or the API is not enabled for the team. Stops everything."""


class ScopeError(FinalError):
    """403: the key lacks a scope. Stops everything."""
