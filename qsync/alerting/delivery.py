"""Messages to addresses, through apprise, in bounded time and without a word of the addresses.

An address holds its secret (a token, a password). Neither it nor anything a service answered is
ever logged, printed or part of an exception here: what is told of a failure is one of a few words.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

TIMEOUT = 15.0
"""Seconds that all messages of one moment may take together."""

Kind = Literal["info", "success", "warning", "failure"]

NOT_INSTALLED = "apprise is not installed: pip install 'qsync[alerts]'"
NOT_SET = "the variable is not set"
NO_ADDRESS = "the variable holds no address that apprise knows"
NOT_TAKEN = "it was not taken"
TOO_SLOW = "it took too long"

_SECRETIVE = ("apprise", "requests", "requests_oauthlib", "oauthlib", "urllib3")
"""Loggers that may quote an address or what was sent to it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one rule's addresses.

    Attributes:
        rule: The rule's name, for who is told how it went.
        url_env: The variable with the addresses.
        title: Its title.
        body: Its text, plain.
        kind: How services mark it.
    """

    rule: str
    url_env: str
    title: str
    body: str
    kind: Kind


def is_installed() -> bool:
    """Whether the extra `alerts` is."""
    return importlib.util.find_spec("apprise") is not None


def deliver(
    messages: Sequence[Delivery],
    environ: Mapping[str, str],
    *,
    timeout: float = TIMEOUT,
    monotonic: Callable[[], float] = time.monotonic,
) -> list[tuple[str, ...]]:
    """Send messages side by side; never raises for what becomes of them.

    Args:
        messages: What to send.
        environ: Where the addresses are.
        timeout: Seconds for all of them together. What is not done then is left to itself: its
            thread ends with the process.
        monotonic: Seconds.

    Returns:
        Of each message why it did not go through, one word for each address that failed; nothing
        when all took it.
    """
    jobs = [_jobs(message, environ) for message in messages]
    for job in (job for group in jobs for job in group):
        if job.problem is None:
            job.thread.start()
    end_by = monotonic() + timeout
    told = []
    for group in jobs:
        for job in group:
            if job.problem is None:
                job.thread.join(max(0.0, end_by - monotonic()))
        told.append(tuple(problem for job in group if (problem := job.outcome()) is not None))
    return told


def went_through(message: Delivery, problems: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether anybody got a message: then it is not sent to all of them again."""
    return len(problems) < max(1, len(_addresses(message, environ)))


def _addresses(message: Delivery, environ: Mapping[str, str]) -> list[str]:
    return environ.get(message.url_env, "").split()


def _jobs(message: Delivery, environ: Mapping[str, str]) -> list[_Job]:
    if not is_installed():
        return [_Job(message, "", NOT_INSTALLED)]
    return [_Job(message, url) for url in _addresses(message, environ)] or [
        _Job(message, "", NOT_SET)
    ]


@dataclass(slots=True)
class _Job:
    """One message to one address, in a thread of its own."""

    message: Delivery
    url: str = field(repr=False)
    problem: str | None = None
    done: list[str | None] = field(default_factory=list)
    thread: threading.Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="qsync-alert", daemon=True)

    def outcome(self) -> str | None:
        """Why it did not go through."""
        if self.problem is not None:
            return self.problem
        return self.done[0] if self.done else TOO_SLOW

    def _run(self) -> None:
        try:
            self.done.append(_send(self.message, self.url))
        except Exception:  # noqa: BLE001 - a service's plugin may raise anything, with the address
            self.done.append(NOT_TAKEN)


_SILENCED = threading.Lock()


def _send(message: Delivery, url: str) -> str | None:
    with _SILENCED:
        import apprise

        for name in _SECRETIVE:
            logger = logging.getLogger(name)
            logger.setLevel(logging.CRITICAL + 1)
            logger.propagate = False
    app = apprise.Apprise()
    if not app.add(url):
        return NO_ADDRESS
    taken = app.notify(
        title=message.title,
        body=message.body,
        notify_type=apprise.NotifyType(message.kind),
        body_format=apprise.NotifyFormat.TEXT,
    )
    return None if taken else NOT_TAKEN
