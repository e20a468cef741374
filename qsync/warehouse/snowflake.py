"""Snowflake's ways: by text only."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake as Words
from sqlglot.generators.snowflake import SnowflakeGenerator

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.sql import Expression, case, eq, number, text
from qsync.warehouse.textual import collated, column_query, every_match

_KINDS = {
    "ARRAY": ColumnKind.TEXT_LIST,
    "BOOLEAN": ColumnKind.BOOLEAN,
    "DATE": ColumnKind.DATE,
    "FLOAT": ColumnKind.FLOAT,
    "TEXT": ColumnKind.TEXT,
    "TIMESTAMP_LTZ": ColumnKind.TIMESTAMP_TZ,
    "TIMESTAMP_NTZ": ColumnKind.TIMESTAMP,
    "TIMESTAMP_TZ": ColumnKind.TIMESTAMP_TZ,
    "VARCHAR": ColumnKind.TEXT,
}

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


class _Generator(SnowflakeGenerator):
    """What sqlglot leaves as it is and Snowflake takes for something else."""

    TRANSFORMS: ClassVar[Any] = {
        **SnowflakeGenerator.TRANSFORMS,
        # Without any, texts compare byte by byte; functions of regular expressions refuse others.
        exp.Collate: collated(""),
        # REGEXP_LIKE must match the whole text here: it is asked where a match begins instead.
        exp.RegexpLike: lambda self, e: f"{self.func('REGEXP_INSTR', e.this, e.expression)} > 0",
        exp.RegexpReplace: every_match,
    }


class _Words(Words):
    Generator = _Generator


class Snowflake(Dialect):
    """Names without quotes are kept in capitals; a regular expression replaces every match."""

    name = "snowflake"
    words = _Words
    by_text = True
    session = (
        (
            "ALTER SESSION SET TIMEZONE = 'UTC', TIMESTAMP_TYPE_MAPPING = 'TIMESTAMP_NTZ', "
            "TIMESTAMP_NTZ_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS'"
        ),
    )

    def stored_name(self, name: str) -> str:
        """dbt names databases without quotes unless it is told otherwise."""
        return name.upper() if _PLAIN.fullmatch(name) else name

    def kind(self, column_type: str) -> ColumnKind:
        upper = column_type.upper()
        if upper.startswith("NUMBER"):
            return ColumnKind.INTEGER if upper.endswith(",0)") else ColumnKind.DECIMAL
        return _KINDS.get(upper.partition("(")[0], ColumnKind.OTHER)

    def columns_of(self, relation: exp.Table) -> exp.Select | None:
        """From the database's own information schema, with the scale of numbers."""
        scale = exp.Coalesce(
            this=exp.cast(exp.column("numeric_scale"), "text"), expressions=[text("")]
        )
        told = case(
            [
                (
                    eq(exp.column("data_type"), text("NUMBER")),
                    exp.DPipe(
                        this=exp.DPipe(this=text("NUMBER(38,"), expression=scale, safe=False),
                        expression=text(")"),
                        safe=False,
                    ),
                )
            ],
            exp.column("data_type"),
        )
        return column_query(relation, told, fold=str.upper)

    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        if zoned:
            value = exp.Anonymous(this="CONVERT_TIMEZONE", expressions=[text("UTC"), value])
        pattern = text('YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"')
        return exp.Anonymous(this="TO_CHAR", expressions=[value, pattern])

    def date_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="TO_CHAR", expressions=[value, text("YYYY-MM-DD")])

    def float_text(self, value: Expression) -> Expression:
        """A cast alone would keep ten places or so."""
        told = exp.Anonymous(this="TO_CHAR", expressions=[value, text("TM9")])
        return case([(eq(value, number(0)), text("0"))], told)

    def list_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="TO_JSON", expressions=[value])

    def epoch_now(self) -> Expression:
        now = exp.Anonymous(this="CURRENT_TIMESTAMP")
        seconds = exp.Anonymous(this="DATE_PART", expressions=[exp.var("EPOCH_SECOND"), now])
        return exp.cast(seconds, "bigint")
