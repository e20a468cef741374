"""The warehouse while planning: reads only, and copes with there being no tables yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from sqlglot import exp

from qsync.errors import UserError
from qsync.execution.ports import DAY, RejectSummary, StateSummary
from qsync.planning.changes import ChangeSet, Imprint
from qsync.planning.comparison import CompareRequest, Counted
from qsync.planning.cost import Pace
from qsync.planning.plan import OrphanState
from qsync.planning.ports import Column, DiffRequest, StreamState
from qsync.planning.samples import Sample
from qsync.warehouse.columns import ColumnReader
from qsync.warehouse.comparing import comparison_query, counted
from qsync.warehouse.connection import Connection, Row
from qsync.warehouse.counting import change_set_of, counting, counts_of
from qsync.warehouse.diff import REST_AFTER, Diff, op_is
from qsync.warehouse.digests import change_digest
from qsync.warehouse.engine import engine_of
from qsync.warehouse.forgetting import Forgotten, Suppressions, forgotten_keys
from qsync.warehouse.inventory import table_names
from qsync.warehouse.layout import (
    LAYOUT,
    LAYOUT_VERSION,
    MAPPINGS,
    META,
    REJECTS,
    REQUESTS,
    RUNS,
    STREAMS,
    SUPPRESSED,
    Layout,
)
from qsync.warehouse.records import Records
from qsync.warehouse.requests import Requests
from qsync.warehouse.samples import samples_of, samples_select
from qsync.warehouse.sql import (
    aliased,
    all_of,
    as_,
    case,
    col,
    eq,
    number,
    text,
)
from qsync.warehouse.staging import NOT_STAGED, is_sent
from qsync.warehouse.streams import Streams
from qsync.warehouse.unstaged import totals, unstaged


class ReadingWarehouse:
    """Implements `planning.ports.PlanningWarehouse`.

    Args:
        connection: Where statements go.
        schema: The state schema.
        relations: The relation of every model, snapshot and seed, by unique id.
        columns: Reads a relation's columns.
    """

    def __init__(
        self,
        connection: Connection,
        schema: str,
        relations: Mapping[str, str],
        columns: ColumnReader,
    ) -> None:
        self.connection = connection
        dialect, database = connection.dialect, connection.database
        if database is not None:
            database = dialect.stored_name(database) if dialect.names_database else None
        self.layout = Layout(schema, database, engine_of(dialect.name))
        self._relations = relations
        self._columns = columns
        # Set when a run puts down its own requests: those were not spent by an earlier one.
        self.own_run: str | None = None
        self.streams = Streams(connection, self.layout)
        self.records = Records(connection, self.layout)

    @property
    def commit_seconds(self) -> float:
        """Seconds between commits while records are delivered: more where a commit is slow."""
        return self.layout.engine.commit_seconds

    def relations(self) -> Mapping[str, str]:
        """The relation of every model, snapshot and seed by unique id, under qsync's target."""
        return self._relations

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        """A relation's columns; None when there is no such relation."""
        return self._columns(relation)

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables in the state schema when first asked."""
        found = frozenset(table_names(self.connection, self.layout))
        if META in found:
            self._check_layout()
        return found

    layout_version = LAYOUT_VERSION
    """Of the tables there are; an older one is brought up to date by the next apply."""

    def _check_layout(self) -> None:
        rows = self.connection.rows(
            exp.select(col("value"))
            .from_(self.layout.table(META))
            .where(eq(col("name"), text(LAYOUT)))
        )
        self.layout_version = int(rows[0][0]) if rows else LAYOUT_VERSION
        if self.layout_version > LAYOUT_VERSION:
            raise UserError(
                f"The tables in '{self.layout.schema}' were written by a newer qsync "
                f"(layout {self.layout_version}, this one knows {LAYOUT_VERSION})",
                hint="update qsync",
            )

    def stream_state(self, stream_id: str) -> StreamState:
        """What state knows of a stream."""
        if STREAMS not in self.tables:
            return StreamState(stream_id)
        return self.streams.known(stream_id, with_mapping=MAPPINGS in self.tables)

    def diff(self, request: DiffRequest) -> Diff:
        """The diff of a stream, over the tables there are."""
        state = None if request.state.table is None else self.layout.table(request.state.table)
        rejects = self.layout.table(REJECTS) if REJECTS in self.tables else None
        only, forgotten = self._only(request), self._forgotten(request)
        return Diff(request, self.connection.dialect, state, rejects, only, forgotten)

    def _forgotten(self, request: DiffRequest) -> Forgotten | None:
        """Who was forgotten; None, and nothing is asked, if nobody ever was."""
        if SUPPRESSED not in self.tables:
            return None
        Suppressions(self.connection, self.layout).check()
        dialect = self.connection.dialect
        return forgotten_keys(request.stream.object.value, self.layout, dialect)

    def _only(self, request: DiffRequest) -> exp.Select | None:
        """The records a run is about, when it is not about all: key, and hash where it counts."""
        only = request.only
        if only is None:
            return None
        rejects = None
        if REJECTS in self.tables:
            mine = [eq(col("stream_id"), text(request.state.stream_id))]
            if only.run_id is not None:
                mine.append(eq(col("run_id"), text(only.run_id)))
            rejects = exp.select(col("key")).from_(self.layout.table(REJECTS)).where(all_of(mine))
        if only.stage is None:
            return rejects if only.rejects else None
        staged = exp.select(col("key"), col("hash")).from_(self.layout.table(only.stage))
        if rejects is None:
            return staged.where(is_sent())
        answered = exp.In(this=col("key"), query=rejects.subquery())
        return staged.where(all_of([is_sent(), exp.Not(this=answered)]))

    def change_set(self, request: DiffRequest) -> ChangeSet:
        """Compare a stream with its state: one statement."""
        diff = self.diff(request)
        rows = self.connection.rows(diff.query(self.counting(request)))
        found = self.counted(request, rows)
        return self.imprinted(request, found, lambda: diff.query(self.digest("diff")))

    def samples(self, request: DiffRequest, per_kind: int) -> tuple[Sample, ...]:
        """A few records of each kind with their values, for a person at a terminal."""
        statement = self.diff(request).query(samples_select(request, per_kind))
        return samples_of(request.stream, self.connection.rows(statement))

    def digest(self, table: str | exp.Table) -> exp.Select:
        """The statement that makes a change set's digest, over the diff or a staged table."""
        return change_digest(table, self.layout, self.connection.dialect)

    def imprinted(
        self, request: DiffRequest, found: ChangeSet, statement: Callable[[], exp.Select]
    ) -> ChangeSet:
        """With what it is known by, if the request asks for that; `statement` makes its digest."""
        if not request.imprinted(found):
            return found
        return replace(found, imprint=self.imprint(request, statement()))

    def imprint(self, request: DiffRequest, statement: exp.Select) -> Imprint:
        """What a change set is known by: `statement` makes its digest."""
        writer = None
        if request.state.table is not None:
            latest = exp.select(as_(exp.Max(this=col("run_id")), "run_id"))
            state = self.layout.table(request.state.table)
            writer = self.connection.rows(latest.from_(state))[0][0]
        if META not in self.tables:
            return Imprint(writer=writer)
        return Imprint(True, self.connection.rows(statement)[0][0], writer)

    def counting(self, request: DiffRequest, table: str | exp.Table = "diff") -> exp.Select:
        """The counting statement over the diff or a staged table."""
        state = None if request.state.table is None else self.layout.table(request.state.table)
        return counting(request.stream, table, state, request.state.moved(request.stream))

    def counted(self, request: DiffRequest, rows: Sequence[Row]) -> ChangeSet:
        """A counting statement's rows, added up."""
        return change_set_of(request.stream, counts_of(request.stream, rows), rows)

    def unstaged(
        self, request: DiffRequest, diff: Diff, create: exp.Create, table: exp.Table
    ) -> list[Row]:
        """Create a staged table, and count what it leaves out, as `counting` would tell it."""
        state = request.state.table
        if request.only is not None or SUPPRESSED in self.tables:
            left = diff.query(self.counting(request).where(op_is(*NOT_STAGED)))
            return self.connection.run_and_read([create], left)
        if state is None:
            self.connection.run(create)
            return []
        dialect = self.connection.dialect
        found = totals(request, table, self.layout.table(state), dialect)
        return unstaged(request, self.connection.run_and_read([create], found)[0])

    def compare(self, request: CompareRequest) -> Counted:
        """Compare two mappings of a stream on the same rows: one statement, no state."""
        statement = comparison_query(request, self.connection.dialect)
        return counted(request, self.connection.rows(statement))

    def requests_spent(self, destination: str) -> Sequence[tuple[float, int]]:
        """Requests of earlier runs in the last 24 hours: `(seconds ago, how many)`."""
        if REQUESTS not in self.tables:
            return ()
        clock = exp.select(as_(self.connection.dialect.epoch_now(), "now"))
        now = float(self.connection.rows(clock)[0][0])
        requests = Requests(self.connection, self.layout, destination)
        spent = requests.since(int(now) - DAY, but=self.own_run)
        return [(max(0.0, now - at), count) for at, count in spent]

    def pace(self, destination: str) -> Pace | None:
        """How long jobs and requests took in the last run that measured it; None without one."""
        return self.records.pace(destination) if RUNS in self.tables else None

    def orphans(
        self, destination: str, project: str, declared: Sequence[str]
    ) -> tuple[OrphanState, ...]:
        """State of streams that are not among the declared stream ids."""
        return tuple(
            OrphanState(state.stream_id, state.sync, state.object, state.rows)
            for state in self.state_summaries()
            if state.destination == destination
            and state.project == project
            and state.stream_id not in declared
        )

    def state_summaries(self) -> list[StateSummary]:
        """Every stream's state."""
        return self.streams.summaries() if STREAMS in self.tables else []

    def reject_summaries(self, project: str) -> list[RejectSummary]:
        """Rejects of a project's streams by reason, most first."""
        if REJECTS not in self.tables:
            return []
        resting = case(
            [(exp.GTE(this=col("attempts"), expression=number(REST_AFTER)), number(1))], number(0)
        )
        statement = (
            exp.select(
                col("sync", "streams"),
                col("object", "streams"),
                col("reason", "rejects"),
                as_(exp.Count(this=exp.Star()), "records"),
                as_(exp.Sum(this=resting), "resting"),
            )
            .from_(aliased(self.layout.table(REJECTS), "rejects"))
            .join(
                aliased(self.layout.table(STREAMS), "streams"),
                on=eq(col("stream_id", "rejects"), col("stream_id", "streams")),
            )
            .where(eq(col("project", "streams"), text(project)))
            .group_by(col("sync", "streams"), col("object", "streams"), col("reason", "rejects"))
            .order_by(exp.Ordered(this=col("records"), desc=True, nulls_first=False))
        )
        return [
            RejectSummary(sync, object_name, reason, int(records), int(resting or 0))
            for sync, object_name, reason, records, resting in self.connection.rows(statement)
        ]

    def ledger(self, project: str, limit: int = 2_000) -> list[tuple[str, ...]]:
        """The ledger's rows, oldest first, as texts."""
        return self.records.ledger(limit, project) if RUNS in self.tables else []

    def last_runs(self, destination: str, project: str) -> list[tuple[str, ...]]:
        """The ledger's newest row of each sync and object at a destination, as texts."""
        return self.records.last(destination, project) if RUNS in self.tables else []
