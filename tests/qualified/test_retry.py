"""Which requests are repeated, how often, after how long, and what is said in the end."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.ports import JobView
from qsync.execution.remote import (
    AmbiguousError,
    AuthError,
    FinalError,
    RejectedBatchError,
    RemoteError,
    RetryableError,
    ScopeError,
    WaitTooLongError,
)
from qsync.qualified import QualifiedClient
from qsync.qualified.retry import BUDGET, RetryBudget, backoff
from tests.qualified.kit import ACCEPTED, BODY, PERSON, Script, Step, answer, job, run, script

SENTENCE = {"error": f"something about {PERSON}"}
HTML = httpx.Response(200, text=f"<html>Sign in, {PERSON}</html>")

LOST_ANSWERS: list[Step] = [
    httpx.ReadTimeout("x"),
    httpx.ReadError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.WriteError("x"),
    answer(500, SENTENCE),
    answer(502),
    answer(504),
    HTML,
    httpx.Response(202, content=b'{"job": {"id": "jo'),
]
"""After each of these a job may exist."""

NOTHING_HAPPENED: list[Step] = [
    answer(429),
    answer(429, retry_after="2"),
    answer(503),
    answer(503, retry_after="2"),
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.PoolTimeout("x"),
]
"""After each of these no job exists."""


async def submit(client: QualifiedClient) -> JobView:
    return await client.submit(BODY)


async def read(client: QualifiedClient) -> JobView | None:
    return await client.job("job-1")


def fails(server: Script, do: object, **settings: object) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        run(server, do, **settings)  # type: ignore[arg-type]
    assert PERSON not in f"{caught.value} {caught.value.hint} {caught.value.code}"
    return caught.value


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", LOST_ANSWERS + NOTHING_HAPPENED)
def test_reading_is_repeated_until_there_is_an_answer(step: Step) -> None:
    server = script(*[step] * 5, answer(200, ACCEPTED))
    assert run(server, read) == JobView("job-1", "enqueued", 0, 0)
    assert len(server.requests) == 6


@pytest.mark.parametrize("step", LOST_ANSWERS + NOTHING_HAPPENED)
def test_reading_is_given_up_after_six_attempts(step: Step) -> None:
    server = script(step)
    error = fails(server, read)
    assert type(error) is RetryableError
    assert "after 6 attempts" in error.message
    assert len(server.requests) == 6


def test_the_error_names_the_last_status_and_its_code() -> None:
    error = fails(script(answer(502), answer(500, {"code": "boom", "message": PERSON})), read)
    assert (error.status, error.code) == (500, "boom")
    assert "500 (boom)" in error.message


# --- Submitting ----------------------------------------------------------------------------------


@pytest.mark.proves(fault="429 or 503", promise="no row lost")
@pytest.mark.parametrize("step", NOTHING_HAPPENED)
def test_a_batch_that_cannot_have_arrived_is_sent_again_freely(step: Step) -> None:
    server = script(*[step] * 5, answer(202, ACCEPTED))
    assert run(server, submit).id == "job-1"
    assert {request.content for request in server.requests} == {BODY}
    assert len(server.requests) == 6


@pytest.mark.parametrize("step", NOTHING_HAPPENED)
def test_a_job_that_was_accepted_after_refusals_is_the_only_one(step: Step) -> None:
    assert run(script(step, step, answer(202, ACCEPTED)), submit).lost_answers == 0


@pytest.mark.parametrize("step", NOTHING_HAPPENED)
def test_a_batch_that_never_arrived_is_not_ambiguous(step: Step) -> None:
    error = fails(script(step), submit)
    assert type(error) is RetryableError


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@pytest.mark.proves(fault="garbage, HTML or truncated", promise="newest value wins")
@pytest.mark.parametrize("step", LOST_ANSWERS)
def test_a_batch_whose_answer_was_lost_is_sent_once_more_with_the_same_body(step: Step) -> None:
    server = script(step, answer(202, ACCEPTED))

    async def submit_and_count(client: QualifiedClient) -> tuple[str, int, int, int]:
        view = await client.submit(BODY)
        return view.id, view.lost_answers, client.tally.requests, client.tally.retries

    assert run(server, submit_and_count) == ("job-1", 1, 2, 1)
    assert {request.content for request in server.requests} == {BODY}


@pytest.mark.proves(fault="answer lost", promise="no false success")
@pytest.mark.parametrize("step", LOST_ANSWERS)
def test_a_batch_whose_answer_was_lost_twice_is_ambiguous(step: Step) -> None:
    server = script(step)
    error = fails(server, submit)
    assert type(error) is AmbiguousError
    assert "may exist" in error.message
    assert len(server.requests) == 2


@pytest.mark.proves(fault="answer lost", promise="no false success")
def test_a_batch_stays_ambiguous_whatever_follows_the_lost_answer() -> None:
    later_steps: list[Step] = [answer(429), answer(401), answer(403), answer(307)]
    for later in [*later_steps, httpx.ConnectError("x")]:
        error = fails(script(answer(502), later), submit)
        assert type(error) is AmbiguousError, later


def test_an_answer_about_the_body_is_about_the_first_copy_too() -> None:
    assert type(fails(script(answer(502), answer(422)), submit)) is RejectedBatchError
    assert type(fails(script(answer(502), answer(400)), submit)) is FinalError


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@given(st.lists(st.sampled_from(LOST_ANSWERS + NOTHING_HAPPENED), min_size=1, max_size=8))
def test_no_more_than_two_jobs_can_come_of_one_batch_and_none_is_denied(steps: list[Step]) -> None:
    server = script(*steps, answer(202, ACCEPTED))

    async def outcome(client: QualifiedClient) -> type[RemoteError] | None:
        try:
            await client.submit(BODY)
        except RemoteError as error:
            return type(error)
        return None

    end = run(server, outcome)
    met = [*steps, answer(202)][: len(server.requests)]
    lost = sum(any(step is one for one in LOST_ANSWERS) for step in met)
    assert lost <= 2
    assert len(server.requests) <= 6
    if end is not None:
        assert end is (AmbiguousError if lost else RetryableError)


# --- Answers that stay the same ------------------------------------------------------------------


@pytest.mark.proves(fault="401 or 403", promise="ends cleanly")
@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, AuthError, "QUALIFIED_API_KEY"),
        (403, ScopeError, "bulk_job:manage"),
        (422, RejectedBatchError, None),
        (400, FinalError, None),
        (404, FinalError, None),
        (405, FinalError, None),
        (413, FinalError, None),
        (301, FinalError, "base_url"),
        (307, FinalError, "base_url"),
    ],
)
def test_an_answer_that_stays_the_same_is_asked_for_once(
    status: int, kind: type[FinalError], hint: str | None
) -> None:
    payload = {"code": "because", "message": PERSON}
    server = script(answer(status, payload, location="http://elsewhere.test/"))
    error = fails(server, submit)
    assert type(error) is kind
    assert error.status == status
    assert hint is None or (error.hint is not None and hint in error.hint)
    assert len(server.requests) == 1


def test_reading_jobs_takes_a_smaller_scope_than_submitting_them() -> None:
    error = fails(script(answer(403, {"code": "insufficient_scope"})), read)
    assert type(error) is ScopeError
    assert error.code == "insufficient_scope"
    assert error.hint is not None
    assert "bulk_job:view" in error.hint


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="ends cleanly")
def test_a_403_that_is_a_web_page_is_said_to_come_from_something_in_between() -> None:
    error = fails(script(httpx.Response(403, text="<html>Blocked</html>")), submit)
    assert type(error) is ScopeError
    assert error.hint is not None
    assert "proxy or a firewall" in error.hint


@pytest.mark.proves(fault="redirect", promise="nothing leaks")
def test_a_redirect_is_refused_and_the_key_goes_nowhere_else() -> None:
    server = script(answer(308, location="http://elsewhere.test/v2/bulk"), answer(202, ACCEPTED))
    assert "redirects are refused" in fails(server, submit).message
    assert [request.url.host for request in server.requests] == ["qualified.test"]


# --- How long ------------------------------------------------------------------------------------


def waits(server: Script) -> list[float]:
    """Seconds between one attempt and the next."""
    return [b - a for a, b in zip(server.times, server.times[1:], strict=False)]


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_backoff_is_anything_from_nothing_to_a_bound_that_doubles_up_to_a_minute(
    attempt: int, seed: int
) -> None:
    assert 0 <= backoff(attempt, random.Random(seed)) <= min(60, 2**attempt)


def test_backoff_uses_the_whole_range() -> None:
    rng = random.Random(1)
    drawn = [backoff(3, rng) for _ in range(200)]
    assert min(drawn) < 0.5
    assert max(drawn) > 7.5


def test_attempts_are_apart_by_the_backoff() -> None:
    server = script(answer(502))
    fails(server, read)
    expected = random.Random(7)
    assert waits(server) == pytest.approx([backoff(n, expected) for n in range(1, 6)])


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_is_waited_for_exactly(status: int) -> None:
    server = script(answer(status, retry_after="33"), answer(200, ACCEPTED))
    run(server, read)
    assert waits(server) == pytest.approx([33.0])


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
def test_retry_after_as_a_date_is_waited_for() -> None:
    step = answer(
        429,
        date="Tue, 14 Jul 2026 12:00:00 GMT",
        retry_after="Tue, 14 Jul 2026 12:01:10 GMT",
    )
    server = script(step, answer(200, ACCEPTED))
    run(server, read)
    assert waits(server) == pytest.approx([70.0])


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
def test_what_one_request_is_asked_to_wait_holds_the_others_back_too() -> None:
    server = script(answer(429, retry_after="100"), answer(200, ACCEPTED))

    async def both(client: QualifiedClient) -> None:
        first = asyncio.create_task(client.job("job-1"))
        await server.clock.sleep(40)
        await asyncio.gather(first, client.job("job-1"))

    run(server, both)
    assert server.times == pytest.approx([0, 100, 100])


@pytest.mark.proves(fault="429 or 503", promise="ends cleanly")
def test_a_longer_wait_than_the_bound_is_an_error_at_once_and_for_everybody() -> None:
    server = script(answer(429, retry_after="3600"))

    async def twice(client: QualifiedClient) -> None:
        for _ in range(2):
            with pytest.raises(WaitTooLongError, match="Qualified asks to wait 3600") as caught:
                await client.submit(BODY)
            assert caught.value.seconds == 3600

    run(server, twice)
    assert len(server.requests) == 1
    assert server.clock.elapsed == 0


def test_several_waits_that_exceed_the_bound_together_are_an_error() -> None:
    server = script(answer(429, retry_after="400"))
    assert type(fails(server, submit, max_wait=900)) is WaitTooLongError
    assert server.times == pytest.approx([0, 400, 800])


def test_backoff_counts_towards_the_bound() -> None:
    server = script(answer(502))
    error = fails(server, read, max_wait=1.0)
    assert "within 1 seconds" in error.message
    assert server.clock.elapsed <= 1.0


# --- Under load ----------------------------------------------------------------------------------


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
@pytest.mark.parametrize("status", [429, 503])
def test_too_many_in_flight_halves_them_and_all_get_through(status: int) -> None:
    server = script(seconds=1.0)
    refused = 0

    def at_most_two(request: httpx.Request) -> httpx.Response:
        nonlocal refused
        if server.in_flight >= 2:
            refused += 1
            return answer(status)
        return answer(200, ACCEPTED)

    server.steps = [at_most_two]

    async def many(client: QualifiedClient) -> None:
        await asyncio.gather(*(client.job("job-1") for _ in range(60)))

    run(server, many)
    assert server.most_in_flight == 5
    assert refused < 20


def test_the_budget_pays_for_a_hundred_retries_or_fifty_timeouts() -> None:
    budget = RetryBudget()
    assert sum(budget.spend(5) for _ in range(200)) == 100
    budget = RetryBudget()
    assert sum(budget.spend(10) for _ in range(200)) == 50


def test_success_refills_the_budget_one_by_one_and_never_beyond_its_beginning() -> None:
    budget = RetryBudget()
    budget.earn()
    assert budget.tokens == BUDGET
    budget.spend(10)
    budget.earn()
    assert budget.tokens == BUDGET - 9


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
def test_a_server_that_fails_throughout_is_soon_asked_only_once_a_call() -> None:
    server = script(answer(502))

    async def storm(client: QualifiedClient) -> list[str]:
        said: list[str] = []
        for _ in range(100):
            try:
                await client.job("job-1")
            except RetryableError as error:
                said.append(error.message)
        return said

    said = run(server, storm)
    assert "after 6 attempts" in said[0]
    assert "too many requests of this run have failed" in said[-1]
    assert len(server.requests) == 100 + BUDGET // 5


def test_calls_that_succeed_pay_for_the_retries_of_others() -> None:
    # Four retries for every twenty answers: as much as they earn.
    server = script(*([answer(502)] * 4 + [answer(200, ACCEPTED)] * 20) * 30)

    async def work(client: QualifiedClient) -> None:
        for _ in range(20 * 30):
            await client.job("job-1")

    run(server, work)
    assert len(server.requests) == 24 * 30


def test_timeouts_cost_twice_as_much() -> None:
    server = script(httpx.ReadTimeout("x"))

    async def storm(client: QualifiedClient) -> None:
        for _ in range(100):
            with pytest.raises(RetryableError):
                await client.job("job-1")

    run(server, storm)
    assert len(server.requests) == 100 + BUDGET // 10


def test_every_request_is_counted_and_repetitions_once_more() -> None:
    server = script(answer(429), httpx.ConnectError("x"), answer(200, job()))

    async def counted(client: QualifiedClient) -> tuple[int, int]:
        await client.job("job-1")
        await client.job("job-1")
        return client.tally.requests, client.tally.retries

    assert run(server, counted) == (4, 2)
