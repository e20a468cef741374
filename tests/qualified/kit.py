"""What the tests of the client share: a scripted server, a client in virtual time, a canary."""

from __future__ import annotations

import json
import random
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from qsync.project.model import LimitSettings
from qsync.qualified import Clock, QualifiedClient, read_api_key
from tests.support.virtual_time import VirtualClock

T = TypeVar("T")

CANARY = "sk-canary-7f3a91"
"""The API key of these tests; it must turn up nowhere but in the `Authorization` header."""

PERSON = "ada.canary@example.com"
"""A personal value in bodies; it must turn up in no message."""

BODY = json.dumps({"items": [{"entity": "lead", "data": {"email": PERSON}}]}).encode()

Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def answer(status: int, payload: object = None, **headers: str) -> httpx.Response:
    """A JSON answer; `retry_after="3"` becomes `Retry-After: 3`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if payload is None else payload, headers=named)


def job(job_id: str = "job-1", status: str = "enqueued", **more: object) -> dict[str, object]:
    """The envelope of a bulk job."""
    return {"job": {"id": job_id, "status": status, **more}}


ACCEPTED = job()


@dataclass
class Script(httpx.AsyncBaseTransport):
    """Answers with one step after another, the last one for ever; notes when it was asked what."""

    clock: VirtualClock
    steps: Sequence[Step]
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        step = self.steps[min(len(self.requests), len(self.steps) - 1)]
        self.times.append(self.clock.elapsed)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await request.aread()
            if self.seconds:
                await self.clock.sleep(self.seconds)
        finally:
            self.in_flight -= 1
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, headers=step.headers, content=step.content)
        return step(request)


def client_of(
    transport: httpx.AsyncBaseTransport | None,
    clock: Clock | None,
    *,
    limits: LimitSettings | None = None,
    base_url: str = "http://qualified.test",
    spent: Sequence[tuple[float, int]] = (),
    max_wait: float = 900.0,
    key: str = CANARY,
) -> QualifiedClient:
    """A client with the canary as its key."""
    return QualifiedClient(
        base_url,
        read_api_key({"QUALIFIED_API_KEY": key}, "QUALIFIED_API_KEY"),
        limits=limits,
        transport=transport,
        clock=clock,
        rng=random.Random(7),
        spent=spent,
        max_wait=max_wait,
    )


def run(script: Script, do: Callable[[QualifiedClient], Awaitable[T]], **settings: object) -> T:
    """Let a client do something against a script, in virtual time."""

    async def main() -> T:
        async with client_of(script, script.clock, **settings) as client:  # type: ignore[arg-type]
            return await do(client)

    return script.clock.run(main())


def script(*steps: Step, seconds: float = 0.0) -> Script:
    """A scripted server with a clock of its own."""
    return Script(VirtualClock(), steps, seconds)


def everything_said(error: BaseException) -> str:
    """All that a log, a panel or a debugger could show of an exception, its causes and frames."""
    shown: list[str] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None:
            continue
        shown += [str(current), repr(current), repr(current.args), repr(vars(current))]
        waiting += [current.__cause__, current.__context__]
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown += [
        f"{name}={value}"
        for frame in frames.stack
        if "/qsync/" in frame.filename and frame.locals
        for name, value in frame.locals.items()
        # What a caller hands in, its own frames hold.
        if name not in {"body", "emails"}
    ]
    return "\n".join(shown)
