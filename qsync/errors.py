"""Errors a person can mend.

`UserError` is the base of everything qsync raises on purpose for its user. An API's answer is a
`RemoteError` (in `qsync.execution.remote`), and a rejected row is data, never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence

from qsync.exit_codes import ExitCode


class UserError(Exception):
    """Something the user can put right, with what to do.

    Args:
        message: What is wrong, in one sentence. Never holds a key, an email or a field value.
        hint: What to do about it.
        where: `file:line:column`, or a name the user knows.
        why: Reasons, each a line, when there are several.
        exit_code: What the command ends with.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: str | None = None,
        why: Sequence[str] = (),
        exit_code: ExitCode = ExitCode.FAILED,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.why = tuple(why)
        self.exit_code = exit_code
