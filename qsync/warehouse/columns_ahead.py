"""The columns of many relations, read in one statement when the first is asked for.

DuckDB looks through its whole catalog for each question about columns (10 ms where it has hundreds
of relations), so hundreds of questions cost more than what they are asked for. Elsewhere an index
answers, and each relation is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlglot import exp

from qsync.planning.ports import Column
from qsync.warehouse.columns import ColumnReader, column_reader
from qsync.warehouse.connection import Connection
from qsync.warehouse.sql import one_of, relation

_Place = tuple[str, str, str]
"""Database, schema and name in lower case, which in DuckDB mean one relation."""


def columns_ahead(connection: Connection, expected: Collection[str]) -> ColumnReader:
    """A reader of columns that expects to be asked for these relations, as dbt rendered them.

    It tells of them what was there when it was asked first; of any other what is there now.
    """
    one_by_one = column_reader(connection)
    if connection.dialect.name != "duckdb" or len(expected) < 2:
        return one_by_one
    wanted = {rendered: place for rendered in expected if (place := _place(connection, rendered))}

    @cache
    def found() -> dict[_Place, list[Column]]:
        return _read(connection, set(wanted.values()))

    def columns(rendered: str) -> tuple[Column, ...] | None:
        place = wanted.get(rendered)
        if place is None:
            return one_by_one(rendered)
        return tuple(found().get(place, ())) or None

    return columns


def _place(connection: Connection, rendered: str) -> _Place | None:
    table = relation(rendered, connection.dialect.name)
    catalog = table.catalog or connection.database
    if not catalog or not table.db:
        return None
    return catalog.lower(), table.db.lower(), table.name.lower()


def _read(connection: Connection, places: set[_Place]) -> dict[_Place, list[Column]]:
    names = ("table_catalog", "table_schema", "table_name", "column_name", "data_type")
    rows = connection.rows(
        exp.select(*(exp.column(name) for name in names))
        .from_(exp.to_table("information_schema.columns"))
        .where(one_of(exp.Lower(this=exp.column("table_name")), sorted({at[2] for at in places})))
        .order_by(exp.column("ordinal_position"))
    )
    found: dict[_Place, list[Column]] = {}
    for catalog, schema, table, name, kind in rows:
        place = (str(catalog).lower(), str(schema).lower(), str(table).lower())
        column = Column(str(name), connection.dialect.kind(str(kind)), str(kind))
        found.setdefault(place, []).append(column)
    return found
