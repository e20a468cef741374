"""The short name of what a plan says, by which people refer to it."""

from __future__ import annotations

import dataclasses

from qsync.planning.fingerprint import digest
from qsync.planning.plan import Plan, StreamPlan, SyncPlan
from qsync.planning.seal import numbers_of


def plan_digest(plan: Plan) -> str:
    """12 hex digits: the same for two plans that would do the same to as many records.

    Made from names, mappings and counts, and where a guard does not hold from the keyed digest of
    the rows; not from what sending costs or from what was overridden.
    """
    return digest(
        [plan.project, plan.target, plan.destination, [_sync(sync) for sync in plan.syncs]]
    )


def _sync(sync: SyncPlan) -> list[object]:
    return [
        sync.name,
        sync.relation,
        sync.compiled.fingerprint,
        sync.blocked is not None,
        [_stream(stream) for stream in sync.streams],
    ]


def _stream(stream: StreamPlan) -> list[object]:
    return [
        stream.stream_id,
        numbers_of(stream.counts),
        [dataclasses.astuple(change) for change in stream.fields],
        [dataclasses.astuple(breach) for breach in stream.breaches],
        _rows(stream),
        [stream.limit, stream.full_refresh, stream.baseline, stream.baseline_unknown],
    ]


def _rows(stream: StreamPlan) -> str | None:
    """Who overrides a guard means these very records.

    Not on a first load: before it there may be no secret to make a digest with.
    """
    imprint = stream.imprint
    if imprint is None or stream.first_load or not stream.breaches:
        return None
    return imprint.digest
