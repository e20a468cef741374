"""What a plan costs without a measured pace, and how full the windows get."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.costing import cost_of
from qsync.planning.cost import WINDOWS, Pace, SlidingWindow, WindowUse, earliest, window_limits
from qsync.project.model import LimitSettings

USUAL = LimitSettings()

small_limits = st.builds(
    LimitSettings,
    share=st.sampled_from([0.5, 0.9, 1.0]),
    in_flight=st.integers(1, 12),
    per_15m=st.integers(1, 60),
    per_hour=st.integers(1, 200),
    per_day=st.integers(1, 500),
)
spendings = st.lists(st.tuples(st.floats(0, 90_000), st.integers(0, 80)), max_size=4)


def test_few_jobs_cost_two_requests_each_and_two_for_the_fields() -> None:
    cost = cost_of((1, 4), USUAL, (), None)
    assert (cost.requests, cost.expected, cost.seconds) == (12, None, None)
    assert [(use.name, use.limit, use.planned) for use in cost.windows] == [
        ("15m", 1_800, 12),
        ("1h", 6_300, 12),
        ("24h", 108_000, 12),
    ]


def test_what_the_windows_make_it_wait_is_told_even_when_nothing_was_measured() -> None:
    cost = cost_of((2_000,), USUAL, (), None)
    assert cost.at_least
    assert cost.seconds == pytest.approx(2 * 900, abs=1)
    assert (cost.binding.name, cost.binding.planned, cost.binding.share) == ("15m", 1_800, 1.0)


def test_with_a_pace_the_polls_of_waiting_for_it_count_too() -> None:
    cost = cost_of((1,), USUAL, (), Pace(job_seconds=3.0, request_seconds=0.3))
    assert cost.requests == 4
    assert cost.expected is not None
    assert 4 < cost.expected < 12
    assert not cost.at_least
    assert cost.seconds == pytest.approx(3.0 + 3 * 0.3, rel=0.2)


def test_what_earlier_runs_spent_counts_in_the_windows_that_have_not_passed() -> None:
    cost = cost_of((5,), USUAL, ((100.0, 30), (1_000.0, 40), (80_000.0, 50)), None)
    assert [use.spent for use in cost.windows] == [30, 70, 120]


def test_the_longest_full_window_binds_or_else_the_fullest() -> None:
    assert cost_of((20_000,), USUAL, (), None).binding.name == "1h"
    assert cost_of((200_000,), USUAL, (), None).binding.name == "24h"
    assert cost_of((5,), USUAL, ((50_000.0, 90_000),), None).binding.name == "24h"
    assert cost_of((5,), USUAL, (), None).binding.name == "15m"


def test_a_share_is_never_more_than_the_whole() -> None:
    assert WindowUse("15m", limit=100, spent=90, planned=100).share == 1.0


def test_a_window_opens_when_enough_of_it_has_passed() -> None:
    window = SlidingWindow(900.0, 10, ((400.0, 6), (100.0, 3)))
    assert window.room(0.0) == 1
    assert window.opens(0.0) == 0.0
    assert window.opens(0.0, in_flight=1) == pytest.approx(500.1)
    assert window.opens(0.0, reserve=7) == pytest.approx(800.1)
    assert window.opens(0.0, in_flight=10) == float("inf")


@given(st.integers(1, 300), small_limits, spendings)
def test_no_burst_ever_overfills_a_window_and_none_waits_without_need(
    requests: int, limits: LimitSettings, spent: list[tuple[float, int]]
) -> None:
    bursts = earliest(requests, limits, spent)
    assert sum(count for _, count in bursts) == requests
    for (_, seconds), limit in zip(WINDOWS, window_limits(limits), strict=True):
        for until, _ in bursts:
            within = sum(count for at, count in bursts if until - seconds < at <= until)
            assert within <= limit
    assert [at for at, _ in bursts] == sorted({at for at, _ in bursts})


@given(
    st.lists(st.integers(1, 25), min_size=1, max_size=3),
    small_limits,
    spendings,
    st.builds(Pace, st.floats(0.01, 300), st.floats(0.001, 3)),
)
def test_whatever_the_limits_a_measured_pace_takes_longer_than_the_windows_alone(
    jobs: list[int], limits: LimitSettings, spent: list[tuple[float, int]], pace: Pace
) -> None:
    cost = cost_of(jobs, limits, spent, pace)
    bound = earliest(cost.requests, limits, spent)[-1][0]
    assert cost.seconds is not None
    assert cost.expected is not None
    assert cost.expected >= cost.requests
    assert cost.seconds >= max(bound, pace.job_seconds + 3 * pace.request_seconds - 1e-6)
