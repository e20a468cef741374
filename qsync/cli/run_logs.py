"""The log of a run's requests: where it is, who writes it, what is said when it cannot be."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qsync.cli.loading import Loaded
from qsync.cli.options import Command, option
from qsync.execution.planner import destination_of
from qsync.execution.recording import Origin
from qsync.execution.run_log import FileRunLog, LogBounds

if TYPE_CHECKING:
    from qsync.views.progress import RunProgress


def full_bodies_option(command: Command) -> Command:
    """Give a command `--full-bodies`, as `full_bodies`."""
    return option(
        "--full-bodies",
        is_flag=True,
        help="Keep requests and answers in the run's log as they are, with people's values; at a "
        "terminal only.",
    )(command)


def logs_folder(loaded: Loaded) -> Path:
    """Where logs of runs are."""
    return loaded.own_path / "runs"


def run_log(
    loaded: Loaded, origin: Origin, progress: RunProgress, command: str, *, full_bodies: bool
) -> FileRunLog:
    """The log of a run that begins."""

    def trouble(why: str) -> None:
        progress.event(
            "run_log",
            f"The log of this run's requests cannot be kept ({why}); the run goes on without it.",
            level="warning",
        )

    settings = loaded.project.settings
    facts = {
        "command": command,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "destination": destination_of(loaded.project),
        "target": origin.target,
        "parent": origin.parent,
        "qsync_version": origin.qsync_version,
    }
    return FileRunLog(
        logs_folder(loaded),
        origin.run_id,
        facts,
        time.time,
        trouble,
        LogBounds(settings.log_runs, settings.log_mb),
        full_bodies=full_bodies,
    )


@contextlib.contextmanager
def keeping(log: FileRunLog) -> Iterator[None]:
    """Write the log's last line when the run ends, however it does."""
    try:
        yield
    finally:
        log.end()
