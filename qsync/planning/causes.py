"""Why changed records changed, with a number where one can be told."""

from __future__ import annotations

from dataclasses import dataclass

from qsync.planning.changes import Cause
from qsync.planning.movement import Movement
from qsync.planning.plan import StreamPlan


@dataclass(frozen=True, slots=True)
class CauseCount:
    """A cause of changes and how many changed records it has.

    `records` is None where they cannot be told from those of the data and count there.
    """

    cause: Cause
    records: int | None


def causes(plan: StreamPlan) -> tuple[CauseCount, ...]:
    """Every cause of a stream's changed records; the numbers sum up to them."""
    changed = plan.counts.changed
    if not changed:
        return ()
    if plan.full_refresh:
        return (CauseCount(Cause.FULL_REFRESH, changed),)
    known = plan.counts.causes
    by_data = changed - sum(known.values())
    found: dict[Cause, int | None] = {cause: count for cause, count in known.items() if count}
    if by_data > 0:
        found[Cause.DATA] = by_data
        for cause in _among_data(plan.moved):
            found.setdefault(cause, None)
    return tuple(CauseCount(cause, found[cause]) for cause in Cause if cause in found)


def _among_data(moved: Movement | None) -> list[Cause]:
    """Causes that may be behind what looks like the data's."""
    if moved is None:
        return []
    found = []
    told = moved.told_apart
    if moved.untold or moved.match_key or (not told and (moved.added or moved.remapped)):
        found.append(Cause.MAPPING)
    if moved.reoptioned or (not told and moved.retyped):
        found.append(Cause.CATALOG)
    if moved.versions:
        found.append(Cause.HASH_VERSION)
    return found
