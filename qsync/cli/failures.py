"""Errors of other rooms in the words a person gets."""

from __future__ import annotations

from qsync.errors import UserError


def as_user_error(error: Exception) -> UserError | None:
    """What Qualified answered, as something to mend; None for an error nobody foresaw."""
    from qsync.execution.remote import RemoteError

    if isinstance(error, RemoteError):
        return UserError(error.message, hint=error.hint)
    return None
