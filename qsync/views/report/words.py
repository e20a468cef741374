"""Numbers, shares, times and statuses as the page writes them."""

from __future__ import annotations

from qsync.views.layout import number
from qsync.views.run_text import status_words

__all__ = [
    "HEALTH_WORDS",
    "clock",
    "date",
    "health_line",
    "iso",
    "minute",
    "number",
    "share",
    "status_words",
]

HEALTH_WORDS = {
    "failing": "failing",
    "late": "late",
    "rejecting": "with rejects",
    "ok": "ok",
    "never_run": "never run",
    "disabled": "disabled",
}

_SENTENCES = (
    ("failing", "is failing", "are failing"),
    ("late", "is late", "are late"),
    ("rejecting", "has rejects", "have rejects"),
    ("never_run", "has never run", "have never run"),
)


def share(value: float | None) -> str:
    """A share of 1 in percent: `0.6%`, `under 0.1%`, `12%`; a dash for nothing to share."""
    if value is None:
        return "–"  # noqa: RUF001 - a dash
    if 0 < value < 0.001:
        return "under 0.1%"
    if 0.999 < value < 1:
        return "over 99.9%"
    percent = 100 * value
    return (
        f"{percent:.1f}%" if 0 < percent < 10 and percent != round(percent) else f"{percent:.0f}%"
    )


def minute(moment: str) -> str:
    """A time of the ledger without its seconds: `2026-11-03 05:00`."""
    return moment[:16]


def date(moment: str) -> str:
    """A time's day."""
    return moment[:10]


def clock(moment: str) -> str:
    """A time's hour and minute."""
    return moment[11:16]


def iso(moment: str) -> str:
    """A time of the ledger, which is UTC, for machines: `2026-11-03T05:00:12Z`."""
    return f"{moment.replace(' ', 'T')}Z"


def health_line(health: dict[str, int], syncs: int) -> str:
    """The page's verdict in a sentence, the gravest first."""
    if not syncs:
        return "No sync is declared"
    parts = []
    for name, one, many in _SENTENCES:
        count = health[name]
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
    enabled = syncs - health["disabled"]
    if not enabled:
        return "Every sync is disabled"
    if enabled == health["never_run"]:
        return "The sync has never run" if enabled == 1 else f"None of {enabled} syncs has run yet"
    if not parts:
        return "The sync is healthy" if enabled == 1 else f"All {enabled} syncs are healthy"
    whole = f"Of {enabled} syncs, " if enabled > 1 else "Of 1 sync, "
    return whole + (", ".join(parts[:-1]) + " and " if parts[:-1] else "") + parts[-1]
