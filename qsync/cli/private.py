"""The folder in `target/` that nobody but its owner can look into, under any umask."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from qsync.errors import UserError

_FOLDER, _FILE = 0o700, 0o600


@contextlib.contextmanager
def private_folder(path: Path) -> Iterator[None]:
    """Make the folder, and let nobody else read what is in it or gets into it meanwhile.

    dbt writes there too, and asks only the umask: so it is the process's while the context is
    entered. Keep that short, since files of the project made meanwhile would be private as well.

    Raises:
        UserError: The folder is a link, or somebody else's.
    """
    before = os.umask(0o077)
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error.strerror) from error
        keep_private(path)
        yield
    finally:
        os.umask(before)


def keep_private(path: Path) -> None:
    """Take everybody else's rights away from the folder and everything in it.

    Raises:
        UserError: The folder is a link, or somebody else's.
    """
    if path.is_symlink():
        # A link may come with a pull request, and lead to files that are none of qsync's business.
        raise _unusable(path, "it is a link")
    try:
        _restrict(path, _FOLDER)
        for parent, folders, files in os.walk(path):
            for name in folders:
                _restrict(Path(parent, name), _FOLDER)
            for name in files:
                _restrict(Path(parent, name), _FILE)
    except OSError as error:
        raise _unusable(path, error.strerror) from error


def _restrict(path: Path, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError):  # anybody may clean up `target/` at any time
        if not path.is_symlink():
            path.chmod(mode)


def _unusable(path: Path, why: str | None) -> UserError:
    return UserError(
        f"qsync cannot keep {path} to itself: {why or 'its rights cannot be changed'}",
        hint="remove it: it holds nothing that is not made again",
        where=str(path),
    )
