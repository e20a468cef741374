"""An emulated account with a clock that tests turn by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from qsync.emulator import DEFAULT_KEY, Account, EmulatedRequest, EmulatedResponse, EmulatorSettings

START = 1_800_000_000.0
"""15 January 2027, 08:00 UTC: the start of a quarter of an hour."""


@dataclass
class Clock:
    """Epoch seconds that pass only when told to."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Reply:
    """An answer, its body read as JSON when asked for."""

    response: EmulatedResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        return orjson.loads(self.response.body)

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): text for name, text in self.response.headers}


class Desk:
    """An account, its clock and a client that needs no transport."""

    def __init__(self, *, seed: int = 0, **settings: Any) -> None:
        self.clock = Clock()
        self.account = Account(EmulatorSettings(**settings), clock=self.clock, seed=seed)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: str = "",
        authorization: str | None = f"Bearer {DEFAULT_KEY}",
    ) -> Reply:
        headers = {} if authorization is None else {"authorization": authorization}
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return Reply(self.account.handle(EmulatedRequest(method, path, headers, raw, query)))

    def get(self, path: str, query: str = "") -> Reply:
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: object) -> Reply:
        return self.ask("POST", path, body)

    def submit(self, *items: object) -> str:
        """The id of a job with these items."""
        reply = self.post("/v2/bulk", {"items": list(items)})
        assert reply.status == 202, reply.json
        return str(reply.json["job"]["id"])

    def job(self, job_id: str) -> Any:
        reply = self.get(f"/v2/bulk/{job_id}")
        assert reply.status == 200, reply.json
        return reply.json["job"]

    def finished(self, *items: object) -> Any:
        """The job with these items after it has had its time."""
        job_id = self.submit(*items)
        self.clock.pass_(1)
        return self.job(job_id)


def lead(email: object = "ada@example.com", request_id: str = "r1", **fields: object) -> Any:
    return {
        "entity": "lead",
        "action": "POST",
        "request_id": request_id,
        "data": {"email": email, "fields": fields},
    }


def company(domain: object = "example.com", request_id: str = "r1", **fields: object) -> Any:
    return {
        "entity": "company",
        "action": "POST",
        "request_id": request_id,
        "data": {"domain": domain, "fields": fields},
    }
