"""What the client offers, against scripted answers."""

from __future__ import annotations

import httpx
import pytest

from qsync.execution.identity import live_fields
from qsync.execution.ports import BulkApi, ItemResult, JobView, LiveField
from qsync.execution.remote import AuthError, RetryableError, ScopeError
from qsync.fields.model import FieldCatalog
from qsync.qualified import BulkScope, QualifiedClient, RateLimit
from tests.qualified.kit import BODY, Script, answer, client_of, job, run, script
from tests.support.virtual_time import START


async def fields(client: QualifiedClient) -> FieldCatalog:
    return await client.fields()


async def read(client: QualifiedClient) -> JobView | None:
    return await client.job("job-1")


async def probe(client: QualifiedClient) -> BulkScope:
    return await client.probe_bulk_scope()


def paths(server: Script) -> list[tuple[str, str]]:
    return [(request.method, request.url.path) for request in server.requests]


def test_the_client_is_what_execution_asks_for() -> None:
    api: BulkApi = client_of(script(answer(200)), None)
    assert api.tally.requests == 0


def test_fields_are_read_for_both_objects_with_the_ids_that_tell_accounts_apart() -> None:
    server = script(
        answer(
            200,
            {
                "data": [
                    {"id": "l2", "name": "job_title", "label": "Job Title", "type": "string"},
                    {"id": "l1", "name": "first_name", "label": "First Name", "type": "name"},
                    {"name": "nameless_id", "label": "No id", "type": "string"},
                ]
            },
        ),
        answer(200, {"data": [{"id": "c1", "name": "size", "label": "Size", "type": "decimal"}]}),
    )
    catalog = run(server, fields)
    assert paths(server) == [("GET", "/v2/leads/fields"), ("GET", "/v2/companies/fields")]
    assert [item.name for item in catalog.lead] == ["first_name", "job_title", "nameless_id"]
    assert live_fields(catalog) == [
        LiveField("lead", "first_name", "l1"),
        LiveField("lead", "job_title", "l2"),
        LiveField("company", "size", "c1"),
    ]


def test_a_key_that_may_not_read_fields_is_not_told_to_get_a_scope() -> None:
    with pytest.raises(ScopeError) as caught:
        run(script(answer(403, {"code": "insufficient_scope"})), fields)
    assert caught.value.hint is not None
    assert "needs no scope" in caught.value.hint


def test_a_submitted_batch_is_a_job() -> None:
    server = script(answer(202, job("j-9", totalRecords=1)))

    async def submit(client: QualifiedClient) -> JobView:
        return await client.submit(BODY)

    assert run(server, submit) == JobView("j-9", "enqueued", 0, 1)
    assert paths(server) == [("POST", "/v2/bulk")]
    assert server.requests[0].content == BODY


def test_a_job_is_read_with_its_results() -> None:
    result = [{"requestId": "1", "status": "completed"}]
    server = script(answer(200, job("job-1", "completed", result=result)))
    view = run(server, read)
    assert view is not None
    assert view.finished
    assert view.results == (ItemResult("1", ok=True),)
    assert paths(server) == [("GET", "/v2/bulk/job-1")]


@pytest.mark.parametrize(
    "payload", [{"error": "x"}, {"code": "c", "message": "m"}, {"message": ""}]
)
def test_a_job_that_is_gone_is_none(payload: object) -> None:
    assert run(script(answer(404, payload)), read) is None


@pytest.mark.proves(fault="job expired", promise="no false success")
def test_a_404_of_something_in_between_does_not_make_a_job_gone() -> None:
    page = httpx.Response(404, text="<html>no such host</html>")
    assert run(script(page, answer(200, job())), read) is not None
    with pytest.raises(RetryableError, match="not the API's own"):
        run(script(page), read)


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
def test_an_answer_about_another_job_is_not_taken_for_this_one() -> None:
    server = script(answer(200, job("job-2", "completed")), answer(200, job("job-1")))
    view = run(server, read)
    assert view is not None
    assert (view.id, view.finished) == ("job-1", False)


def test_a_job_id_cannot_lead_to_another_path() -> None:
    server = script(answer(404))

    async def odd(client: QualifiedClient) -> JobView | None:
        return await client.job("a/b?c#d e")

    assert run(server, odd) is None
    assert server.requests[0].url.raw_path == b"/v2/bulk/a%2Fb%3Fc%23d%20e"


@pytest.mark.parametrize(
    ("step", "scope"),
    [
        (answer(404, {"message": "Not found"}), BulkScope.GRANTED),
        (answer(403, {"code": "insufficient_scope"}), BulkScope.MISSING),
        (answer(400, {"code": "bad_request"}), BulkScope.UNCLEAR),
        (answer(200, job()), BulkScope.UNCLEAR),
        (httpx.Response(403, text="<html>"), BulkScope.UNCLEAR),
        (httpx.Response(404, text="<html>"), BulkScope.UNCLEAR),
    ],
)
def test_the_bulk_scope_is_found_out_without_writing(
    step: httpx.Response, scope: BulkScope
) -> None:
    server = script(step)
    assert run(server, probe) is scope
    assert [method for method, _ in paths(server)] == ["GET"]


def test_probing_with_a_bad_key_says_so() -> None:
    with pytest.raises(AuthError):
        run(script(answer(401, {"code": "invalid_token"})), probe)


def test_the_last_rate_limit_can_be_looked_at() -> None:
    headers = {
        "ratelimit_limit": "2000",
        "ratelimit_remaining": "1998",
        "ratelimit_reset": str(int(START) + 60),
    }
    server = script(answer(200, job(), **headers), answer(200, job()))

    async def look(client: QualifiedClient) -> list[RateLimit | None]:
        seen = [client.rate_limit]
        for _ in range(2):
            await client.job("job-1")
            seen.append(client.rate_limit)
        return seen

    seen = run(server, look)
    assert seen == [None, *[RateLimit(2_000, 1_998, START + 60)] * 2]
