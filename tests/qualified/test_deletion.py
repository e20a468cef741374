"""Having Qualified delete people, for ever."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from qsync.emulator import ApiKey
from qsync.execution.remote import (
    AmbiguousError,
    RejectedBatchError,
    RemoteError,
    RetryableError,
    ScopeError,
)
from qsync.qualified import QualifiedClient
from tests.qualified.kit import CANARY, PERSON, Script, Step, answer, everything_said, run, script
from tests.qualified.test_against_emulator import Team, batch, finished


def ask(server: Script, emails: list[str]) -> None:
    async def main(client: QualifiedClient) -> None:
        await client.delete_people(emails)

    run(server, main)


def asked(server: Script) -> list[list[str]]:
    return [json.loads(request.content)["emails"] for request in server.requests]


def test_people_are_deleted_from_the_account() -> None:
    team = Team(keys={CANARY: ApiKey(frozenset({"bulk_job:manage", "gdpr:manage"}))})

    async def main() -> None:
        async with team.client() as client:
            job = await client.submit(batch("ada", "grace"))
            await finished(client, team.clock, job.id)
            await client.delete_people(["ada@example.com"])

    team.clock.run(main())
    assert team.account.lead("ada@example.com") is None
    assert team.account.lead("grace@example.com") is not None


def test_a_request_names_at_most_five_thousand() -> None:
    server = script(answer(200, {"message": "ok"}))
    emails = [f"p{number}@example.com" for number in range(10_001)]
    ask(server, emails)
    assert [len(part) for part in asked(server)] == [5_000, 5_000, 1]
    assert [email for part in asked(server) for email in part] == emails
    assert {request.url.path for request in server.requests} == {"/v2/gdpr_deletion_requests"}


def test_nobody_is_no_request() -> None:
    server = script(answer(200))
    ask(server, [])
    assert server.requests == []


@pytest.mark.parametrize("step", [httpx.Response(204), httpx.Response(202), answer(200)])
def test_an_answer_without_a_body_is_a_yes(step: httpx.Response) -> None:
    server = script(step)
    ask(server, [PERSON])
    assert len(server.requests) == 1


ENDS: list[tuple[Step, type[RemoteError], str]] = [
    (answer(403, {"code": "insufficient_scope"}), ScopeError, "gdpr:manage"),
    (answer(422, {"code": "invalid_emails", "message": PERSON}), RejectedBatchError, "none of"),
    (answer(429), RetryableError, "later"),
    (answer(500, {"error": PERSON}), AmbiguousError, "later"),
    (httpx.ReadError(PERSON), AmbiguousError, "later"),
    (httpx.Response(200, text=f"<html>Sign in, {PERSON}</html>"), AmbiguousError, "later"),
]


@pytest.mark.parametrize(("step", "kind", "hint"), ENDS)
def test_what_goes_wrong_is_said_without_naming_anybody(
    step: Step, kind: type[RemoteError], hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RemoteError) as caught:
        ask(script(step), [PERSON])
    assert type(caught.value) is kind
    assert hint in (caught.value.hint or "")
    assert "the job" not in caught.value.message
    assert PERSON not in everything_said(caught.value)
    assert PERSON not in caplog.text


def test_a_refusal_after_requests_that_were_taken_says_how_many_were() -> None:
    server = script(answer(200), answer(422, {"code": "invalid_emails"}))
    with pytest.raises(RejectedBatchError) as caught:
        ask(server, [PERSON] * 5_001)
    assert "Of 5,001 addresses, 5,000 were taken" in (caught.value.hint or "")


def test_a_lost_answer_is_asked_for_once_more() -> None:
    server = script(httpx.ReadError("x"), answer(200))
    ask(server, [PERSON])
    assert asked(server) == [[PERSON]] * 2
