"""Sealing a plan, and holding a sealed one against what there is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qsync.artifacts import Node, resolve
from qsync.errors import UserError
from qsync.execution.planner import PlanInputs
from qsync.planning.changes import Imprint
from qsync.planning.declared import declare
from qsync.planning.fingerprint import digest
from qsync.planning.plan import Plan, StreamPlan, SyncPlan
from qsync.planning.seal import (
    Base,
    Moved,
    Seal,
    StreamSeal,
    SyncSeal,
    base_moved,
    numbers_of,
    streams_moved,
)
from qsync.project.model import Sync


@dataclass(frozen=True, slots=True)
class SealedPlan:
    """A plan that was written to a file, to be applied as it is or not at all.

    Attributes:
        id: Of this very file.
        seal: What it stands on.
        created_at: When it was made, in epoch seconds.
        limit: Records to send at most per stream.
        full_refresh: Whether everything valid is sent.
    """

    id: str
    seal: Seal
    created_at: float
    limit: int | None = None
    full_refresh: bool = False


class StalePlanError(UserError):
    """What a sealed plan stands on has moved; nothing was sent."""

    def __init__(self, moved: Sequence[Moved]) -> None:
        super().__init__(
            "The plan is stale: what it stands on has moved, so nothing was sent",
            hint="make it anew (qsync plan --out FILE), look at it, and apply that one",
            why=[str(item) for item in moved],
        )
        self.moved = tuple(moved)


class AppliedPlanError(UserError):
    """Somebody has applied this sealed plan before; nothing was sent."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"This plan was applied before, by run {run_id}",
            hint="what is left to do is for a new plan: qsync plan --out FILE",
        )


def base_of(inputs: PlanInputs, version: str) -> Base:
    """What a plan of these inputs stands on, rows and state aside."""
    project = inputs.project
    return Base(
        version=version,
        project=project.name,
        target=inputs.target,
        destination=inputs.destination,
        settings=digest([project.settings.state_schema, repr(project.settings.removed_kept_for)]),
        catalog=digest(
            [
                [name, field.name, field.type, [option.value for option in field.options]]
                for name in ("lead", "company")
                for field in inputs.catalog.of(name).values()
            ]
        ),
        syncs={sync.name: _sync_seal(sync, inputs) for sync in inputs.syncs},
    )


def _sync_seal(sync: Sync, inputs: PlanInputs) -> SyncSeal:
    node = resolve(inputs.manifest, sync.model, inputs.project.name)
    if not isinstance(node, Node):
        # Compiling says what is wrong with it.
        return SyncSeal(digest(_declared(sync, None)), "", "")
    relation = (node.relation_name or "").replace('"', "").replace("`", "")
    model = digest([node.unique_id, node.checksum, node.materialized])
    return SyncSeal(digest(_declared(sync, node.unique_id)), model, relation)


def _declared(sync: Sync, model: str | None) -> list[str | None]:
    declaration = declare(sync, model)
    return [declaration.model, declaration.body, declaration.configs]


def seal_of(base: Base, plan: Plan) -> Seal:
    """What a plan stands on, all of it. Its streams have imprints."""
    streams = {
        stream.stream_id: _stream_seal(sync, stream)
        for sync in plan.syncs
        for stream in sync.streams
    }
    keyed = all(_imprint(stream).keyed for sync in plan.syncs for stream in sync.streams)
    return Seal(base, streams, keyed)


def _stream_seal(sync: SyncPlan, stream: StreamPlan) -> StreamSeal:
    imprint = _imprint(stream)
    return StreamSeal(
        label=stream.stream.label,
        state=imprint.writer,
        numbers=numbers_of(stream.counts, stream.fields),
        rows=imprint.digest,
        stopped=sync.blocked is not None or sync.broken,
    )


def _imprint(stream: StreamPlan) -> Imprint:
    return stream.imprint or Imprint()


def check_base(sealed: SealedPlan, now: Base) -> None:
    """Before anything is asked for: files, names and versions.

    Raises:
        StalePlanError: One of them is another than when the plan was made.
    """
    moved = base_moved(sealed.seal.base, now)
    if moved:
        raise StalePlanError(moved)


def check_streams(sealed: SealedPlan, now: Seal) -> None:
    """With the change set at hand: state and rows.

    Raises:
        StalePlanError: One of them is another than when the plan was made.
    """
    moved = streams_moved(sealed.seal, now)
    if moved:
        raise StalePlanError(moved)
