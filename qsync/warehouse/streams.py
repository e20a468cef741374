"""The registry of streams: which table holds whose state, and changes to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson
from sqlglot import exp

from qsync.errors import UserError
from qsync.execution.ports import StateSummary
from qsync.planning.compiled import CompiledStream
from qsync.planning.ports import StreamState
from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import (
    HISTORY,
    MAPPINGS,
    OUTCOMES,
    REJECTS,
    SENT,
    SENT_JOBS,
    STATE_COLUMNS,
    STREAMS,
    Layout,
)
from qsync.warehouse.sql import (
    Expression,
    aliased,
    as_,
    col,
    eq,
    ident,
    null_text,
    text,
)

_OTHER = "_b"
"""Ends the name of every second table of a stream whose columns change by copying."""


class Streams:
    """Reads and keeps `qsync_streams`, and the state tables it names."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self._connection = connection
        self._layout = layout

    def all(self) -> list[StreamState]:
        """Every stream there is state of."""
        rows = self._connection.rows(
            exp.select(
                col("stream_id"), col("state_table"), col("columns"), col("fingerprint")
            ).from_(self._layout.table(STREAMS))
        )
        return [
            StreamState(stream_id, table, frozenset(orjson.loads(columns)), fingerprint)
            for stream_id, table, columns, fingerprint in rows
        ]

    def known(self, stream_id: str, *, with_mapping: bool) -> StreamState:
        """What state knows of one stream; without its mapping where no table holds any yet."""
        columns = [col(name, "streams") for name in ("state_table", "columns", "fingerprint")]
        query = exp.select(*columns, col("mapping", "mappings") if with_mapping else exp.Null())
        query = query.from_(aliased(self._layout.table(STREAMS), "streams"))
        if with_mapping:
            query = query.join(
                aliased(self._layout.table(MAPPINGS), "mappings"),
                on=eq(col("stream_id", "streams"), col("stream_id", "mappings")),
                join_type="left",
            )
        rows = self._connection.rows(query.where(eq(col("stream_id", "streams"), text(stream_id))))
        for table, value_columns, fingerprint, mapping in rows:
            columns_known = frozenset(orjson.loads(value_columns))
            return StreamState(stream_id, table, columns_known, fingerprint, mapping)
        return StreamState(stream_id)

    def settling(self, stream_id: str, mapping: str) -> list[Expression]:
        """Replace the mapping under which a stream's records are up to date."""
        mappings = self._layout.table(MAPPINGS)
        row = {"stream_id": stream_id, "mapping": mapping}
        mine = eq(col("stream_id"), text(stream_id))
        return [exp.delete(mappings).where(mine), insert_row(mappings.copy(), row)]

    def ensure(
        self,
        stream: CompiledStream,
        stream_id: str,
        known: StreamState,
        owner: tuple[str, str],
        at: str,
    ) -> StreamState:
        """Make the state table fit the mapping: create it, add and drop value columns, rename.

        A field that is no longer mapped loses its column: should it be mapped again, what another
        writer may have sent meanwhile is unknown, so its values are sent anew.

        Args:
            stream: The compiled stream.
            stream_id: Its identity now.
            known: What state knew; another id than `stream_id` when the sync was renamed.
            owner: Destination and project.
            at: The time, for the registry.
        """
        wanted = [field.state_column for field in stream.fields]
        destination, project = owner
        values = {
            "columns": orjson.dumps(wanted).decode(),
            "fingerprint": stream.fingerprint,
            "updated_at": at,
        }
        if known.table is None:
            name = _table_name(stream, stream_id)
            columns = (*STATE_COLUMNS, *((column, "text") for column in wanted))
            statements: list[Expression] = [self._layout.create(name, columns)]
            if not self._layout.engine.atomic:
                # What a run left that died before the registry knew of it; nobody reads it.
                statements.insert(0, self._layout.drop(name))
            if self._connection.dialect.indexes:
                statements.append(self._index(name, "key"))
            row = {
                "stream_id": stream_id,
                "destination": destination,
                "project": project,
                "sync": stream.sync,
                "object": stream.object.value,
                "state_table": name,
                **values,
            }
            statements.append(insert_row(self._layout.table(STREAMS), row))
            self._connection.run(*statements)
            return StreamState(stream_id, name, frozenset(wanted), stream.fingerprint)
        if self._layout.engine.copies_columns and known.columns != set(wanted):
            return self._copied(stream, stream_id, known, values)
        statements = [
            _alter(self._layout.table(known.table), _added(column))
            for column in wanted
            if column not in known.columns
        ]
        dropped = sorted(known.columns - set(wanted))
        statements += [
            _alter(
                self._layout.table(known.table),
                exp.Drop(tables=[col(column)], kind="COLUMN"),
            )
            for column in dropped
        ]
        if dropped:
            # A record that cannot be sent now keeps its hash, which would match when the field is
            # mapped again. Losing hashes is safe: values are compared then.
            everything = exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(1))
            self._connection.run(
                update(self._layout.table(known.table), {"row_hash": ""}, everything)
            )
        if statements or known.fingerprint != stream.fingerprint or known.stream_id != stream_id:
            if known.stream_id != stream_id:
                statements += self._renaming(known.stream_id, stream_id, stream.sync)
            statements.append(self._update(stream_id, values))
            self._connection.run(*statements)
        return StreamState(stream_id, known.table, frozenset(wanted), stream.fingerprint)

    def _copied(
        self, stream: CompiledStream, stream_id: str, known: StreamState, values: dict[str, str]
    ) -> StreamState:
        """Give a stream another state table, with the columns of its mapping now.

        The registry names the old one until the new one is whole, so dying here changes nothing.
        """
        old = str(known.table)
        new = old.removesuffix(_OTHER) if old.endswith(_OTHER) else old + _OTHER
        wanted = [field.state_column for field in stream.fields]
        dropped = known.columns - set(wanted)
        cells: list[Expression] = []
        for name, _ in STATE_COLUMNS:
            # As below: a record that cannot be sent now must not keep its hash.
            cells.append(as_(text(""), name) if dropped and name == "row_hash" else col(name))
        cells += [col(name) if name in known.columns else as_(null_text(), name) for name in wanted]
        rows = exp.select(*cells).from_(self._layout.table(old))
        renaming: list[Expression] = []
        if known.stream_id != stream_id:
            renaming = self._renaming(known.stream_id, stream_id, stream.sync)
        self._connection.run(
            self._layout.drop(new),
            self._layout.create_from(new, rows),
            *renaming,
            self._update(stream_id, {**values, "state_table": new}),
            self._layout.drop(old),
        )
        return StreamState(stream_id, new, frozenset(wanted), stream.fingerprint)

    def table_of(self, stream_id: str) -> str | None:
        """The state table of a stream."""
        return next((state.table for state in self.all() if state.stream_id == stream_id), None)

    def summaries(self) -> list[StateSummary]:
        """Every stream with its rows, for `qsync state ls`."""
        streams = self._connection.rows(
            exp.select(
                *(
                    col(name)
                    for name in (
                        "stream_id",
                        "destination",
                        "project",
                        "sync",
                        "object",
                        "state_table",
                        "updated_at",
                    )
                )
            )
            .from_(self._layout.table(STREAMS))
            .order_by(col("destination"), col("project"), col("sync"), col("object"))
        )
        found = []
        for stream_id, destination, project, sync, object_name, table, updated_at in streams:
            counted = exp.select(
                col("status"), exp.Count(this=exp.Star()), exp.Max(this=col("acked_at"))
            ).from_(self._layout.table(table))
            grouped = self._connection.rows(counted.group_by(col("status")))
            rows = {str(status): int(count) for status, count, _ in grouped}
            updated_at = max((at for _, _, at in grouped), default=updated_at)
            removed = rows.pop("removed", 0)
            living = sum(rows.values())
            found.append(
                StateSummary(
                    stream_id, destination, project, sync, object_name, living, removed, updated_at
                )
            )
        return found

    def rename(self, old_id: str, new_id: str, sync: str) -> None:
        """Give a stream's state to another name.

        Raises:
            UserError: The new name has state already.
        """
        if any(state.stream_id == new_id for state in self.all()):
            raise UserError(
                f"sync '{sync}' has state of its own",
                hint=f"remove it first with `qsync state rm {sync}`, if it should be replaced",
            )
        self._connection.run(*self._renaming(old_id, new_id, sync))

    def remove(self, stream_id: str) -> None:
        """Forget a stream: its table, its rejects, its line in the registry."""
        known = next((state for state in self.all() if state.stream_id == stream_id), None)
        if known is None or known.table is None:
            return
        mine = eq(col("stream_id"), text(stream_id))
        self._connection.run(
            exp.delete(self._layout.table(REJECTS)).where(mine.copy()),
            exp.delete(self._layout.table(MAPPINGS)).where(mine.copy()),
            *forget_history(self._layout, mine),
            exp.delete(self._layout.table(STREAMS)).where(mine),
            self._layout.drop(known.table),
        )

    def _renaming(self, old_id: str, new_id: str, sync: str) -> list[Expression]:
        mine = eq(col("stream_id"), text(old_id))
        return [
            update(self._layout.table(REJECTS), {"stream_id": new_id}, mine),
            update(self._layout.table(MAPPINGS), {"stream_id": new_id}, mine),
            update(self._layout.table(HISTORY), {"stream_id": new_id}, mine),
            update(self._layout.table(STREAMS), {"stream_id": new_id, "sync": sync}, mine),
        ]

    def _update(self, stream_id: str, values: dict[str, str]) -> Expression:
        mine = eq(col("stream_id"), text(stream_id))
        return update(self._layout.table(STREAMS), values, mine)

    def _index(self, table: str, column: str) -> Expression:
        return create_index(self._layout.table(table), f"{table[:55]}_{column}", column)


def forget_history(layout: Layout, where: Expression) -> list[Expression]:
    """Delete what was sent in those runs of streams that meet a condition on `qsync_history`."""
    stages = exp.select(col("stage")).from_(layout.table(HISTORY)).where(where.copy())
    of_these = exp.In(this=col("stage"), query=stages.subquery())
    parts = [exp.delete(layout.table(name)).where(of_these) for name in (SENT, OUTCOMES, SENT_JOBS)]
    return [*parts, exp.delete(layout.table(HISTORY)).where(where.copy())]


def _table_name(stream: CompiledStream, stream_id: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", stream.sync.lower()).strip("_")[:30]
    return f"state_{plain}_{stream.object.value}_{stream_id[:8]}"


def _added(column: str, kind: str = "text") -> Expression:
    return exp.ColumnDef(this=ident(column), kind=exp.DataType.build(kind))


def add_column(table: exp.Table, name: str, kind: str) -> exp.Alter:
    """ALTER TABLE … ADD COLUMN."""
    return _alter(table, _added(name, kind))


def _alter(table: exp.Table, action: Expression) -> exp.Alter:
    return exp.Alter(this=table, kind="TABLE", actions=[action])


def insert_row(table: exp.Table, row: dict[str, str]) -> exp.Insert:
    """INSERT one row of texts."""
    return exp.insert(
        exp.select(*(text(value) for value in row.values())),
        table,
        columns=[ident(name) for name in row],
    )


def update(table: exp.Table, values: dict[str, str], where: Expression) -> exp.Update:
    """UPDATE … SET texts WHERE …."""
    return exp.Update(
        this=table,
        expressions=[
            exp.EQ(this=col(name), expression=text(value)) for name, value in values.items()
        ],
        where=exp.Where(this=where.copy()),
    )


def create_index(table: exp.Table, name: str, column: str) -> exp.Create:
    """CREATE INDEX IF NOT EXISTS on one column."""
    return exp.Create(
        kind="INDEX",
        exists=True,
        this=exp.Index(
            this=ident(name),
            table=table,
            params=exp.IndexParameters(columns=[exp.Ordered(this=col(column), nulls_first=False)]),
        ),
    )


def in_list(column: Expression, values: Sequence[str]) -> Expression:
    """`column IN (…)` over texts that are no personal values."""
    return exp.In(this=column, expressions=[text(value) for value in values])
