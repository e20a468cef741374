"""What an answer's headers say about waiting (API.md, "Limits"); anything odd says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 86_400.0
"""No limit of the API is longer than a day; who asks for more is capped."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`RateLimit-*` of the last answer that had them: the team's 15-minute window.

    Attributes:
        limit: Requests the team may make.
        remaining: Requests left, for everybody who works for the team.
        reset: When some are free again, in epoch seconds of this machine's clock.
    """

    limit: int
    remaining: int
    reset: float


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks to wait, at least 0 and at most a day.

    Args:
        headers: The answer's, names in lower case. A date is compared with the answer's own `Date`
            when there is one, so that a wrong clock here does no harm.
        now: This machine's epoch seconds.
    """
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is None:
        until = _date(value)
        if until is None:
            return None
        seconds = until - _server_time(headers, now)
    return min(max(seconds, 0.0), LONGEST)


def rate_limit(headers: Mapping[str, str], now: float) -> RateLimit | None:
    """`RateLimit-Limit`, `-Remaining` and `-Reset`; None unless all three can be read."""
    limit, remaining, reset = (
        _number(headers.get(f"ratelimit-{name}", "")) for name in ("limit", "remaining", "reset")
    )
    if limit is None or remaining is None or reset is None:
        return None
    return RateLimit(int(limit), int(remaining), now + reset - _server_time(headers, now))


def _server_time(headers: Mapping[str, str], now: float) -> float:
    at = _date(headers.get("date", ""))
    return now if at is None else at


def _number(value: str) -> float | None:
    value = value.strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def _date(value: str) -> float | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
