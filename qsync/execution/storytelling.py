"""Putting together what there is to tell of a match key, stream by stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qsync.diagnostics import Severity
from qsync.execution.planner import PlanInputs, compile_all, state_of
from qsync.execution.stories import (
    Acknowledged,
    FieldLine,
    Rejection,
    Sending,
    Standing,
    StreamStory,
)
from qsync.ledger.record import RunRecord
from qsync.planning.compiled import CompiledStream
from qsync.planning.fingerprint import stream_id
from qsync.planning.ports import DiffRequest, PlanningWarehouse
from qsync.project.model import FieldMapping, ObjectType, Sync


class StoryTeller(Protocol):
    """What the warehouse tells of a folded key, which never becomes part of a statement."""

    def standing(
        self, request: DiffRequest, key: str, *, with_values: bool = False
    ) -> tuple[Standing, ...]:
        """How the next plan sees it."""

    def acknowledged(self, table: str | None, key: str, kind: ObjectType) -> Acknowledged | None:
        """What a state table holds of it."""

    def rejection(self, stream_id: str, key: str, kind: ObjectType) -> Rejection | None:
        """Its reject."""

    def sendings(
        self, stream_ids: Sequence[str], key: str, kind: ObjectType, most: int
    ) -> tuple[Sending, ...]:
        """The last runs that were to send it, newest first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        key: The folded key.
        kind: What it is a key of.
        runs: How many runs are told of at most.
        with_values: Whether values are shown.
    """

    key: str
    kind: ObjectType
    runs: int
    with_values: bool = False


def stories(
    asked: Asked,
    inputs: PlanInputs,
    warehouse: PlanningWarehouse,
    teller: StoryTeller,
    last: Mapping[tuple[str, str], RunRecord],
) -> list[StreamStory]:
    """A story for each stream of this kind, in the order of the files.

    Args:
        asked: What is asked for.
        inputs: What a plan would stand on; all of its syncs are told of.
        warehouse: Reads the models.
        teller: Reads what is kept of the key.
        last: The last record of each stream, by sync and object.
    """
    return [
        _story(asked, sync, inputs, warehouse, teller, last)
        for sync in inputs.syncs
        if _mapping(sync, asked.kind) is not None
    ]


def _mapping(sync: Sync, kind: ObjectType) -> tuple[str, tuple[FieldMapping, ...]] | None:
    """The match column and the fields of a sync's stream of this kind."""
    if sync.object is kind:
        return sync.match_column, sync.fields
    if sync.company is not None and kind is ObjectType.COMPANY:
        return sync.company.match_column, sync.company.fields
    return None


def _story(
    asked: Asked,
    sync: Sync,
    inputs: PlanInputs,
    warehouse: PlanningWarehouse,
    teller: StoryTeller,
    last: Mapping[tuple[str, str], RunRecord],
) -> StreamStory:
    match_column, mappings = _mapping(sync, asked.kind) or ("", ())
    kind = asked.kind
    names = [sync.name] if sync.renamed_from is None else [sync.name, sync.renamed_from]
    ids = [stream_id(inputs.destination, inputs.project.name, name, kind.value) for name in names]
    story = StreamStory(
        sync=sync.name,
        object=kind.value,
        path=sync.path,
        line=sync.position.line,
        model=str(sync.model),
        enabled=sync.config.enabled,
        match_column=match_column,
        fields=tuple(
            FieldLine(item.field, item.column, item.field_position.path, item.field_position.line)
            for item in mappings
        ),
        rejection=teller.rejection(ids[0], asked.key, kind),
        runs=teller.sendings(ids, asked.key, kind, asked.runs),
        last=last.get((sync.name, kind.value)),
    )
    compiled, problems = compile_all(replace(inputs, syncs=(sync,)), warehouse)
    for item, relation in compiled:
        stream = next(stream for stream in item.streams if stream.object is kind)
        return _compared(asked, story, (sync, stream, relation, ids[0]), inputs, warehouse, teller)
    errors = [item for item in problems if item.severity is Severity.ERROR]
    if not errors:
        return replace(story, problem="it has errors")
    return replace(story, problem=errors[0].message, problem_hint=errors[0].hint or None)


def _compared(
    asked: Asked,
    story: StreamStory,
    of: tuple[Sync, CompiledStream, str, str],
    inputs: PlanInputs,
    warehouse: PlanningWarehouse,
    teller: StoryTeller,
) -> StreamStory:
    sync, stream, relation, identity = of
    state = state_of(sync, stream, identity, inputs, warehouse)
    request = DiffRequest(stream, relation, state)
    return replace(
        story,
        standing=teller.standing(request, asked.key, with_values=asked.with_values),
        acknowledged=teller.acknowledged(state.table, asked.key, asked.kind),
        rejection=story.rejection or teller.rejection(state.stream_id, asked.key, asked.kind),
    )
