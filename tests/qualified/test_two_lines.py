"""Submits and everything else wait in two lines, and a submit leaves room to read open jobs."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.project.model import LimitSettings
from qsync.qualified import QualifiedClient
from qsync.qualified.quota import Quota
from qsync.qualified.windows import DAY, HOUR, QUARTER
from tests.qualified.kit import ACCEPTED, BODY, Script, answer, client_of, run, script
from tests.support.virtual_time import START, VirtualClock

SLACK = 0.2


def when(server: Script, method: str) -> list[float]:
    """Seconds after which requests of a method were sent."""
    sent = zip(server.requests, server.times, strict=True)
    return [at for request, at in sent if request.method == method]


def both(request: httpx.Request) -> httpx.Response:
    return answer(202 if request.method == "POST" else 200, ACCEPTED)


def test_a_poll_goes_while_a_submit_waits_for_a_window() -> None:
    server = script(both)

    async def main(client: QualifiedClient) -> None:
        await client.submit(BODY)
        waiting = asyncio.create_task(client.submit(BODY, reserve=2))
        await server.clock.sleep(1)
        await client.job("job-1")
        await client.job("job-1")
        await waiting

    run(server, main, limits=LimitSettings(share=1.0, per_15m=3))
    assert when(server, "GET") == [1.0, 1.0]
    assert when(server, "POST") == [0.0, pytest.approx(QUARTER + 1, abs=SLACK)]


@pytest.mark.proves(fault="quota spent by others", promise="every row accounted for")
def test_a_submit_leaves_every_window_room_for_the_polls_it_is_told_of() -> None:
    server = script(both)

    async def main(client: QualifiedClient) -> None:
        submits = [asyncio.create_task(client.submit(BODY, reserve=4)) for _ in range(8)]
        await server.clock.sleep(10)
        for _ in range(4):
            await client.job("job-1")
        for task in submits:
            task.cancel()
        await asyncio.gather(*submits, return_exceptions=True)

    for window in ("per_15m", "per_hour", "per_day"):
        server = script(both)
        sizes = {"per_15m": 100, "per_hour": 100, "per_day": 100, window: 10}
        run(server, main, limits=LimitSettings(1.0, 5, **sizes))
        assert when(server, "POST") == [0.0] * 6
        assert when(server, "GET") == [10.0] * 4


@pytest.mark.proves(fault="quota spent by others", promise="every row accounted for")
def test_with_the_day_spent_the_open_jobs_are_still_read() -> None:
    server = script(both)
    limits = LimitSettings(share=1.0, per_day=50)

    async def main(client: QualifiedClient) -> None:
        client.remember([(START - 3 * HOUR, 40)])
        submits = [asyncio.create_task(client.submit(BODY, reserve=5)) for _ in range(9)]
        await server.clock.sleep(60)
        for _ in range(5):
            await client.job("job-1")
        await asyncio.gather(*submits)

    run(server, main, limits=limits)
    assert when(server, "GET") == [60.0] * 5
    sent = when(server, "POST")
    assert sent[:5] == [0.0] * 5
    assert sent[5:] == pytest.approx([DAY - 3 * HOUR] * 4, abs=SLACK)


@given(st.integers(1, 6), st.integers(0, 50), st.integers(1, 5), st.floats(0, 290))
def test_whatever_is_to_be_reserved_every_submit_goes_in_the_end(
    size: int, reserve: int, in_flight: int, seconds: float
) -> None:
    server = Script(VirtualClock(), [both], seconds)

    async def main(client: QualifiedClient) -> None:
        submits = [client.submit(BODY, reserve=reserve) for _ in range(4)]
        polls = [client.job("job-1") for _ in range(4)]
        await asyncio.gather(*submits, *polls)

    run(server, main, limits=LimitSettings(1.0, in_flight, per_15m=size))
    assert len(server.requests) == 8


def test_a_submit_that_waits_for_a_place_in_flight_is_not_overtaken_for_ever() -> None:
    server = script(both, seconds=1.0)

    async def main(client: QualifiedClient) -> None:
        polls = [asyncio.create_task(client.job("job-1")) for _ in range(20)]
        await client.submit(BODY)
        await asyncio.gather(*polls)

    run(server, main, limits=LimitSettings(in_flight=1))
    assert when(server, "POST")[0] <= 3.0


def test_both_lines_wait_for_what_the_server_asked() -> None:
    server = script(answer(429, retry_after="50"), both)

    async def main(client: QualifiedClient) -> None:
        first = asyncio.create_task(client.job("job-1"))
        await server.clock.sleep(1)
        await asyncio.gather(first, client.submit(BODY), client.job("job-1"))

    run(server, main)
    assert server.times == [0.0, 50.0, 50.0, 50.0]


def test_what_is_waited_for_next_can_be_seen_while_both_lines_wait() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(share=1.0, per_15m=2), clock)
    seen: list[float | None] = []

    async def one(reserve: int | None) -> None:
        async with quota.slot(0.0, reserve):
            pass

    async def main() -> None:
        await one(None)
        await clock.sleep(100)
        await one(None)
        waiting = [asyncio.create_task(one(reserve)) for reserve in (1, None)]
        await clock.sleep(1)
        seen.append(quota.waiting_until)
        await asyncio.gather(*waiting)
        seen.append(quota.waiting_until)

    clock.run(main())
    assert seen == [pytest.approx(START + QUARTER, abs=SLACK), None]


def test_requests_remembered_later_count_beside_those_made_meanwhile() -> None:
    clock = VirtualClock()
    server = Script(clock, [both])

    async def main() -> None:
        limits = LimitSettings(share=1.0, per_15m=10)
        async with client_of(server, clock, limits=limits, spent=[(START - 800, 2)]) as client:
            for _ in range(3):
                await client.job("job-1")
            await clock.sleep(50)
            client.remember([(START + 50, 1), (START - 500, 3)])
            await asyncio.gather(*(client.job("job-1") for _ in range(7)))

    clock.run(main())
    # Of ten, nine are spent: two leave at 100, three at 400, and the first three polls at 900.
    expected = [0.0] * 3 + [50.0] + [100.0] * 2 + [400.0] * 3 + [900.0]
    assert server.times == pytest.approx(expected, abs=0.5)


def test_an_absurd_memory_costs_no_memory_and_holds_no_longer_than_a_day() -> None:
    clock = VirtualClock()
    server = Script(clock, [both])

    async def main() -> None:
        async with client_of(server, clock) as client:
            client.remember([(START + 10**9, 10**12), (START - 10**9, 10**12), (START, -5)])
            await client.job("job-1")

    clock.run(main())
    assert server.times == pytest.approx([DAY], abs=SLACK)
