"""A model of people on a real warehouse, its sync, and runs over it, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qsync.execution.ports import Commit, CommitContext, Outcome, Reject, Stage, StagedRow
from qsync.fields.kinds import ColumnKind, check_of
from qsync.fields.model import FieldType
from qsync.planning.changes import ChangeSet
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.planning.fingerprint import (
    hash_prefix,
    mapping_fingerprint,
    state_column,
    stream_id,
    stream_meaning,
)
from qsync.planning.ports import DiffRequest, Only
from qsync.project.model import ObjectType, OnNull, OnRemoved
from qsync.warehouse.columns import column_reader
from qsync.warehouse.sql import ident
from qsync.warehouse.writing import WritingWarehouse
from tests.support.warehouses import DirectConnection

AT = "2026-11-03 05:00:00"


def field(
    name: str,
    column: str | None = None,
    *,
    type: FieldType = FieldType.STRING,
    kind: ColumnKind = ColumnKind.TEXT,
    on_null: OnNull = OnNull.KEEP,
    options: Sequence[str] = (),
    constant: str | None = None,
) -> CompiledField:
    """A compiled field; the column has the field's name unless one is given."""
    return CompiledField(
        name=name,
        type=type,
        column=None if constant is not None else column or name,
        constant=constant,
        kind=kind,
        check=None if constant is not None else check_of(type, kind, has_options=bool(options)),
        options=tuple(options),
        on_null=on_null,
        state_column=state_column(name),
    )


def stream(
    *fields: CompiledField,
    object: ObjectType = ObjectType.LEAD,
    match: str | None = None,
    grouped: bool = False,
    on_removed: OnRemoved = OnRemoved.KEEP,
    company: str | None = None,
    sync: str = "people",
) -> CompiledStream:
    """A compiled stream over these fields."""
    ordered = tuple(sorted(fields, key=lambda item: item.name))
    match = match or object.match_field
    fingerprint = mapping_fingerprint(match, ordered)
    return CompiledStream(
        sync=sync,
        object=object,
        match_column=match,
        fields=ordered,
        grouped=grouped,
        allow_free_mail=False,
        on_removed=on_removed,
        company_match_column=company,
        hash_prefix=hash_prefix(ordered),
        fingerprint=fingerprint,
        meaning=stream_meaning(fingerprint, ordered),
    )


class Desk:
    """A warehouse with one model, and runs of one stream over it."""

    def __init__(self, connection: DirectConnection, columns: str) -> None:
        self.connection = connection
        self.relation = connection.dialect.render(ident("people"))
        connection.make_model(columns)
        self._runs = 0
        self.epoch = 0
        self.warehouse = self.reopen()
        self.warehouse.prepare()
        self.take_lock()

    def reopen(self) -> WritingWarehouse:
        """A new process's view of the warehouse."""
        self.warehouse = WritingWarehouse(
            self.connection,
            "qsync",
            {"model.x.people": self.relation},
            column_reader(self.connection),
            destination="api.qualified.com",
            project="x",
        )
        return self.warehouse

    def take_lock(self) -> None:
        taken = self.warehouse.acquire_lock("lock", "tests")
        assert isinstance(taken, int)
        self.epoch = taken

    def load(self, *rows: Sequence[Any]) -> None:
        """Make these the model's rows."""
        self.connection.execute("DELETE FROM people")
        if rows:
            self.connection.insert("people", rows)

    def relation_in_full(self) -> str:
        """The relation as dbt renders it, with its schema."""
        schema = "main" if self.connection.dialect.name == "duckdb" else "public"
        return f'"{self.connection.database}"."{schema}"."people"'

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return self.connection.say(text)

    def request(
        self, of: CompiledStream, full_refresh: bool = False, only: Only | None = None
    ) -> DiffRequest:
        identity = stream_id("api.qualified.com", "x", of.sync, of.object.value)
        self.warehouse.refresh()
        state = self.warehouse.stream_state(identity)
        return DiffRequest(of, self.relation, state, full_refresh, only)

    def plan(self, of: CompiledStream, full_refresh: bool = False) -> ChangeSet:
        return self.warehouse.change_set(self.request(of, full_refresh))

    def stage(
        self, of: CompiledStream, full_refresh: bool = False, only: Only | None = None
    ) -> tuple[Stage, ChangeSet]:
        self._runs += 1
        request = self.request(of, full_refresh, only)
        return self.warehouse.stage(f"r{self._runs}", request.state.stream_id, request)

    def context(self, stage: Stage) -> CommitContext:
        return CommitContext(stage.run_id, self.epoch, AT)

    def begin(self, stage: Stage, posted: int | None = None) -> None:
        """Begin to deliver a stage; all of it may be posted unless a number says how far."""
        self.warehouse.begin(stage, self.context(stage))
        last = stage.rows if posted is None else posted
        if last:
            self.warehouse.mark_posted(stage, last, self.context(stage), journaled=False)

    def commit(self, stage: Stage, *outcomes: Outcome) -> None:
        self.warehouse.commit(stage, Commit(outcomes), self.context(stage))

    def close_dead_runs(self) -> tuple[str, ...]:
        """What the next process does that cannot ask Qualified."""
        return self.reopen().close_dead_runs(CommitContext("next", self.epoch, AT))

    def rows(self, stage: Stage) -> list[StagedRow]:
        return self.warehouse.read_stage(stage, 1, stage.rows)

    def run(
        self,
        of: CompiledStream,
        *,
        reject: Sequence[str] = (),
        saying: tuple[str, str | None] = ("phone is invalid", "phone"),
        unknown: Sequence[str] = (),
        full_refresh: bool = False,
        only: Only | None = None,
        unresolved: bool = False,
    ) -> list[StagedRow]:
        """One apply in which these keys are rejected or stay unanswered; what was sent."""
        stage, _ = self.stage(of, full_refresh, only)
        sent = self.rows(stage)
        context = self.context(stage)
        self.begin(stage)
        rejects = tuple(Reject(row.number, *saying) for row in sent if row.key in reject)
        lost = tuple(row.number for row in sent if row.key in unknown)
        if sent:
            outcome = Outcome(1, stage.rows, rejects=rejects, unknown=lost, unresolved=unresolved)
            self.warehouse.commit(stage, Commit([outcome]), context)
        if only is None:
            self.warehouse.settle_mapping(stage, context)
        self.warehouse.drop_stage(stage)
        return sent

    def keys(self, rows: Sequence[StagedRow]) -> list[str]:
        return [row.key for row in rows]


def with_on_null(item: CompiledField, on_null: OnNull) -> CompiledField:
    """The same field with another meaning of null."""
    return replace(item, on_null=on_null)
