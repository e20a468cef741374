"""The exit codes of every qsync command: one enum, documented in docs/reference/exit-codes.md."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says to a shell or a CI job."""

    OK = 0
    """Done, or nothing to do."""
    FAILED = 1
    """A handled failure: invalid files, a stale artifact, a lock, authentication, a guard."""
    CHANGES = 2
    """Only `plan --detailed-exitcode`: the plan holds changes."""
    PARTIAL = 3
    """An apply finished, with rejected or unknown rows."""
    DECLINED = 4
    """A person answered anything but `yes` at the prompt."""
    USAGE = 64
    """The command line is wrong (click's own 2, moved so that it cannot be read as CHANGES)."""
    BUG = 70
    """An error nobody foresaw: a bug in qsync."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C or SIGTERM."""
