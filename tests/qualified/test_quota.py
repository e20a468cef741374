"""The quota: no trace of one client exceeds a window, and what may be spent is spent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.project.model import LimitSettings
from qsync.qualified.quota import MAX_IN_FLIGHT, Quota, TooLongError
from qsync.qualified.windows import DAY, HOUR, QUARTER
from tests.support.virtual_time import START, VirtualClock

SLACK = 0.2


@dataclass(frozen=True)
class Request:
    """One request of a trace, in seconds after the clock's beginning."""

    after: float
    """When somebody wants to make it."""
    travels: float
    """Until the server sees it."""
    returns: float
    """From then until its answer."""
    headers: Mapping[str, str]
    outcome: str


SECONDS = st.one_of(st.just(0.0), st.floats(0, 60), st.floats(0, 2_000))
NUMBERS = st.one_of(st.integers(-1, 20), st.sampled_from([10**6, int(START), int(START) + 300]))
HEADERS: st.SearchStrategy[Mapping[str, str]] = st.one_of(
    st.just({}),
    st.builds(
        lambda limit, remaining, reset: {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(reset),
        },
        NUMBERS,
        NUMBERS,
        NUMBERS,
    ),
)
REQUESTS = st.lists(
    st.builds(
        Request, SECONDS, SECONDS, SECONDS, HEADERS, st.sampled_from(["fine", "overloaded", "hold"])
    ),
    min_size=1,
    max_size=40,
)
LIMITS = st.builds(
    LimitSettings,
    share=st.sampled_from([1.0, 0.9, 0.5, 0.01]),
    in_flight=st.integers(1, 12),
    per_15m=st.integers(1, 8),
    per_hour=st.integers(1, 16),
    per_day=st.integers(10, 30),
)
SPENT = st.lists(st.tuples(st.floats(-90_000, 60), st.integers(0, 12)), max_size=4)


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
@settings(max_examples=200)
@given(requests=REQUESTS, limits=LIMITS, spent=SPENT)
def test_no_trace_exceeds_a_window_or_the_places_in_flight(
    requests: list[Request], limits: LimitSettings, spent: list[tuple[float, int]]
) -> None:
    clock = VirtualClock()
    quota = Quota(limits, clock, [(START + at, count) for at, count in spent])
    seen: list[float] = []
    most_in_flight = 0

    async def make(request: Request) -> None:
        nonlocal most_in_flight
        await clock.sleep(request.after)
        async with quota.slot(patience=10 * DAY) as slot:
            most_in_flight = max(most_in_flight, quota.in_flight)
            await clock.sleep(request.travels)
            seen.append(clock.elapsed)
            await clock.sleep(request.returns)
            quota.heed(request.headers)
            if request.outcome == "overloaded":
                slot.overloaded()
            elif request.outcome == "hold":
                quota.hold(request.travels)
            else:
                slot.succeeded()

    async def main() -> None:
        await asyncio.gather(*(make(request) for request in requests))

    clock.run(main())
    assert len(seen) == len(requests)
    assert most_in_flight <= min(limits.in_flight, MAX_IN_FLIGHT)
    for seconds, limit in [
        (QUARTER, limits.per_15m),
        (HOUR, limits.per_hour),
        (DAY, limits.per_day),
    ]:
        before = [min(at, 0.0) for at, count in spent for _ in range(count)]
        for at in seen:
            window = [time for time in (*before, *seen) if at - seconds < time <= at]
            assert len(window) <= max(1, int(limit * limits.share))


def spend(
    quota: Quota, clock: VirtualClock, count: int, *, seconds: float = 0.0, patience: float = 900.0
) -> list[float]:
    """Make so many requests as fast as the quota lets them go: when each was sent."""
    sent: list[float] = []

    async def one() -> None:
        async with quota.slot(patience):
            sent.append(clock.elapsed)
            await clock.sleep(seconds)

    async def main() -> None:
        await asyncio.gather(*(one() for _ in range(count)))

    clock.run(main())
    return sent


def test_the_share_of_a_window_goes_at_once_and_the_next_when_the_first_has_left_it() -> None:
    clock = VirtualClock()
    sent = spend(Quota(LimitSettings(), clock), clock, 1_801)
    assert sent[1_799] == 0.0
    assert sent[1_800] == pytest.approx(QUARTER, abs=SLACK)


def test_ten_million_rows_at_one_poll_a_job_take_six_hours_and_a_quarter() -> None:
    clock = VirtualClock()
    sent = spend(Quota(LimitSettings(), clock), clock, 40_000, seconds=0.1)
    assert sent[-1] == pytest.approx(6.25 * HOUR, rel=0.01)


def test_five_are_in_flight_unless_asked_otherwise_and_never_more_than_ten() -> None:
    assert Quota(LimitSettings(), VirtualClock()).places == 5
    assert Quota(LimitSettings(in_flight=64), VirtualClock()).places == 10
    assert Quota(LimitSettings(in_flight=0), VirtualClock()).places == 1


@pytest.mark.proves(fault="quota spent by others", promise="quota kept")
def test_requests_of_earlier_runs_leave_less_for_this_one() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(), clock, [(START - 300, 1_000), (START - 100, 700)])
    sent = spend(quota, clock, 101)
    assert sent[99] == 0.0
    assert sent[100] == pytest.approx(600, abs=SLACK)


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
def test_overload_halves_the_places_once_for_all_that_were_in_flight_together() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(in_flight=8), clock)

    async def overloaded() -> None:
        async with quota.slot(0.0) as slot:
            await clock.sleep(1)
            slot.overloaded()

    async def main() -> None:
        await asyncio.gather(*(overloaded() for _ in range(8)))

    clock.run(main())
    assert quota.places == 4
    clock.run(overloaded())
    assert quota.places == 2


def test_places_grow_back_slowly_and_not_beyond_where_they_began() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(in_flight=4), clock)
    quota.shrink(0)

    async def succeed(times: int) -> None:
        for _ in range(times):
            async with quota.slot(0.0) as slot:
                slot.succeeded()

    places: list[int] = []
    for _ in range(4):
        clock.run(succeed(11))
        places.append(quota.places)
    assert places == [3, 4, 4, 4]


def test_everybody_waits_together_for_what_one_was_asked() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(), clock)
    quota.hold(30)
    quota.hold(10)
    assert spend(quota, clock, 3) == [30.0, 30.0, 30.0]


def test_a_wait_beyond_the_patience_of_a_caller_is_refused_at_once() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(), clock)
    quota.hold(901)
    with pytest.raises(TooLongError):
        spend(quota, clock, 1)
    assert clock.elapsed == 0


def test_waiting_for_ones_own_windows_needs_no_patience_and_can_be_seen() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(per_15m=1), clock)
    seen: list[float | None] = []

    async def main() -> None:
        async with quota.slot(0.0):
            pass
        waiting = asyncio.create_task(one())
        await clock.sleep(1)
        seen.append(quota.waiting_until)
        await waiting
        seen.append(quota.waiting_until)

    async def one() -> None:
        async with quota.slot(0.0):
            pass

    clock.run(main())
    assert seen == [pytest.approx(START + QUARTER, abs=SLACK), None]


def rate(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(int(reset)),
    }


def test_a_team_with_a_smaller_limit_than_set_is_not_asked_for_more() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(share=0.5), clock)
    quota.heed(rate(10, 10, START + 900))
    sent = spend(quota, clock, 6)
    assert sent[4] == 0.0
    assert sent[5] == pytest.approx(QUARTER, abs=SLACK)


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="quota kept")
def test_a_larger_limit_in_the_headers_lets_no_more_go_than_was_set() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(share=1.0, per_15m=3), clock)
    quota.heed(rate(2_000, 1_999, START + 900))
    assert spend(quota, clock, 4)[3] == pytest.approx(QUARTER, abs=SLACK)


@pytest.mark.proves(fault="quota spent by others", promise="quota kept")
def test_when_others_have_spent_the_teams_window_requests_wait_for_its_reset() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(), clock)
    quota.heed(rate(2_000, 0, START + 240))
    assert spend(quota, clock, 1, patience=0.0)[0] == pytest.approx(240, abs=1)
    assert quota.rate_limit is not None
    assert quota.rate_limit.remaining == 0


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="ends cleanly")
def test_an_absurd_reset_holds_requests_no_longer_than_the_window_it_speaks_of() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(), clock)
    quota.heed(rate(2_000, 0, START * 1_000))
    assert spend(quota, clock, 1)[0] == pytest.approx(QUARTER, abs=1)


def test_a_cancelled_request_gives_its_place_back() -> None:
    clock = VirtualClock()
    quota = Quota(LimitSettings(in_flight=1), clock)

    async def stuck() -> None:
        async with quota.slot(0.0):
            await clock.sleep(10_000)

    async def main() -> None:
        tasks = [asyncio.create_task(stuck()) for _ in range(3)]
        await clock.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with quota.slot(0.0):
            assert quota.in_flight == 1

    clock.run(main())
    assert (quota.in_flight, clock.elapsed) == (0, 1.0)
