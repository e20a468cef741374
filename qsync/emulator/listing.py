"""`GET /v2/leads`: filters, cursors and the hold (API.md, "Reading leads")."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from qsync.emulator.answers import error
from qsync.emulator.messages import Answer
from qsync.emulator.render import lead_json
from qsync.emulator.store import Lead
from qsync.emulator.world import Call, World

_BOUNDS = ("updated_after", "updated_before", "created_after", "created_before")


@dataclass(frozen=True, slots=True)
class _Problem:
    message: str


def list_leads(world: World, call: Call) -> Answer:
    """One page, newest first; 400 for a bound inside the hold or a cursor that leads nowhere."""
    query = dict(parse_qsl(call.request.query, keep_blank_values=True))
    visible_until = call.now - world.settings.lead_list_hold
    bounds = _read_bounds(query, visible_until)
    if isinstance(bounds, _Problem):
        return error(400, bounds.message)
    found = [
        lead
        for lead in _candidates(world, query.get("email"))
        if lead.created_at <= visible_until and _inside(lead, bounds)
    ]
    page = _page(world, found, query)
    if isinstance(page, _Problem):
        return error(400, page.message)
    first, leads = page
    names = world.store.fields["lead"]
    info = {
        "hasNextPage": first + len(leads) < len(found),
        "hasPreviousPage": first > 0,
        "startCursor": _cursor(leads[0]) if leads else None,
        "endCursor": _cursor(leads[-1]) if leads else None,
    }
    data = [lead_json(lead, names, world.settings) for lead in leads]
    return Answer(200, {"data": data, "pageInfo": info})


def _candidates(world: World, email: str | None) -> list[Lead]:
    if email is None:
        return list(world.store.newest_leads())
    lead = world.store.lead_by_email(email)
    return [] if lead is None else [lead]


def _read_bounds(query: dict[str, str], visible_until: float) -> dict[str, float] | _Problem:
    bounds: dict[str, float] = {}
    for name in _BOUNDS:
        text = query.get(name)
        if text is None:
            continue
        at = _timestamp(text)
        if at is None:
            return _Problem(f"{name} must be an ISO 8601 date or time")
        if at > visible_until:
            return _Problem(f"{name} must be at least 30 minutes ago")
        bounds[name] = at
    return bounds


def _timestamp(text: str) -> float | None:
    """Epoch seconds; without an offset it is UTC, and a bare date is its midnight."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _inside(lead: Lead, bounds: dict[str, float]) -> bool:
    for name, bound in bounds.items():
        at = lead.updated_at if name.startswith("updated") else lead.created_at
        if not (at > bound if name.endswith("after") else at < bound):
            return False
    return True


def _cursor(lead: Lead) -> str:
    return f"c{lead.id}"


def _page(
    world: World, found: list[Lead], query: dict[str, str]
) -> tuple[int, list[Lead]] | _Problem:
    """The place of the page's first lead among those found, and the page."""
    size = world.settings.page_size
    after, before = query.get("after"), query.get("before")
    if after is not None and before is not None:
        return _Problem("after and before exclude each other")
    cursor = after if after is not None else before
    if cursor is None:
        return 0, found[:size]
    lead = world.store.lead_by_id(cursor[1:]) if cursor.startswith("c") else None
    if lead is None:
        return _Problem("The cursor is invalid")
    # Where the lead is, or would be if the filters no longer find it.
    place = bisect_left(found, -lead.number, key=lambda other: -other.number)
    if after is not None:
        start = place + (place < len(found) and found[place] is lead)
        return start, found[start : start + size]
    start = max(0, place - size)
    return start, found[start:place]
