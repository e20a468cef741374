"""The forecast of the request quota agrees with the windows that hold requests back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.project.model import LimitSettings
from qsync.qualified.outlook import seconds_for
from qsync.qualified.windows import QUARTER, SLACK, Windows


def windows(per_15m: int, per_hour: int = 10_000) -> Windows:
    """A quota with all of it for qsync."""
    return Windows(LimitSettings(share=1.0, per_15m=per_15m, per_hour=per_hour, per_day=100_000))


@pytest.mark.parametrize(("requests", "quarters"), [(0, 0), (10, 0), (11, 1), (20, 1), (21, 2)])
def test_each_full_window_costs_its_length(requests: int, quarters: int) -> None:
    left = seconds_for(windows(10), 50.0, 0, requests)
    assert left == pytest.approx(quarters * (QUARTER + SLACK))


def test_what_was_spent_and_what_is_in_flight_count() -> None:
    quota = windows(10)
    for _ in range(8):
        quota.end(100.0)
    assert seconds_for(quota, 400.0, 1, 1) == 0.0
    assert seconds_for(quota, 400.0, 2, 1) == pytest.approx(QUARTER + SLACK - 300)


@given(
    st.lists(st.floats(0, 2_000), max_size=25),
    st.integers(1, 12),
    st.integers(1, 30),
    st.integers(1, 40),
)
def test_sending_as_soon_as_one_may_takes_just_as_long(
    spent: list[float], per_15m: int, per_hour: int, requests: int
) -> None:
    quota = windows(per_15m, per_hour)
    for at in sorted(spent):
        quota.end(at)
    told = seconds_for(quota, 2_000.0, 0, requests)
    now = 2_000.0
    for _ in range(requests):
        now += quota.wait(now, 0)
        quota.end(now)
    assert told == pytest.approx(now - 2_000.0)
