"""The diff of the SQL warehouse in plain Python, to hold the two against each other.

It knows what a simulation needs: lead streams of text columns whose removed records are kept. What
it does not know it refuses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qsync.planning.changes import ChangeCounts, ChangeSet, FieldChange
from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnNull, OnRemoved

REST_AFTER = 2
UNSETTLED = {"unsettled": 1, "open": 2}

UNKNOWN = "qsync:unknown"
"""A value this sync wrote, and nobody knows which."""

Values = tuple[str | None, ...]
"""Canonical texts in the order of the stream's fields."""

Source = Sequence[Mapping[str, str | None]]
"""The model's rows."""


@dataclass(slots=True)
class Known:
    """A record in state."""

    values: dict[str, str | None]
    status: str
    run_id: str
    hash: str | None = None


@dataclass(slots=True)
class Rejected:
    """A record Qualified rejected, as what and why."""

    hash: str
    meaning: str
    reason: str
    field: str | None
    run_id: str
    attempts: int

    @property
    def rejection(self) -> str:
        """Equal for two rejections if they are the same, whatever numbers they name."""
        said = re.sub("[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*", "#", self.reason)
        return f"{self.field or ''}: {said}"


@dataclass(slots=True)
class Judged:
    """A record of the diff; `number` is set where it is sent."""

    op: str
    key: str | None
    hash: str = ""
    values: Values = ()
    kinds: str = ""
    attempts: int = 0
    rejected_as: str | None = None
    unsettled: int = 0
    returned: bool = False
    reason: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The records a run is about, if not all: of each key the hash, None for any."""

    hashes: Mapping[str, str | None] = field(default_factory=dict)
    rejects: bool = False


def diff(
    stream: CompiledStream,
    source: Source,
    state: Mapping[str, Known],
    rejects: Mapping[str, Rejected],
    *,
    full_refresh: bool = False,
    wanted: Wanted | None = None,
) -> list[Judged]:
    """Every record of the model or of state, with what would happen to it, in order of keys."""
    if stream.grouped or stream.on_removed is not OnRemoved.KEEP:
        raise NotImplementedError("only leads that are kept when they leave the model")
    keys = [_folded(row[stream.match_column]) for row in source]
    shared = {key for key, times in Counter(keys).items() if key is not None and times > 1}
    found = []
    for key, row in zip(keys, source, strict=True):
        reason = _invalid(key, shared)
        known = None if key is None else state.get(key)
        values = tuple(row[spec.column or ""] for spec in stream.fields)
        judged = _judged(stream, key, values, known, reason, full_refresh)
        reject = None if key is None else rejects.get(key)
        if reject and (reject.hash, reject.meaning) == (judged.hash, stream.meaning):
            judged.attempts, judged.rejected_as = reject.attempts, reject.rejection
        judged.op = _considered(judged, full_refresh, wanted)
        found.append(judged)
    for key in state.keys() - set(keys):
        if state[key].status != "removed":
            values = tuple(state[key].values.get(spec.state_column) for spec in stream.fields)
            op = "removed" if wanted is None or _is_wanted(key, None, wanted) else "gone"
            kinds = "-" * len(values)
            found.append(Judged(op, key, values=values, kinds=kinds))
    found.sort(key=lambda judged: judged.key or "")
    sent = (judged for judged in found if judged.op in {"added", "changed"})
    for number, judged in enumerate(sent, 1):
        judged.number = number
    return found


def _folded(key: str | None) -> str | None:
    return (key or "").strip().lower() or None


def _invalid(key: str | None, shared: set[str]) -> str:
    if key is None:
        return "null_key"
    if key.count("@") != 1 or not all(key.split("@")):
        return "malformed_key"
    return "duplicate_key" if key in shared else ""


def _judged(
    stream: CompiledStream,
    key: str | None,
    values: Values,
    known: Known | None,
    reason: str,
    full_refresh: bool,
) -> Judged:
    acknowledged, kinds = [], ""
    for spec, new in zip(stream.fields, values, strict=True):
        old = None if known is None else known.values.get(spec.state_column)
        clears = spec.on_null is OnNull.CLEAR
        unsettled = known is not None and known.status in UNSETTLED
        stays = UNKNOWN if unsettled and old is not None else old
        acknowledged.append(new if clears or new is not None else stays)
        if new is None:
            kinds += ("x" if old is not None else ".") if clears else "-"
        else:
            kinds += "s" if old is None else "." if new == old else "c"
    judged = Judged(
        "",
        key,
        hash=repr((stream.hash_prefix, values)),
        values=tuple(acknowledged),
        kinds=kinds,
        unsettled=0 if known is None else UNSETTLED.get(known.status, 0),
        returned=known is not None and known.status == "removed",
        reason=reason,
    )
    judged.op = _fate(judged, known, full_refresh)
    return judged


def _fate(judged: Judged, known: Known | None, full_refresh: bool) -> str:
    if judged.reason:
        return "invalid"
    if known is None:
        return "added"
    if full_refresh or judged.unsettled:
        return "changed"
    if known.hash == judged.hash and known.status == "synced":
        return "unchanged"
    return "changed" if set(judged.kinds) & set("csx") else "rehash"


def _considered(judged: Judged, full_refresh: bool, wanted: Wanted | None) -> str:
    if judged.op not in {"added", "changed"}:
        return judged.op
    if wanted is not None and not _is_wanted(judged.key, judged.hash, wanted):
        return "deferred"
    all_of_them = full_refresh or (wanted is not None and wanted.rejects)
    return "resting" if judged.attempts >= REST_AFTER and not all_of_them else judged.op


def _is_wanted(key: str | None, hash_: str | None, wanted: Wanted) -> bool:
    if key is None or key not in wanted.hashes:
        return False
    return hash_ is None or wanted.hashes[key] in {None, hash_}


def counted(stream: CompiledStream, found: Iterable[Judged], state_rows: int) -> ChangeSet:
    """The counts of a diff, and its histogram."""
    found = list(found)
    ops = Counter(judged.op for judged in found)
    changed = [judged for judged in found if judged.op == "changed"]
    pending = [judged for judged in found if judged.op in {"added", "changed"}]
    in_model = sum(ops.values()) - ops["removed"] - ops["gone"]
    counts = ChangeCounts(
        state_rows=state_rows,
        in_model=in_model,
        added=ops["added"],
        changed=ops["changed"],
        removed=ops["removed"],
        unchanged=ops["unchanged"] + ops["rehash"],
        resting=ops["resting"],
        deferred=ops["deferred"],
        invalid=Counter(judged.reason for judged in found if judged.op == "invalid"),
        retried=sum(judged.attempts > 0 for judged in pending),
        unsettled=sum(judged.unsettled > 0 for judged in changed),
        returned=sum(judged.returned for judged in found if judged.op in {"changed", "rehash"}),
        rehashed=ops["rehash"],
    )
    letters = [Counter(judged.kinds[place] for judged in changed) for place in _places(stream)]
    fields = [
        FieldChange(spec.name, count["c"], count["s"], count["x"])
        for spec, count in zip(stream.fields, letters, strict=True)
    ]
    by_size = sorted((item for item in fields if item.total), key=lambda f: (-f.total, f.field))
    return ChangeSet(counts, tuple(by_size))


def _places(stream: CompiledStream) -> range:
    return range(len(stream.fields))
