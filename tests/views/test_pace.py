"""Rate and time left: by what was measured, and by what the request quota allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.deliver import DeliveryProgress
from qsync.views.pace import Pace, requests_left


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def standing(done: int, planned: int = 10_000, open_jobs: int = 0) -> DeliveryProgress:
    """How a delivery stands."""
    return DeliveryProgress(planned, done, 0, 0, 0, 0, open_jobs)


def paced(quota: Callable[[int], float] = lambda _: 0.0) -> tuple[Pace, Clock]:
    """A delivery that begins now."""
    clock = Clock()
    return Pace(clock, quota), clock


def test_nothing_is_said_of_a_rate_before_time_has_passed() -> None:
    pace, _ = paced()
    first = pace.at(standing(0))
    assert (first.rows_per_second, first.seconds_left) == (None, None)


def test_a_steady_delivery_has_its_rate_and_what_is_left_at_it() -> None:
    pace, clock = paced()
    clock.seconds = 10
    now = pace.at(standing(1_000))
    assert (now.rows_per_second, now.seconds_left) == (100.0, 90.0)


def test_the_rate_is_that_of_the_last_minute() -> None:
    pace, clock = paced()
    for minute in range(1, 4):
        clock.seconds = 60.0 * minute
        pace.at(standing(600 * minute))
    clock.seconds = 240
    assert pace.at(standing(1_800 + 60)).rows_per_second == 1.0


def test_a_quota_that_is_spent_decides_how_long_it_takes() -> None:
    pace, clock = paced(quota=lambda requests: 900.0 if requests else 0.0)
    clock.seconds = 10
    assert pace.at(standing(5_000)).seconds_left == 900.0
    clock.seconds = 100
    stalled = pace.at(standing(5_000))
    assert stalled.rows_per_second is not None
    assert stalled.seconds_left == 900.0


def test_a_slow_delivery_is_not_hurried_by_a_quota_with_room() -> None:
    pace, clock = paced(quota=lambda _: 5.0)
    clock.seconds = 100
    assert pace.at(standing(1_000)).seconds_left == 900.0


def test_a_delivery_that_is_done_has_no_time_left_and_asks_no_quota() -> None:
    pace, clock = paced(quota=lambda _: 900.0)
    clock.seconds = 10
    done = pace.at(standing(10_000))
    assert (done.seconds_left, done.quota_seconds) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("done", "open_jobs", "requests"), [(0, 0, 40), (0, 5, 35), (9_999, 0, 2), (9_999, 1, 1)]
)
def test_a_chunk_to_come_takes_a_submit_and_a_poll_and_an_open_job_a_poll(
    done: int, open_jobs: int, requests: int
) -> None:
    assert requests_left(standing(done, open_jobs=open_jobs)) == requests


@given(
    st.lists(st.tuples(st.floats(0.001, 500), st.integers(0, 900)), min_size=1, max_size=30),
    st.floats(0, 10_000),
)
def test_time_left_is_never_below_the_quotas_and_never_negative(
    steps: list[tuple[float, int]], quota: float
) -> None:
    pace, clock = paced(quota=lambda _: quota)
    done = 0
    for seconds, rows in steps:
        clock.seconds += seconds
        done = min(30_000, done + rows)
        now = pace.at(standing(done, planned=30_000))
        assert (now.rows_per_second or 0.0) >= 0.0
        assert now.seconds_left is None or now.seconds_left >= now.quota_seconds >= 0.0
