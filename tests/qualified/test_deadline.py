"""No wait is begun that would end after the run's deadline; what need not wait still goes."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from qsync.execution.remote import AmbiguousError, RemoteError, WaitTooLongError
from qsync.project.model import LimitSettings
from qsync.qualified import QualifiedClient
from tests.qualified.kit import ACCEPTED, BODY, Script, answer, run, script

BEGAN = 1_000.0
"""`monotonic()` of a new virtual clock."""


def ends(server: Script, seconds: float, post: bool = True, **settings: object) -> RemoteError:
    """The error of one call with so many seconds until the deadline."""

    async def main(client: QualifiedClient) -> RemoteError:
        client.end_by(BEGAN + seconds)
        with pytest.raises(RemoteError) as caught:
            await (client.submit(BODY) if post else client.job("job-1"))
        return caught.value

    error = run(server, main, **settings)
    assert "Running again is safe" in (error.hint or "")
    return error


def test_waiting_for_ones_own_window_beyond_the_deadline_names_the_quota() -> None:
    server = script(answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> WaitTooLongError:
        client.end_by(BEGAN + 600)
        await client.submit(BODY)
        with pytest.raises(WaitTooLongError) as caught:
            await client.submit(BODY)
        return caught.value

    error = run(server, main, limits=LimitSettings(share=1.0, per_15m=1))
    assert error.seconds == pytest.approx(900, abs=0.2)
    assert "The team's quota as configured leaves no room" in error.message
    assert "901 seconds" in error.message
    assert server.clock.elapsed == 0


def test_a_server_that_asks_to_wait_beyond_the_deadline_is_named() -> None:
    server = script(answer(429, retry_after="300"), answer(202, ACCEPTED))
    error = ends(server, 299)
    assert type(error) is WaitTooLongError
    assert error.seconds == 300
    assert "Qualified asks to wait 300 seconds" in error.message
    assert "deadline" in error.message
    assert server.times == [0.0]


def test_a_window_that_others_have_spent_is_said_to_be_the_servers_wait() -> None:
    spent = {"ratelimit_limit": "2000", "ratelimit_remaining": "0"}
    reset = str(1_750_000_000 + 400)
    server = script(answer(202, ACCEPTED, ratelimit_reset=reset, **spent))

    async def main(client: QualifiedClient) -> str:
        client.end_by(BEGAN + 399)
        await client.submit(BODY)
        with pytest.raises(WaitTooLongError) as caught:
            await client.job("job-1")
        return caught.value.message

    assert "Qualified asks to wait 400 seconds" in run(server, main)


def test_a_backoff_beyond_the_deadline_is_not_waited_for() -> None:
    server = script(answer(502))
    error = ends(server, 0.0, post=False)
    assert type(error) is WaitTooLongError
    assert "Qualified answered 502" in error.message
    assert "after the run's deadline" in error.message
    assert len(server.requests) == 1


@pytest.mark.proves(fault="answer lost", promise="no false success")
@pytest.mark.parametrize("later", [answer(429, retry_after="300"), answer(500, retry_after="300")])
def test_a_post_whose_answer_was_lost_is_ambiguous_even_when_the_deadline_ends_it(
    later: httpx.Response,
) -> None:
    server = script(httpx.ReadError("x"), later)
    assert type(ends(server, 100)) is AmbiguousError
    assert type(ends(script(httpx.ReadError("x")), 0.0)) is AmbiguousError
    assert type(ends(script(answer(500, retry_after="3600")), 10_000)) is AmbiguousError


def test_waits_that_end_in_time_are_waited_for() -> None:
    server = script(answer(429, retry_after="300"), answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> str:
        client.end_by(BEGAN + 301)
        return (await client.submit(BODY)).id

    assert run(server, main) == "job-1"
    assert server.times == [0.0, 300.0]


def test_after_the_deadline_what_need_not_wait_still_goes() -> None:
    server = script(answer(200, ACCEPTED), seconds=1.0)

    async def main(client: QualifiedClient) -> None:
        client.end_by(BEGAN + 10)
        await server.clock.sleep(100)
        await asyncio.gather(*(client.job("job-1") for _ in range(7)))

    run(server, main, limits=LimitSettings(in_flight=2))
    assert len(server.requests) == 7


def test_a_deadline_can_be_taken_back() -> None:
    server = script(answer(429, retry_after="300"), answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> None:
        client.end_by(BEGAN)
        client.end_by(None)
        await client.submit(BODY)

    run(server, main)
    assert server.times == [0.0, 300.0]


def test_everybody_who_waits_in_line_hears_of_it_at_once() -> None:
    server = script(answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> list[type[BaseException]]:
        client.end_by(BEGAN + 600)
        await client.submit(BODY)
        calls = [client.submit(BODY) for _ in range(3)]
        polls = [client.job("job-1") for _ in range(3)]
        found = await asyncio.gather(*calls, *polls, return_exceptions=True)
        return [type(error) for error in found if isinstance(error, BaseException)]

    assert run(server, main, limits=LimitSettings(share=1.0, per_15m=1)) == [WaitTooLongError] * 6
    assert server.clock.elapsed == 0
