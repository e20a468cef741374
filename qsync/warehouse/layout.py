"""qsync's own tables, all in the state schema: their columns and how they are made.

qsync_meta      one row per setting: the layout's version, the key of hashes that leave here
qsync_streams   the streams there is state of, and which table holds it
qsync_mappings  the mapping under which all of a stream's records were last brought up to date
qsync_rejects   records Qualified rejected: key, hash, reason, how often
qsync_fields    ids of live fields seen, by destination
qsync_runs      run records: the ledger's truth
qsync_stages    staged tables that have not been dropped yet, and how far each may have been posted
qsync_jobs      bulk jobs that are open: which records of which stage
qsync_requests  requests made, by run and minute: what a fresh machine knows of the team's quota
qsync_lock      one row per destination
qsync_history   which run sent records of which stream, from which staged table
qsync_sent      which records those were, by hashes of their keys
qsync_outcomes  what became of them, by ranges of numbers
qsync_sent_jobs  the bulk jobs they went in
qsync_suppressed  hashes of keys that were forgotten; made by the first `qsync forget`
qsync_alerts    what was alerted and is not over; made by the first alert
qsync_rejections  a view of rejects for models and queries (`rejected`)
state_…         one table per stream: key, hash, status, last acknowledged values
stage_…         one table per run and stream
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from qsync.ledger.columns import LEDGER_COLUMNS
from qsync.warehouse.engine import ENGINES, Engine
from qsync.warehouse.sql import Expression, ident, table

LAYOUT_VERSION = 2
"""Of these tables. 2: qsync_jobs, qsync_requests, and what qsync_stages knows of posting."""

META, STREAMS, REJECTS, FIELDS = "qsync_meta", "qsync_streams", "qsync_rejects", "qsync_fields"
RUNS, STAGES, LOCK = "qsync_runs", "qsync_stages", "qsync_lock"
JOBS, REQUESTS, MAPPINGS = "qsync_jobs", "qsync_requests", "qsync_mappings"
SUPPRESSED = "qsync_suppressed"
ALERTS = "qsync_alerts"
HISTORY, SENT = "qsync_history", "qsync_sent"
OUTCOMES, SENT_JOBS = "qsync_outcomes", "qsync_sent_jobs"

LAYOUT, SECRET = "layout", "secret"
"""Names of settings in `qsync_meta`."""

Columns = Sequence[tuple[str, str]]

STAGE_POSTING: Columns = (
    ("stream", "text"),
    ("records", "bigint"),
    ("posted", "bigint"),
    ("journaled", "bigint"),
)
"""Of `qsync_stages`, since layout 2: the compiled stream, how many records are sent, the highest
number that may have been posted, and whether the run's journal tells which of them were."""

_OWN: Mapping[str, Columns] = {
    META: (("name", "text"), ("value", "text")),
    STREAMS: (
        ("stream_id", "text"),
        ("destination", "text"),
        ("project", "text"),
        ("sync", "text"),
        ("object", "text"),
        ("state_table", "text"),
        ("columns", "text"),
        ("fingerprint", "text"),
        ("updated_at", "text"),
    ),
    MAPPINGS: (("stream_id", "text"), ("mapping", "text")),
    REJECTS: (
        ("stream_id", "text"),
        ("key", "text"),
        ("row_hash", "text"),
        ("meaning", "text"),
        ("reason", "text"),
        ("field", "text"),
        ("attempts", "bigint"),
        ("run_id", "text"),
        ("first_at", "text"),
        ("last_at", "text"),
    ),
    FIELDS: (("destination", "text"), ("object", "text"), ("name", "text"), ("field_id", "text")),
    RUNS: (
        ("destination", "text"),
        ("project", "text"),
        *((column.name, column.type) for column in LEDGER_COLUMNS),
    ),
    STAGES: (
        ("run_id", "text"),
        ("destination", "text"),
        ("stream_id", "text"),
        ("table_name", "text"),
        *STAGE_POSTING,
    ),
    JOBS: (
        ("run_id", "text"),
        ("destination", "text"),
        ("stream_id", "text"),
        ("job_id", "text"),
        ("first_number", "bigint"),
        ("last_number", "bigint"),
        ("accepted_at", "bigint"),
        ("lost_answers", "bigint"),
    ),
    REQUESTS: (
        ("destination", "text"),
        ("run_id", "text"),
        ("minute", "bigint"),
        ("requests", "bigint"),
    ),
    LOCK: (
        ("destination", "text"),
        ("epoch", "bigint"),
        ("lock_id", "text"),
        ("holder", "text"),
        ("since", "bigint"),
        ("expires", "bigint"),
    ),
    HISTORY: (
        ("stage", "text"),
        ("run_id", "text"),
        ("destination", "text"),
        ("stream_id", "text"),
        ("sync", "text"),
        ("object", "text"),
        ("fields", "text"),
        ("records", "bigint"),
        ("at", "text"),
    ),
    SENT: (
        ("stage", "text"),
        ("number", "bigint"),
        ("key_hash", "text"),
        ("op", "text"),
        ("kinds", "text"),
    ),
    OUTCOMES: (
        ("stage", "text"),
        ("first_number", "bigint"),
        ("last_number", "bigint"),
        ("outcome", "text"),
        ("reason", "text"),
        ("field", "text"),
        ("at", "text"),
    ),
    SENT_JOBS: (
        ("stage", "text"),
        ("job_id", "text"),
        ("first_number", "bigint"),
        ("last_number", "bigint"),
        ("accepted_at", "bigint"),
    ),
}

SUPPRESSED_COLUMNS: Columns = (("object", "text"), ("key_hash", "text"), ("at", "text"))
"""Of `qsync_suppressed` (`forgetting`), which is none of the tables that are always there."""

ALERT_COLUMNS: Columns = (
    ("destination", "text"),
    ("project", "text"),
    ("rule", "text"),
    ("sync", "text"),
    ("trouble", "text"),
    ("since", "text"),
)
"""Of `qsync_alerts` (`alerting`), which is none of the tables that are always there either."""

STATE_COLUMNS: Columns = (
    ("key", "text"),
    ("row_hash", "text"),
    ("status", "text"),
    ("run_id", "text"),
    ("acked_at", "text"),
)
"""Of every state table, before its value columns.

`status` is `synced`, `removed` (a tombstone), `unsettled` (its last answer is unknown: it is sent
again) or `open` (the same, and a job with other values of it may still be waiting to run: what is
sent now is `unsettled` even when it is confirmed, and goes once more)."""


class Layout:
    """Names qsync's tables within a schema, and a database where names may begin with one.

    Without a database it is PostgreSQL's: one connection, one database.
    """

    def __init__(
        self, schema: str, database: str | None, engine: Engine = ENGINES["duckdb"]
    ) -> None:
        self.schema = schema
        self.database = database
        self.engine = engine

    def table(self, name: str) -> exp.Table:
        """A table of the state schema."""
        return table(name, self.schema, self.database)

    def existing_tables(self) -> exp.Select:
        """The names of the tables in the state schema; none when there is no schema."""
        if self.database is None:
            # information_schema hides tables from who has no rights on them, and a plan that sees
            # no state would take everybody for new. PostgreSQL's catalog hides nothing.
            return (
                exp.select(exp.column("tablename"))
                .from_(exp.to_table("pg_catalog.pg_tables"))
                .where(_is("schemaname", self.schema))
            )
        if self.engine.jobs:
            return exp.select(exp.column("table_name")).from_(self._own_view("TABLES"))
        return (
            exp.select(exp.column("table_name"))
            .from_(exp.to_table("information_schema.tables"))
            .where(_is_any_case("table_schema", self.schema))
            .where(_is_any_case("table_catalog", self.database))
        )

    def _own_view(self, view: str) -> exp.Table:
        """A view of the state schema's own information schema."""
        schema = exp.to_identifier("INFORMATION_SCHEMA")
        found = self.table(view)
        found.set("this", exp.Dot(this=schema, expression=exp.to_identifier(view)))
        return found

    def existing_schema(self) -> exp.Select:
        """One row when the state schema is there."""
        if self.database is None:
            return (
                exp.select(exp.column("nspname"))
                .from_(exp.to_table("pg_catalog.pg_namespace"))
                .where(_is("nspname", self.schema))
            )
        return (
            exp.select(exp.column("schema_name"))
            .from_(exp.to_table("information_schema.schemata"))
            .where(_is_any_case("schema_name", self.schema))
            .where(_is_any_case("catalog_name", self.database))
        )

    def create_schema(self) -> exp.Create:
        """CREATE SCHEMA IF NOT EXISTS."""
        catalog = None if self.database is None else ident(self.database)
        return exp.Create(
            this=exp.Table(db=ident(self.schema), catalog=catalog), kind="SCHEMA", exists=True
        )

    def create_own(self, name: str) -> exp.Create:
        """Make one of qsync's own tables."""
        key = ["destination"] if name == LOCK else []
        return self.create(name, _OWN[name], key)

    @staticmethod
    def own_tables() -> tuple[str, ...]:
        """The names of qsync's own tables, state and stages aside."""
        return tuple(_OWN)

    def create(self, name: str, columns: Columns, primary_key: Sequence[str] = ()) -> exp.Create:
        """CREATE TABLE IF NOT EXISTS with these columns and types."""
        definitions: list[Expression] = [
            exp.ColumnDef(this=ident(column), kind=exp.DataType.build(kind))
            for column, kind in columns
        ]
        if primary_key and self.engine.primary_keys:
            definitions.append(exp.PrimaryKey(expressions=[ident(part) for part in primary_key]))
        return exp.Create(
            this=exp.Schema(this=self.table(name), expressions=definitions),
            kind="TABLE",
            exists=True,
            properties=self._format(),
        )

    def create_from(self, name: str, rows: exp.Select) -> exp.Create:
        """CREATE TABLE AS."""
        return exp.Create(
            this=self.table(name), kind="TABLE", expression=rows, properties=self._format()
        )

    def _format(self) -> exp.Properties | None:
        if self.engine.table_format is None:
            return None
        using = exp.FileFormatProperty(this=exp.var(self.engine.table_format.upper()))
        return exp.Properties(expressions=[using])

    def drop(self, name: str) -> exp.Drop:
        """DROP TABLE IF EXISTS."""
        return exp.Drop(tables=[self.table(name)], kind="TABLE", exists=True)


def _is(column: str, name: str) -> Expression:
    return exp.EQ(this=exp.column(column), expression=exp.Literal.string(name))


def _is_any_case(column: str, name: str) -> Expression:
    """DuckDB takes `Qsync` and `qsync` for one name, quoted or not."""
    return exp.EQ(
        this=exp.Lower(this=exp.column(column)), expression=exp.Literal.string(name.lower())
    )
