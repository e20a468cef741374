"""Ids of runs sort by when the runs began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qsync.cli.applying import new_run_id


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(1_000, 10_000_000),
)
def test_the_later_of_two_runs_has_the_greater_id_even_within_a_second(
    first: datetime, apart: int
) -> None:
    earlier = min(max(first, datetime(2000, 1, 1, tzinfo=UTC)), datetime(9000, 1, 1, tzinfo=UTC))
    later = earlier + timedelta(microseconds=apart)
    assert new_run_id(earlier) < new_run_id(later)
