"""Redshift's ways: by text only."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift as Words
from sqlglot.generator import Generator
from sqlglot.generators.redshift import RedshiftGenerator

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.sql import Expression, case, concat, eq, text
from qsync.warehouse.textual import collated, column_query, every_match

_KINDS = {
    "bigint": ColumnKind.INTEGER,
    "boolean": ColumnKind.BOOLEAN,
    "character": ColumnKind.TEXT,
    "character varying": ColumnKind.TEXT,
    "date": ColumnKind.DATE,
    "double precision": ColumnKind.FLOAT,
    "integer": ColumnKind.INTEGER,
    "numeric": ColumnKind.DECIMAL,
    "real": ColumnKind.FLOAT,
    "smallint": ColumnKind.INTEGER,
    "super": ColumnKind.TEXT_LIST,
    "timestamp with time zone": ColumnKind.TIMESTAMP_TZ,
    "timestamp without time zone": ColumnKind.TIMESTAMP,
}


def _listagg(generator: Generator, node: exp.GroupConcat) -> str:
    """The order stands outside, as the standard says."""
    ordered = node.this
    told = generator.func("LISTAGG", ordered.this, node.args["separator"])
    return f"{told} WITHIN GROUP (ORDER BY {generator.sql(ordered, 'this')})"


class _Generator(RedshiftGenerator):
    """What sqlglot takes from PostgreSQL and Redshift does not have."""

    TRANSFORMS: ClassVar[Any] = {
        **RedshiftGenerator.TRANSFORMS,
        exp.Collate: collated("case_sensitive"),
        exp.GroupConcat: _listagg,
        exp.RegexpReplace: every_match,
    }


class _Words(Words):
    Generator = _Generator


class Redshift(Dialect):
    """PostgreSQL 8 at heart: one database, no indexes, names in small letters."""

    name = "redshift"
    words = _Words
    by_text = True
    session = ("SET timezone TO 'UTC'",)
    names_database = False
    digest_groups = (4, 2)
    """65,535 bytes are the longest text that `LISTAGG` makes: 2,047 hashes."""

    def kind(self, column_type: str) -> ColumnKind:
        lower = column_type.lower()
        if re.fullmatch(r"numeric\(\d+,0\)", lower):
            return ColumnKind.INTEGER
        return _KINDS.get(re.sub(r"\([\d,]+\)", "", lower), ColumnKind.OTHER)

    def columns_of(self, relation: exp.Table) -> exp.Select | None:
        """From `svv_columns`, which knows late-binding views as well."""
        scale = exp.Coalesce(
            this=exp.cast(exp.column("numeric_scale"), "text"), expressions=[text("")]
        )
        told = case(
            [
                (
                    eq(exp.column("data_type"), text("numeric")),
                    concat([text("numeric(38,"), scale, text(")")]),
                )
            ],
            exp.column("data_type"),
        )
        return column_query(relation, told, str.lower, exp.to_table("svv_columns"))

    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        if zoned:
            value = exp.AtTimeZone(this=value, zone=text("UTC"))
        pattern = text('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        return exp.Anonymous(this="TO_CHAR", expressions=[value, pattern])

    def date_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="TO_CHAR", expressions=[value, text("YYYY-MM-DD")])

    def list_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="JSON_SERIALIZE", expressions=[value])

    def epoch_now(self) -> Expression:
        now = exp.Anonymous(this="GETDATE")
        return exp.cast(exp.Extract(this=exp.var("EPOCH"), expression=now), "bigint")
