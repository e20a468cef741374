"""Messages to addresses, in bounded time and without a word of the addresses.

An address holds its secret (a token, a password). Neither it nor anything a service answered is
ever logged, printed or part of an exception: what is told of a failure is one of a few words.

Services are spoken to in a process of its own (`worker`), which ends when the time is over whatever
a service does, and whose output nobody sees. Addresses reach it through its standard input.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

TIMEOUT = 15.0
"""Seconds that all messages of one moment may take together."""

_STARTING = 5.0
"""Seconds more that the process may take to begin and to end."""

Kind = Literal["info", "success", "warning", "failure"]

NOT_SET = "the variable is not set"
NOT_TAKEN = "it was not taken"
TOO_SLOW = "it took too long"
NO_ADDRESS = "the variable holds no address that apprise knows"
NOT_INSTALLED = "apprise is not installed: pip install 'qsync[alerts]'"

_PROBLEMS: Mapping[str, str] = {
    "not_taken": NOT_TAKEN,
    "too_slow": TOO_SLOW,
    "no_address": NO_ADDRESS,
}
"""The worker's words."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one rule's addresses.

    Attributes:
        rule: The rule's name, for who is told how it went.
        url_env: The variable with the addresses, blanks between them.
        title: Its title.
        body: Its text, plain.
        kind: How services mark it.
    """

    rule: str
    url_env: str
    title: str
    body: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message.

    Attributes:
        delivered: Whether anybody got it: then it is not sent to all of them again.
        problems: One word for each address that did not take it.
    """

    delivered: bool
    problems: tuple[str, ...] = ()


def is_installed() -> bool:
    """Whether the extra `alerts` is."""
    return importlib.util.find_spec("apprise") is not None


def deliver(
    messages: Sequence[Delivery], environ: Mapping[str, str], *, timeout: float = TIMEOUT
) -> list[Outcome]:
    """Send messages side by side; never raises for what becomes of them.

    Args:
        messages: What to send.
        environ: Where the addresses are.
        timeout: Seconds for all of them together.
    """
    if not is_installed():
        return [Outcome(False, (NOT_INSTALLED,)) for _ in messages]
    addresses = [environ.get(message.url_env, "").split() for message in messages]
    jobs = [
        {"url": url, "title": message.title, "body": message.body, "kind": message.kind}
        for message, urls in zip(messages, addresses, strict=True)
        for url in urls
    ]
    said = iter(_work(jobs, timeout) if jobs else [])
    outcomes = []
    for urls in addresses:
        problems = tuple(problem for problem in [next(said) for _ in urls] if problem is not None)
        delivered = len(problems) < len(urls)
        outcomes.append(Outcome(delivered, problems if urls else (NOT_SET,)))
    return outcomes


def _work(jobs: Sequence[Mapping[str, str]], timeout: float) -> list[str | None]:
    """Of each job why it did not go through, if it did not."""
    # -P: the project's folder is no place to import from.
    command = [sys.executable, "-P", "-m", "qsync.alerting.worker"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command,
            input=orjson.dumps({"timeout": timeout, "jobs": jobs}),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout + _STARTING,
            check=True,
        )
        words = orjson.loads(done.stdout)
    except subprocess.TimeoutExpired:
        words = ["too_slow"] * len(jobs)
    except (OSError, subprocess.SubprocessError, orjson.JSONDecodeError):
        words = []
    if not isinstance(words, list) or len(words) != len(jobs):
        return [NOT_TAKEN] * len(jobs)
    return [None if word is None else _PROBLEMS.get(word, NOT_TAKEN) for word in words]
