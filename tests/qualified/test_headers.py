"""What headers say about waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.qualified.headers import RateLimit, rate_limit, retry_after

NOW = 1_784_030_400.0  # Tue, 14 Jul 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Tue, 14 Jul 2026 12:00:07 GMT", 7.0),
        ("Tuesday, 14-Jul-26 12:00:07 GMT", 7.0),
        ("Tue, 14 Jul 2026 11:59:00 GMT", 0.0),
        ("999999999", 86_400.0),
        ("Tue, 14 Jul 2099 12:00:00 GMT", 86_400.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5_000, None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_no_header_asks_for_nothing() -> None:
    assert retry_after({}, NOW) is None


def test_a_date_is_measured_by_the_servers_own_clock() -> None:
    headers = {
        "date": "Tue, 14 Jul 2026 18:00:00 GMT",
        "retry-after": "Tue, 14 Jul 2026 18:00:30 GMT",
        "ratelimit-limit": "2000",
        "ratelimit-remaining": "12",
        "ratelimit-reset": str(int(NOW) + 6 * 3_600 + 90),
    }
    assert retry_after(headers, NOW) == 30.0
    assert rate_limit(headers, NOW) == RateLimit(2_000, 12, NOW + 90)


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
@pytest.mark.parametrize("value", [None, "", "many", "-1", "2000, 2000;w=900"])
def test_rate_limits_that_cannot_be_read_say_nothing(name: str, value: str | None) -> None:
    headers = {f"ratelimit-{part}": "10" for part in ("limit", "remaining", "reset")}
    if value is None:
        del headers[f"ratelimit-{name}"]
    else:
        headers[f"ratelimit-{name}"] = value
    assert rate_limit(headers, NOW) is None


@given(st.text(), st.text())
def test_no_header_whatever_raises(value: str, date: str) -> None:
    headers = {"retry-after": value, "date": date, "ratelimit-reset": value}
    seconds = retry_after(headers, NOW)
    assert seconds is None or 0 <= seconds <= 86_400
    rate_limit(headers | {"ratelimit-limit": value, "ratelimit-remaining": value}, NOW)
