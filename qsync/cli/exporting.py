"""`qsync rejects --export`: people's keys in a file, because a person asked for it."""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from qsync.cli.saying import say
from qsync.errors import UserError
from qsync.planning.rejected import RejectedRecord

HEADER = tuple(item.name for item in fields(RejectedRecord))
"""The file's columns."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def check_export(path: Path) -> None:
    """Before anything is asked: where the file must not go.

    Raises:
        UserError: In CI, or something stands there already.
    """
    if os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS"):
        raise UserError(
            "--export writes people's addresses to a file, and a CI job is no place for them",
            hint="run it on your own machine; `qsync rejects` without it shows counts only",
        )
    if path.exists() or path.is_symlink():
        raise UserError(
            "The rejects cannot be written: something of that name is there already",
            hint="--export names a file that is not there yet",
            where=str(path),
        )


def export_rejects(path: Path, records: Iterable[RejectedRecord]) -> int:
    """Write the records as they are read, for the owner's eyes only (0600), under any umask.

    A cell that a spreadsheet would take for a formula begins with an apostrophe. A file that could
    not be written whole is removed.

    Returns:
        How many records.

    Raises:
        UserError: It cannot be written there.
    """
    written = 0
    try:
        # Exclusive: no file and no link that somebody put there meanwhile is written to.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), 0o600)
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for record in records:
                writer.writerow([_cell(value) for value in astuple(record)])
                written += 1
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise
    if _git_would_take(path):
        problem = (
            f"git does not ignore {path}, and it holds people's addresses. Add it to .gitignore, "
            "or delete it when you have looked at it."
        )
        say("note", problem, level="warning", text=f"Warning: {problem}")
    return written


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _git_would_take(path: Path) -> bool:
    """Whether the file lies in a checkout that does not ignore it."""
    whole = path.resolve()
    ask = ["git", "-C", str(whole.parent), "check-ignore", "--quiet", "--", whole.name]
    try:
        said = subprocess.run(ask, capture_output=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return said.returncode == 1  # 0: ignored, 128: no checkout


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The rejects cannot be written: {error.strerror}",
        hint="--export names a new file in a folder that is there and may be written to",
        where=str(path),
    )
