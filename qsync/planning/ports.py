"""What planning asks of a warehouse, as a protocol, so that it can be tested with none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from qsync.fields.kinds import ColumnKind
from qsync.planning.changes import ChangeSet
from qsync.planning.comparison import CompareRequest, Counted
from qsync.planning.compiled import CompiledStream
from qsync.planning.cost import Pace
from qsync.planning.movement import Movement, movement
from qsync.planning.plan import OrphanState


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a model as the warehouse has it."""

    name: str
    kind: ColumnKind
    type: str
    """The warehouse's own name of the type."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """What state knows of a stream before a run.

    Attributes:
        stream_id: Its identity: destination, project, sync and object.
        table: The state table's name; None before a first load.
        columns: Its value columns.
        fingerprint: Of the mapping that wrote it last.
        mapping: The mapping under which all records were last brought up to date, as
            `movement.mapping_text` writes it; None when that is not known.
    """

    stream_id: str
    table: str | None = None
    columns: frozenset[str] = frozenset()
    fingerprint: str | None = None
    mapping: str | None = None

    def moved(self, stream: CompiledStream) -> Movement | None:
        """How the compiled mapping differs from the one that state knows; None if it does not."""
        if self.table is None:
            return None
        return movement(stream, self.mapping, self.fingerprint, self.columns)


@dataclass(frozen=True, slots=True)
class Only:
    """Which records may be sent at all; the others are deferred to the next apply.

    Attributes:
        stage: A staged table of an earlier run: its records that still equal the model.
        rejects: Records Qualified rejected, resting ones too.
        run_id: Of the rejects, those of this run only; with a stage its run, whose rejects have
            had their answer.

    With neither a stage nor rejects nothing may be sent.
    """

    stage: str | None = None
    rejects: bool = False
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """One stream to compare with its state.

    Attributes:
        stream: The compiled stream.
        relation: The model's relation, as dbt renders it.
        state: What state knows.
        full_refresh: Everything valid counts as changed.
        only: Which records may be sent; all of them unless given.
        imprinted: Whether a change set that has been counted gets an imprint: for a sealed plan,
            and where a guard does not hold.
    """

    stream: CompiledStream
    relation: str
    state: StreamState
    full_refresh: bool = False
    only: Only | None = None
    imprinted: Callable[[ChangeSet], bool] = lambda _: False


class PlanningWarehouse(Protocol):
    """Reads only: counts leave the warehouse, rows do not."""

    def relations(self) -> Mapping[str, str]:
        """The relation of every model, snapshot and seed by unique id, under qsync's target."""

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        """A relation's columns; None when there is no such relation."""

    def stream_state(self, stream_id: str) -> StreamState:
        """What state knows of a stream."""

    def change_set(self, request: DiffRequest) -> ChangeSet:
        """Compare a stream with its state: one statement."""

    def orphans(
        self, destination: str, project: str, declared: Sequence[str]
    ) -> tuple[OrphanState, ...]:
        """State of streams that are not among the declared stream ids."""

    def requests_spent(self, destination: str) -> Sequence[tuple[float, int]]:
        """Requests of earlier runs in the last 24 hours: `(seconds ago, how many)`."""

    def pace(self, destination: str) -> Pace | None:
        """How long jobs and requests took in the last run that measured it; None without one."""


class ComparingWarehouse(Protocol):
    """Reads models only, no state; counts leave the warehouse, rows do not."""

    def relations(self) -> Mapping[str, str]:
        """The relation of every model, snapshot and seed by unique id, under qsync's target."""

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        """A relation's columns; None when there is no such relation."""

    def compare(self, request: CompareRequest) -> Counted:
        """Compare two mappings of a stream on the same rows: one statement."""
