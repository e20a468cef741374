"""A client makes no more requests than it may, and reads what a refusal names."""

from __future__ import annotations

import asyncio

import pytest

from qsync.execution.remote import AmbiguousError, RejectedBatchError, RequestsSpentError
from qsync.qualified import QualifiedClient
from qsync.qualified.answers import named_items
from qsync.qualified.wire import Reply
from tests.qualified.kit import ACCEPTED, BODY, answer, job, run, script


def test_requests_at_once_are_no_more_than_may_be_made() -> None:
    server = script(answer(202, ACCEPTED), seconds=0.5)

    async def many(client: QualifiedClient) -> list[object]:
        client.at_most(3)
        submits = (client.submit(BODY) for _ in range(8))
        return list(await asyncio.gather(*submits, return_exceptions=True))

    results = run(server, many)
    refused = [item for item in results if isinstance(item, RequestsSpentError)]
    assert (len(server.requests), len(refused)) == (3, 5)


def test_a_retry_counts_as_a_request() -> None:
    server = script(answer(429, retry_after="1"))

    async def read(client: QualifiedClient) -> object:
        client.at_most(2)
        return await client.job("job-1")

    with pytest.raises(RequestsSpentError):
        run(server, read)
    assert len(server.requests) == 2


@pytest.mark.proves(fault="answer lost", promise="no false success")
def test_a_submit_whose_answer_was_lost_with_the_last_request_stays_ambiguous() -> None:
    server = script(answer(500))

    async def submit(client: QualifiedClient) -> object:
        client.at_most(1)
        try:
            return await client.submit(BODY)
        finally:
            assert client.tally.lost_submits == 1

    with pytest.raises(AmbiguousError):
        run(server, submit)
    assert len(server.requests) == 1


def test_lost_answers_of_submits_are_counted_and_those_of_reads_are_not() -> None:
    server = script(
        answer(500), answer(202, ACCEPTED), answer(500), answer(200, job(status="completed"))
    )

    async def both(client: QualifiedClient) -> int:
        await client.submit(BODY)
        await client.job("job-1")
        return client.tally.lost_submits

    assert run(server, both) == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"code": "invalid_items", "message": "items[12] is invalid"}, {12}),
        ({"error": "Invalid", "details": {"failed_field": "items.3.data.email"}}, {3}),
        ({"errors": [{"path": "/items/7/data"}, {"path": "/items/499"}]}, {7, 499}),
        ({"code": "invalid_items", "message": "items must be an array with size 1..500"}, set()),
        ({"message": "500 items, 3 invalid"}, set()),
        ({"message": "items[123456789] is invalid"}, set()),
        ([], set()),
    ],
)
def test_places_of_items_are_read_where_a_refusal_seems_to_name_them(
    body: object, named: set[int]
) -> None:
    reply = answer(422, body)
    assert named_items(Reply(422, {}, reply.content)) == named

    async def submit(client: QualifiedClient) -> object:
        return await client.submit(BODY)

    with pytest.raises(RejectedBatchError) as raised:
        run(script(reply), submit)
    assert raised.value.named == named
