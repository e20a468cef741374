"""How a command ends, told: done, refused, failed, or a bug; a panel for people, else one event."""

from __future__ import annotations

import os
import sys
import time
import traceback

import click

from qsync.cli.saying import saying
from qsync.errors import UserError
from qsync.exit_codes import ExitCode


def tell_end(code: ExitCode) -> None:
    """That the command has ended; for programs only, people see their prompt."""
    now = saying()
    now.log.event(
        "command_finished",
        f"Ended with exit code {int(code)}.",
        level="info" if code in {ExitCode.OK, ExitCode.CHANGES} else "warning",
        exit_code=int(code),
        seconds=round(time.monotonic() - now.began, 3),
    )


def tell_click(error: click.ClickException, code: ExitCode) -> None:
    """What click found wrong with the command line."""
    if not saying().as_json:
        error.show()
    saying().log.event("usage_error", error.format_message(), exit_code=int(code))


def tell_failure(title: str, error: UserError) -> None:
    """Why the command failed, and what to do.

    Args:
        title: The command.
        error: What can be mended.
    """
    _panel(title, error)
    saying().log.event(
        "command_failed",
        error.message,
        exit_code=int(error.exit_code),
        hint=error.hint,
        where=error.where,
        why=list(error.why) or None,
    )


def tell_bug(title: str, error: Exception) -> None:
    """That qsync has a bug, and where.

    An exception's text may quote a value of a row, so only its type and places are told.
    """
    steps = traceback.extract_tb(error.__traceback__)
    frames = [f"{_module(step.filename)}:{step.lineno} {step.name}" for step in steps]
    bug = UserError(
        f"A bug in qsync: {type(error).__name__} at {frames[-1].partition(' ')[0]}",
        hint="nothing that was confirmed is lost; please report it. QSYNC_TRACEBACK=1 prints the "
        "traceback, which may quote values of your data: look at it before you share it",
    )
    wanted = bool(os.environ.get("QSYNC_TRACEBACK"))
    if wanted and not saying().as_json:
        traceback.print_exception(error, file=sys.stderr)
    _panel(title, bug)
    saying().log.event(
        "bug",
        bug.message,
        exit_code=int(ExitCode.BUG),
        hint=bug.hint,
        error_type=type(error).__name__,
        frames=frames,
        traceback="".join(traceback.format_exception(error)) if wanted else None,
    )


def _panel(title: str, error: UserError) -> None:
    if saying().as_json:
        return
    from qsync.views.console import notes_console
    from qsync.views.failure import render_error

    render_error(notes_console(), title, error)


def _module(file: str) -> str:
    """The file from the package's folder on: where it is installed is nobody's business."""
    path = file.replace(os.sep, "/")
    for mark in ("/qsync/", "/site-packages/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return path.rpartition("/")[2]
