"""PostgreSQL's ways."""

from __future__ import annotations

import re

from sqlglot import exp

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.dialect import Dialect, bytewise
from qsync.warehouse.sql import Expression, as_text, ident, text

_KINDS = {
    "bigint": ColumnKind.INTEGER,
    "boolean": ColumnKind.BOOLEAN,
    "bpchar": ColumnKind.TEXT,
    "character": ColumnKind.TEXT,
    "character varying": ColumnKind.TEXT,
    "character varying[]": ColumnKind.TEXT_LIST,
    "citext": ColumnKind.TEXT,
    "date": ColumnKind.DATE,
    "double precision": ColumnKind.FLOAT,
    "enum": ColumnKind.TEXT,
    "integer": ColumnKind.INTEGER,
    "name": ColumnKind.TEXT,
    "numeric": ColumnKind.DECIMAL,
    "real": ColumnKind.FLOAT,
    "smallint": ColumnKind.INTEGER,
    "text": ColumnKind.TEXT,
    "text[]": ColumnKind.TEXT_LIST,
    "timestamp without time zone": ColumnKind.TIMESTAMP,
    "timestamp with time zone": ColumnKind.TIMESTAMP_TZ,
    "uuid": ColumnKind.TEXT,
}


class Postgres(Dialect):
    """A server with row versions: state and stage are found by index."""

    name = "postgres"
    session = (
        "SET TIME ZONE 'UTC'",
        "SET extra_float_digits = 1",
        "SET standard_conforming_strings = on",
    )
    indexes = True
    names_database = False

    def kind(self, column_type: str) -> ColumnKind:
        # Types of extensions are named with their schema when it is not on the search path.
        plain = re.sub(r"\(\d+(,-?\d+)?\)", "", column_type.lower()).rpartition(".")[2]
        if plain == "numeric" and re.search(r"\(\d+,0\)", column_type):
            return ColumnKind.INTEGER
        return _KINDS.get(plain, ColumnKind.OTHER)

    def ascii_lower(self, value: Expression) -> Expression:
        """Collation C knows only ASCII; the result compares as any other text."""
        return _collated(exp.Lower(this=bytewise(value)), "default")

    def decimal_text(self, value: Expression) -> Expression:
        """A quarter of the time of cutting the text; since PostgreSQL 13."""
        return as_text(exp.Anonymous(this="TRIM_SCALE", expressions=[value]))

    def once(self, query: exp.Select) -> exp.Select:
        """An offset of nothing keeps the planner from merging a subquery into the one around it."""
        return query.offset(0, copy=False)

    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        if zoned:
            value = exp.AtTimeZone(this=value, zone=text("UTC"))
        pattern = text('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        return exp.Anonymous(this="TO_CHAR", expressions=[value, pattern])

    def date_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="TO_CHAR", expressions=[value, text("YYYY-MM-DD")])

    def list_text(self, value: Expression) -> Expression:
        return as_text(exp.Anonymous(this="ARRAY_TO_JSON", expressions=[value]))


def _collated(value: Expression, collation: str) -> Expression:
    return exp.Collate(this=value, expression=ident(collation))
