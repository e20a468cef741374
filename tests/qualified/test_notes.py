"""Requests are put down before they are made, by minute, and counted when they are."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.project.model import LimitSettings
from qsync.qualified import QualifiedClient
from tests.qualified.kit import ACCEPTED, Script, answer, run, script
from tests.support.virtual_time import START, VirtualClock

MINUTE = START // 60 * 60
"""The minute in which a virtual clock begins; 40 seconds of it are over."""


class Notebook:
    """Where notes go; putting one down takes its time."""

    def __init__(self, clock: VirtualClock, seconds: float = 0.0) -> None:
        self.clock = clock
        self.seconds = seconds
        self.notes: list[tuple[float, int]] = []

    async def note(self, minute: float, requests: int) -> None:
        await self.clock.sleep(self.seconds)
        self.notes.append((minute, requests))

    def noted(self, minute: float) -> int:
        return sum(count for at, count in self.notes if at == minute)


async def poll(client: QualifiedClient, times: int) -> None:
    await asyncio.gather(*(client.job("job-1") for _ in range(times)))


def test_a_minute_is_noted_before_its_first_request_and_again_when_that_is_used_up() -> None:
    server = script(answer(200, ACCEPTED))
    book = Notebook(server.clock)

    async def main(client: QualifiedClient) -> None:
        client.note_requests(book.note, every=10)
        await poll(client, 1)
        assert book.notes == [(MINUTE, 10)]
        await poll(client, 9)
        assert book.notes == [(MINUTE, 10)]
        await poll(client, 1)
        assert book.notes == [(MINUTE, 10)] * 2
        await server.clock.sleep(45)
        await poll(client, 1)
        assert book.notes == [(MINUTE, 10), (MINUTE, 10), (MINUTE + 60, 10)]

    run(server, main)


def test_requests_that_go_at_once_note_their_minute_once() -> None:
    server = script(answer(200, ACCEPTED))
    book = Notebook(server.clock, seconds=3.0)

    async def main(client: QualifiedClient) -> None:
        client.note_requests(book.note)
        await poll(client, 5)

    run(server, main)
    assert book.notes == [(MINUTE, 100)]
    assert server.times == [3.0] * 5


def test_a_note_that_takes_until_the_next_minute_is_followed_by_one_for_that() -> None:
    server = script(answer(200, ACCEPTED))
    book = Notebook(server.clock, seconds=25.0)

    async def main(client: QualifiedClient) -> dict[int, int]:
        client.note_requests(book.note, every=5)
        await poll(client, 1)
        return client.tally.by_minute

    # Put down from second 40 on into the next minute, then from its second 5 to 30.
    assert run(server, main) == {int(MINUTE) + 60: 1}
    assert book.notes == [(MINUTE, 5), (MINUTE + 60, 5)]


@pytest.mark.proves(fault="warehouse refuses", promise="quota kept")
def test_what_cannot_be_noted_is_not_sent() -> None:
    server = script(answer(200, ACCEPTED))

    async def broken(minute: float, requests: int) -> None:
        raise OSError("the warehouse is gone")

    async def main(client: QualifiedClient) -> int:
        client.note_requests(broken)
        for _ in range(12):
            with pytest.raises(OSError, match="the warehouse is gone"):
                await client.job("job-1")
        return client.tally.requests

    assert run(server, main) == 0
    assert server.requests == []


DELAYS = st.lists(st.floats(0, 100), min_size=1, max_size=30)
STEPS = st.lists(
    st.sampled_from([answer(200, ACCEPTED), answer(502), answer(429), httpx.ReadError("x")]),
    min_size=1,
    max_size=20,
)


@pytest.mark.proves(fault="process killed", promise="quota kept")
@given(DELAYS, STEPS, st.integers(1, 7), st.floats(0, 20), st.floats(0, 90))
def test_a_minute_never_has_more_requests_than_noted_for_it(
    delays: list[float],
    steps: list[object],
    every: int,
    note_seconds: float,
    seconds: float,
) -> None:
    clock = VirtualClock()
    book = Notebook(clock, note_seconds)
    made: Counter[float] = Counter()

    def noted(request: httpx.Request) -> httpx.Response:
        minute = clock.time() // 60 * 60
        made[minute] += 1
        assert made[minute] <= book.noted(minute)
        step = steps[made.total() % len(steps)]
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, httpx.Response)
        return httpx.Response(step.status_code, content=step.content)

    server = Script(clock, [noted])

    async def one(client: QualifiedClient, after: float) -> None:
        await clock.sleep(after)
        await client.job("job-1")
        await clock.sleep(seconds)

    async def main(client: QualifiedClient) -> dict[int, int]:
        client.note_requests(book.note, every=every)
        await asyncio.gather(*(one(client, after) for after in delays), return_exceptions=True)
        return client.tally.by_minute

    tallied = run(server, main, limits=LimitSettings(in_flight=3, per_15m=25))
    assert tallied == dict(made)


def test_the_tally_tells_requests_by_minute_and_how_long_they_took() -> None:
    server = script(answer(502), answer(200, ACCEPTED), seconds=7.0)

    async def main(client: QualifiedClient) -> QualifiedClient:
        await client.job("job-1")
        await server.clock.sleep(60)
        await poll(client, 3)
        return client

    tally = run(server, main).tally
    assert (tally.requests, tally.retries) == (5, 1)
    assert sum(tally.by_minute.values()) == 5
    assert [minute % 60 for minute in tally.by_minute] == [0, 0]
    assert tally.seconds == pytest.approx(5 * 7.0)
