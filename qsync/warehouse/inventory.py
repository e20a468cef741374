"""Which schemas and tables there are, where no information schema tells: Spark's SHOW."""

from __future__ import annotations

from sqlglot import exp

from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import Layout
from qsync.warehouse.sql import Expression, ident


def table_names(connection: Connection, layout: Layout) -> list[str]:
    """The names of the tables in the state schema; none when there is no schema."""
    if not layout.engine.shows_tables:
        return [str(row[0]) for row in connection.rows(layout.existing_tables())]
    if not has_schema(connection, layout):
        return []
    return shown_tables(connection, layout.schema)


def has_schema(connection: Connection, layout: Layout) -> bool:
    """Whether the state schema is there."""
    if not layout.engine.shows_tables:
        return bool(connection.rows(layout.existing_schema()))
    rows = connection.rows(_show("SCHEMAS", connection, None))
    return layout.schema.lower() in {str(row[0]).lower() for row in rows}


def shown_tables(connection: Connection, schema: str | None) -> list[str]:
    """The names of the tables in a schema, or in the session's own."""
    return [str(row[1]) for row in connection.rows(_show("TABLES", connection, schema))]


def _show(what: str, connection: Connection, schema: str | None) -> Expression:
    place = "" if schema is None else f" IN {connection.dialect.render(ident(schema))}"
    return exp.Command(this="SHOW", expression=f" {what}{place}")
