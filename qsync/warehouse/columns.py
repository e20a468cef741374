"""A relation's columns with their types, as each adapter tells them best."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from qsync.planning.ports import Column
from qsync.warehouse.connection import Connection
from qsync.warehouse.inventory import shown_tables
from qsync.warehouse.sql import as_, case, col, eq, relation, text

ColumnReader = Callable[[str], tuple[Column, ...] | None]
"""From a rendered relation to its columns; None when there is no such relation."""


def column_reader(connection: Connection) -> ColumnReader:
    """How this connection's warehouse tells columns."""
    readers = {"duckdb": _duckdb, "postgres": _postgres, "spark": _spark}
    read = readers.get(connection.dialect.name, _as_the_dialect_says)

    def columns(rendered: str) -> tuple[Column, ...] | None:
        rows = read(connection, relation(rendered, connection.dialect.name))
        if not rows:
            return None
        return tuple(
            Column(str(name), connection.dialect.kind(str(stored)), str(told))
            for name, told, stored in rows
        )

    return columns


def _as_the_dialect_says(connection: Connection, table: exp.Table) -> list[tuple[object, ...]]:
    statement = connection.dialect.columns_of(table)
    return [] if statement is None else connection.rows(statement)


def _spark(connection: Connection, table: exp.Table) -> list[tuple[object, ...]]:
    """DESCRIBE refuses what is not there, so SHOW is asked before."""
    shown = shown_tables(connection, table.db or None)
    if table.name.lower() not in {name.lower() for name in shown}:
        return []
    found: list[tuple[object, ...]] = []
    for name, told, *_ in connection.rows(exp.Describe(this=table.copy(), kind="TABLE")):
        if not name or str(name).startswith("#"):
            break  # what follows is about partitions
        found.append((name, told, told))
    return found


def _duckdb(connection: Connection, table: exp.Table) -> list[tuple[object, ...]]:
    where = [
        exp.EQ(this=exp.Lower(this=exp.column(name)), expression=text(part.lower()))
        for name, part in (
            ("table_catalog", table.catalog or connection.database),
            ("table_schema", table.db),
            ("table_name", table.name),
        )
        if part
    ]
    return connection.rows(
        exp.select(*(exp.column(name) for name in ("column_name", "data_type", "data_type")))
        .from_(exp.to_table("information_schema.columns"))
        .where(*where)
        .order_by(exp.column("ordinal_position"))
    )


def _postgres(connection: Connection, table: exp.Table) -> list[tuple[object, ...]]:
    """From the catalog, because information_schema tells arrays only as ARRAY.

    What a domain stands for counts, and that an enumeration holds texts.
    """
    told = _format_type(col("atttypid", "a"), col("atttypmod", "a"))
    base = _format_type(col("typbasetype", "t"), col("typtypmod", "t"))
    stored = case(
        [
            (eq(col("typtype", "t"), text("e")), text("enum")),
            (eq(col("typtype", "t"), text("d")), base),
        ],
        told.copy(),
    )
    statement = (
        exp.select(as_(col("attname", "a"), "name"), as_(told, "told"), as_(stored, "stored"))
        .from_(exp.alias_(exp.to_table("pg_catalog.pg_attribute"), "a", table=True))
        .join(
            exp.alias_(exp.to_table("pg_catalog.pg_class"), "c", table=True),
            on=exp.EQ(this=col("attrelid", "a"), expression=col("oid", "c")),
        )
        .join(
            exp.alias_(exp.to_table("pg_catalog.pg_type"), "t", table=True),
            on=exp.EQ(this=col("atttypid", "a"), expression=col("oid", "t")),
        )
        .join(
            exp.alias_(exp.to_table("pg_catalog.pg_namespace"), "n", table=True),
            on=exp.EQ(this=col("relnamespace", "c"), expression=col("oid", "n")),
        )
        .where(
            exp.EQ(this=col("nspname", "n"), expression=text(_folded(table.args.get("db")))),
            exp.EQ(this=col("relname", "c"), expression=text(_folded(table.this))),
            exp.GT(this=col("attnum", "a"), expression=exp.Literal.number(0)),
            exp.Not(this=col("attisdropped", "a")),
        )
        .order_by(col("attnum", "a"))
    )
    return connection.rows(statement)


def _format_type(oid: exp.Expr, modifier: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="FORMAT_TYPE", expressions=[oid, modifier])


def _folded(name: exp.Expr | None) -> str:
    """A name as PostgreSQL keeps it: without quotes (dbt's `quoting: false`) in lower case."""
    if name is None:
        return ""
    return name.name if name.args.get("quoted") else name.name.lower()
