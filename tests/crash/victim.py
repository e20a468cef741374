"""A process that forks qsync commands and has them killed at labelled points.

Run as a program. It reads a line of JSON for each command, `{"cwd", "words", "log", "kill"}`, forks
a child for it, and answers `{"code"}` or `{"signal"}`. Everything is imported before, so a command
costs no start-up. `kill` is `[label, moment, nth]`: SIGKILL right before or after the nth time that
the child comes to a label.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import dbt.adapters.duckdb
import dbt.cli.main  # noqa: F401 - so that children need not import it
import duckdb  # noqa: F401 - the same

import qsync.cli.applying
import qsync.execution.reading
from qsync.cli.entry import run
from qsync.execution.deliver import deliver
from qsync.execution.journal import FileJournal, Step
from qsync.qualified.wire import Wire
from qsync.warehouse.writing import WritingWarehouse

METHODS = {
    "staged": "stage",
    "begun": "begin",
    "marked": "mark_posted",
    "committed": "commit",
    "closed": "close_record",
    "recovered": "close_dead",
    "released": "release_lock",
}
"""Labels that are calls of the warehouse."""


class Point:
    """Counts how often a label is come to, and kills this process when it is time."""

    def __init__(self, moment: str, nth: int) -> None:
        self._moment = moment
        self._nth = nth
        self._count = 0

    def before(self) -> int:
        """The label is come to: the how-manieth time."""
        self._count += 1
        self._kill("before", self._count)
        return self._count

    def after(self, count: int) -> None:
        """What it labels is done; others may have begun meanwhile."""
        self._kill("after", count)

    def _kill(self, moment: str, count: int) -> None:
        if moment == self._moment and count == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)


def _around(call: Callable[..., Any], point: Point) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapped(*args: Any, **named: Any) -> Any:
        count = point.before()
        result = call(*args, **named)
        point.after(count)
        return result

    return wrapped


def _install(label: str, moment: str, nth: int) -> None:
    point = Point(moment, nth)
    if label in METHODS:
        method = METHODS[label]
        setattr(WritingWarehouse, method, _around(getattr(WritingWarehouse, method), point))
    elif label == "posted":
        send = Wire.send

        async def posting(wire: Wire, method: Any, path: str, body: bytes | None) -> Any:
            if method != "POST":
                return await send(wire, method, path, body)
            count = point.before()
            outcome = await send(wire, method, path, body)
            point.after(count)
            return outcome

        Wire.send = posting  # type: ignore[method-assign]
    else:
        step, write = Step(label), FileJournal.write

        def writing(journal: FileJournal, written: Step, **facts: Any) -> None:
            count = point.before() if written is step else 0
            write(journal, written, **facts)
            if written is step:
                point.after(count)

        FileJournal.write = writing  # type: ignore[method-assign]


def _be_the_child(order: dict[str, Any]) -> None:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order["cwd"])
    # Chunk by chunk, so that there are many marks and commits to die at.
    qsync.execution.reading.PAGE_CHUNKS = 1
    defaults = deliver.__kwdefaults__
    assert defaults is not None
    defaults["commit_every"] = 0.01
    if order["kill"]:
        _install(*order["kill"])
    code = run(order["words"])
    sys.stdout.flush()
    os._exit(int(code))


def main() -> None:
    """Serve orders until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_the_child(order)
        _, status = os.waitpid(child, 0)
        answer = (
            {"signal": os.WTERMSIG(status)}
            if os.WIFSIGNALED(status)
            else {"code": os.WEXITSTATUS(status)}
        )
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
