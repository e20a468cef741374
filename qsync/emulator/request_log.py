"""What was asked of an account, and how often."""

from __future__ import annotations

from collections import Counter, deque

from qsync.emulator.messages import LoggedRequest
from qsync.emulator.routes import Kind


class RequestLog:
    """The last requests line by line, and counters of all of them."""

    def __init__(self, size: int) -> None:
        self.lines: deque[LoggedRequest] = deque(maxlen=size)
        self.kinds: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def add(self, line: LoggedRequest, kind: Kind | None) -> None:
        """Note one request; without a kind it was for no endpoint of the API."""
        self.lines.append(line)
        self.kinds[kind or "unknown"] += 1
        self.statuses[line.status] += 1
