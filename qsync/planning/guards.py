"""Guards: bounds that stop a sync before it writes."""

from __future__ import annotations

from qsync.planning.changes import ChangeSet
from qsync.planning.plan import GuardBreach
from qsync.project.model import Guards, Limit

_IN_STATE, _IN_MODEL = "in state", "in the model"


def breaches(
    guards: Guards, change_set: ChangeSet, *, first_load: bool, full_refresh: bool
) -> tuple[GuardBreach, ...]:
    """The guards that do not hold.

    Shares are of the records in state; of invalid ones, of the records in the model when those are
    more, because a careful first send (`--limit`) leaves few in state. A first load asks only
    `max_added_rows`; a full refresh was asked for by hand, so the number of changed records is no
    surprise. Unsettled records are sent again because no answer came, not because the model
    changed: they are no change here.
    """
    counts = change_set.counts
    found = []
    if guards.max_added_rows is not None and counts.added > guards.max_added_rows:
        found.append(
            GuardBreach(
                "max_added_rows",
                str(guards.max_added_rows),
                counts.added,
                counts.in_model,
                base_of=_IN_MODEL,
            )
        )
    if first_load:
        return tuple(found)
    most = max(change_set.fields, key=lambda field: field.cleared, default=None)
    cleared, field = (0, None) if most is None else (most.cleared, most.field)
    known = counts.state_rows
    changed = counts.changed - counts.unsettled
    asked: tuple[tuple[str, Limit | None, int, int], ...] = (
        ("max_changed", None if full_refresh else guards.max_changed, changed, known),
        ("max_removed", guards.max_removed, counts.removed, known),
        ("max_cleared", guards.max_cleared, cleared, known),
        ("max_invalid", guards.max_invalid, counts.invalid_total, max(known, counts.in_model)),
    )
    found += [
        GuardBreach(
            name,
            str(limit),
            count,
            base,
            field if name == "max_cleared" else None,
            _IN_MODEL if name == "max_invalid" and base > known else _IN_STATE,
        )
        for name, limit, count, base in asked
        if limit is not None and not limit.allows(count, base)
    ]
    return tuple(found)
