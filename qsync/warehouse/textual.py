"""What the warehouses have in common that qsync writes for by text only."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.generator import Generator

from qsync.warehouse.sql import Expression, as_, text


def every_match(generator: Generator, node: exp.RegexpReplace) -> str:
    """`REGEXP_REPLACE` as it is where it replaces every match anyway, and takes no flags.

    All patterns whose first match alone is meant begin or end at an end of the text: there is one.
    """
    return generator.func("REGEXP_REPLACE", node.this, node.expression, node.args["replacement"])


def collated(collation: str) -> Callable[[Generator, exp.Collate], str]:
    """`COLLATE(text, '…')`: this collation in place of the one the tree names, PostgreSQL's `C`."""

    def written(generator: Generator, node: exp.Collate) -> str:
        return generator.func("COLLATE", node.this, text(collation))

    return written


def column_query(
    relation: exp.Table,
    told: Expression,
    fold: Callable[[str], str],
    schema: exp.Table | None = None,
) -> exp.Select:
    """A relation's columns from an information schema: name, type told, type as `kind` reads it.

    Args:
        relation: As dbt renders it; a name without quotes is what `fold` makes of it.
        told: The type.
        fold: What the warehouse makes of a name without quotes.
        schema: The view, where it is not that of the relation's database.
    """
    if schema is None:
        database = relation.args.get("catalog")
        schema = exp.Table(
            this=exp.to_identifier("columns"),
            db=exp.to_identifier("information_schema"),
            catalog=None if database is None else database.copy(),
        )
    where = [
        exp.EQ(this=exp.column(name), expression=text(kept_name(part, fold)))
        for name, part in (
            ("table_schema", relation.args.get("db")),
            ("table_name", relation.this),
        )
        if part is not None
    ]
    return (
        exp.select(
            as_(exp.column("column_name"), "name"), as_(told, "told"), as_(told.copy(), "stored")
        )
        .from_(schema)
        .where(*where)
        .order_by(exp.column("ordinal_position"))
    )


def kept_name(part: Expression, fold: Callable[[str], str]) -> str:
    """A name as the warehouse keeps it."""
    return part.name if part.args.get("quoted") else fold(part.name)
