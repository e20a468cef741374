"""The process that speaks to services: `python -P -m qsync.alerting.worker`, jobs on its input.

It writes one list to standard output: for each job null, or why it did not go through. At the end
of its time it ends, whatever threads of a service's plugin are still waiting for.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import orjson


class _Job(threading.Thread):
    """One message to one address."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._told = told
        self.outcome: str | None = "too_slow"

    def run(self) -> None:
        try:
            self.outcome = _send(**self._told)
        except Exception:  # noqa: BLE001 - a plugin may raise anything, with the address in it
            self.outcome = "not_taken"


def _send(url: str, title: str, body: str, kind: str) -> str | None:
    import apprise

    app = apprise.Apprise()
    if not app.add(url):
        return "no_address"
    taken = app.notify(
        title=title,
        body=body,
        notify_type=apprise.NotifyType(kind),
        body_format=apprise.NotifyFormat.TEXT,
    )
    return None if taken else "not_taken"


def main() -> None:
    """Read, send, tell, end."""
    # Once, and not by several threads at a time.
    import apprise  # noqa: F401

    asked = orjson.loads(sys.stdin.buffer.read())
    jobs = [_Job(told) for told in asked["jobs"]]
    end_by = time.monotonic() + asked["timeout"]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(max(0.0, end_by - time.monotonic()))
    sys.stdout.buffer.write(orjson.dumps([job.outcome for job in jobs]))
    sys.stdout.buffer.flush()
    # Plugins may have left threads that Python would wait for.
    os._exit(0)


if __name__ == "__main__":
    main()
