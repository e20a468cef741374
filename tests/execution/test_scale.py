"""Loads at the documented limits, in virtual time: the benchmark of scale, smaller."""

from __future__ import annotations

import pytest

from benchmarks.simulation import Gate, LimitExceededError, least_seconds, simulate
from qsync.project.model import LimitSettings
from qsync.qualified import windows

ROWS = 500


@pytest.mark.parametrize(
    ("jobs", "job_seconds"), [(200, 2.0), (200, 20.0), (200, 60.0), (400, 20.0)]
)
def test_hundreds_of_jobs_cost_one_submit_and_at_most_1_3_polls_each(
    jobs: int, job_seconds: float
) -> None:
    # A window exceeded, a row lost or one committed twice raises in here.
    load = simulate(jobs * ROWS, share=0.9, job_seconds=job_seconds)
    assert load.submits == jobs
    assert jobs <= load.polls <= 1.3 * jobs
    assert load.most_in_flight <= LimitSettings().in_flight


def test_a_load_of_several_windows_takes_hardly_longer_than_its_requests_must() -> None:
    limits = LimitSettings(share=1.0, per_15m=200, per_hour=600)
    load = simulate(200 * ROWS, limits=limits, job_seconds=5.0)
    assert load.polls <= 1.3 * 200
    assert least_seconds(load.requests, limits) <= load.seconds
    assert load.seconds <= least_seconds(load.requests, limits) + 300


@pytest.mark.parametrize(
    ("rows", "share", "hours"),
    [
        (1_000_000, 1.0, 0.25),
        (1_000_000, 0.9, 0.5),
        (10_000_000, 1.0, 5.5),
        (10_000_000, 0.9, 6.25),
    ],
)
def test_the_least_time_of_a_load_is_what_the_windows_leave(
    rows: int, share: float, hours: float
) -> None:
    assert least_seconds(2 * rows // ROWS, LimitSettings(share=share)) == hours * 3_600


@pytest.mark.parametrize(
    ("limits", "requests"),
    [(LimitSettings(share=1.0), 2_000), (LimitSettings(), 1_800), (LimitSettings(per_day=10), 9)],
)
def test_the_made_up_qualified_lets_no_request_more_through_than_the_limits(
    limits: LimitSettings, requests: int
) -> None:
    gate = Gate(limits)
    for number in range(requests):
        gate.arrive(number * 0.1)
        gate.leave()
    with pytest.raises(LimitExceededError):
        gate.arrive(899.9)


def test_a_client_that_takes_ten_minutes_for_a_quarter_of_an_hour_fails_the_simulation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(windows, "QUARTER", 600.0)
    limits = LimitSettings(share=0.5, per_15m=80)
    with pytest.raises(LimitExceededError, match="more than 40 requests in 900 s"):
        simulate(40 * ROWS, limits=limits, job_seconds=1.0)


def test_the_made_up_qualified_lets_no_more_than_ten_be_in_flight() -> None:
    gate = Gate(LimitSettings())
    for _ in range(10):
        gate.arrive(0.0)
    with pytest.raises(LimitExceededError):
        gate.arrive(0.0)
