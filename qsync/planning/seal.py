"""What a plan stands on, so that a sealed plan is applied only while all of it still does.

A seal is made twice, when the plan is written and when it is to be applied, and the two are
compared. It holds names, numbers and digests; of rows only a digest that is made in the warehouse
with a secret that never leaves it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from qsync.planning.changes import ChangeCounts, FieldChange


class Ground(StrEnum):
    """What a plan stands on, in the order in which it is told."""

    VERSION = "qsync's version"
    PROJECT = "project"
    TARGET = "target"
    DESTINATION = "destination"
    SETTINGS = "qsync.yml"
    SYNC_FILES = "sync files"
    MANIFEST = "manifest"
    CATALOG = "field catalog"
    STATE = "state"
    ROWS = "rows"
    STOPPED = "gates and guards"


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """Something that is another than when the plan was made."""

    ground: Ground
    detail: str

    def __str__(self) -> str:
        return f"{self.ground}: {self.detail}"


@dataclasses.dataclass(frozen=True, slots=True)
class SyncSeal:
    """A sync as the plan saw it.

    Attributes:
        declaration: Digest of what its file declares.
        model: Digest of what the manifest says of its model.
        relation: The relation it reads, as dbt names it.
    """

    declaration: str
    model: str
    relation: str


@dataclasses.dataclass(frozen=True, slots=True)
class StreamSeal:
    """A stream as the plan counted it.

    Attributes:
        label: How people name it.
        state: The run that wrote its state last; None before there is any.
        numbers: Its records by what would happen to them.
        rows: The keyed digest of its change set; None before there is a secret to make it with, or
            where nothing changes.
        stopped: Whether apply would leave its sync alone.
    """

    label: str
    state: str | None
    numbers: Mapping[str, int]
    rows: str | None
    stopped: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    """What is known without asking the warehouse about rows."""

    version: str
    project: str
    target: str
    destination: str
    settings: str
    catalog: str
    syncs: Mapping[str, SyncSeal]


@dataclasses.dataclass(frozen=True, slots=True)
class Seal:
    """Everything a plan stands on.

    Attributes:
        base: Files, names, versions.
        streams: By stream id.
        keyed: Whether there was a secret to make digests of rows with.
    """

    base: Base
    streams: Mapping[str, StreamSeal]
    keyed: bool


def numbers_of(counts: ChangeCounts, fields: Sequence[FieldChange] = ()) -> dict[str, int]:
    """A stream's counts, and those of its fields, as plain numbers; those that are not 0."""
    found: dict[str, int] = {}
    for change in fields:
        for kind in ("changed", "set", "cleared"):
            found[f"field {change.field}: {kind}"] = getattr(change, kind)
    for item in dataclasses.fields(counts):
        held = getattr(counts, item.name)
        if isinstance(held, int):
            found[item.name] = held
        else:
            found |= {f"{item.name}: {name}": count for name, count in held.items()}
    return {name: count for name, count in sorted(found.items()) if count}


def base_moved(then: Base, now: Base) -> list[Moved]:
    """What moved of files, names and versions."""
    found = [
        Moved(ground, f"{before} when the plan was made, {after} now")
        for ground, before, after in (
            (Ground.VERSION, then.version, now.version),
            (Ground.PROJECT, then.project, now.project),
            (Ground.TARGET, then.target, now.target),
            (Ground.DESTINATION, then.destination, now.destination),
        )
        if before != after
    ]
    if then.settings != now.settings:
        found.append(Moved(Ground.SETTINGS, "its settings are others"))
    found += _syncs_moved(then, now)
    if then.catalog != now.catalog:
        found.append(Moved(Ground.CATALOG, "its definitions are others"))
    return found


def _syncs_moved(then: Base, now: Base) -> Iterator[Moved]:
    others = sorted(then.syncs.keys() ^ now.syncs.keys())
    for name in others:
        what = "is no longer declared and enabled" if name in then.syncs else "is new"
        yield Moved(Ground.SYNC_FILES, f"sync {name} {what}")
    both = [name for name in then.syncs if name in now.syncs]
    for name in both:
        if then.syncs[name].declaration != now.syncs[name].declaration:
            yield Moved(Ground.SYNC_FILES, f"sync {name} is declared otherwise")
    for name in both:
        before, after = then.syncs[name], now.syncs[name]
        if before.relation != after.relation:
            detail = f"sync {name} read {before.relation}, its model is {after.relation} now"
            yield Moved(Ground.MANIFEST, detail)
        elif before.model != after.model:
            yield Moved(Ground.MANIFEST, f"the model of sync {name} is another")


def streams_moved(then: Seal, now: Seal) -> list[Moved]:
    """What moved of state and rows, once what the plan would do is known anew."""
    found: list[Moved] = []
    for stream_id in [*then.streams, *(key for key in now.streams if key not in then.streams)]:
        before, after = then.streams.get(stream_id), now.streams.get(stream_id)
        if before is None or after is None:
            label = (before or after or _NOBODY).label
            found.append(Moved(Ground.SYNC_FILES, f"{label} has another stream"))
            continue
        found += _stream_moved(before, after, keyed=then.keyed)
    return found


def _stream_moved(before: StreamSeal, after: StreamSeal, *, keyed: bool) -> Iterator[Moved]:
    """A digest tells that a record is another; who wrote state meanwhile tells whose doing it is.

    Where nothing of what would happen differs, a run that wrote state meanwhile has changed nothing
    that this plan is about.
    """
    numbers = _numbers_moved(before.numbers, after.numbers)
    # Without a secret there were no digests: numbers are all there is to compare.
    rows = keyed and before.rows != after.rows
    if numbers or rows:
        if before.state != after.state:
            who = "it is gone" if after.state is None else f"run {after.state} wrote it since"
            yield Moved(Ground.STATE, f"of {before.label}: {who}")
        else:
            said = numbers or "as many as before, and others"
            yield Moved(Ground.ROWS, f"of {before.label}: {said}")
    if before.stopped is not after.stopped:
        was, now = ("stopped", "not") if before.stopped else ("not stopped", "")
        detail = f"{before.label} was {was} in the plan and is {now} now".replace("  ", " ")
        yield Moved(Ground.STOPPED, detail)


def _numbers_moved(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """`added 12 → 13; removed 0 → 4`; empty when all are the same."""
    names = sorted(before.keys() | after.keys())
    return "; ".join(
        f"{name.replace('_', ' ')} {before.get(name, 0):,} → {after.get(name, 0):,}"
        for name in names
        if before.get(name, 0) != after.get(name, 0)
    )


_NOBODY = StreamSeal("a sync", None, {}, None, stopped=False)
