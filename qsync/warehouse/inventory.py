"""Which schemas and tables there are: an information schema tells, Spark's SHOW or the adapter."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sqlglot import exp

from qsync.warehouse.connection import Connection
from qsync.warehouse.layout import Layout
from qsync.warehouse.sql import Expression, ident


@runtime_checkable
class KnowsSchemas(Protocol):
    """A connection whose adapter asks the warehouse in a way of its own."""

    def has_schema(self, schema: str) -> bool:
        """Whether the profile's database has a schema."""


def table_names(connection: Connection, layout: Layout) -> list[str]:
    """The names of the tables in the state schema; none when there is no schema."""
    engine = layout.engine
    # Neither SHOW nor a schema's own information schema takes the name of one that is not there.
    if (engine.shows_tables or engine.jobs) and not has_schema(connection, layout):
        return []
    if not engine.shows_tables:
        return [str(row[0]) for row in connection.rows(layout.existing_tables())]
    return shown_tables(connection, layout.schema)


def has_schema(connection: Connection, layout: Layout) -> bool:
    """Whether the state schema is there."""
    if layout.engine.jobs:
        # The view of schemas belongs to a region, and no profile has to say which.
        if not isinstance(connection, KnowsSchemas):
            raise TypeError(f"{type(connection).__name__} does not tell schemas")
        return connection.has_schema(layout.schema)
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
