"""Databricks' ways: by text only."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks as Words
from sqlglot.dialects.dialect import Dialect as Dialects
from sqlglot.generator import Generator
from sqlglot.generators.databricks import DatabricksGenerator

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.sql import Expression, text
from qsync.warehouse.textual import column_query, every_match

_KINDS = {
    "array<string>": ColumnKind.TEXT_LIST,
    "bigint": ColumnKind.INTEGER,
    "boolean": ColumnKind.BOOLEAN,
    "date": ColumnKind.DATE,
    "double": ColumnKind.FLOAT,
    "float": ColumnKind.FLOAT,
    "int": ColumnKind.INTEGER,
    "smallint": ColumnKind.INTEGER,
    "string": ColumnKind.TEXT,
    "timestamp": ColumnKind.TIMESTAMP_TZ,
    "timestamp_ntz": ColumnKind.TIMESTAMP,
    "tinyint": ColumnKind.INTEGER,
}


def _contains(generator: Generator, node: exp.RegexpLike) -> str:
    """The pattern as Java reads it.

    `$` would match before a line end as well: `\\z` is the end. A bracket within brackets would
    begin a set of its own.
    """
    pattern = node.expression.name.replace("[[]", r"\[").replace("[]]", r"\]")
    pattern = re.sub(r"\$$", r"\\z", pattern)
    return generator.func("REGEXP_LIKE", node.this, text(pattern))


def _sorted_join(generator: Generator, node: exp.GroupConcat) -> str:
    """`LISTAGG` is younger than most clusters."""
    ordered = node.this
    collected = exp.Anonymous(this="COLLECT_LIST", expressions=[ordered.this])
    in_order = exp.Anonymous(this="SORT_ARRAY", expressions=[collected])
    joined = exp.Anonymous(this="ARRAY_JOIN", expressions=[in_order, node.args["separator"]])
    # Of no rows the others join NULL.
    return generator.sql(exp.Nullif(this=joined, expression=text("")))


def _byte_order(generator: Generator, node: exp.Collate) -> str:
    return f"{generator.sql(node, 'this')} COLLATE UTF8_BINARY"


class DatabricksText(DatabricksGenerator):
    """What sqlglot leaves as it is and Databricks takes for something else."""

    TRANSFORMS: ClassVar[Any] = {
        **DatabricksGenerator.TRANSFORMS,
        exp.Collate: _byte_order,
        exp.GroupConcat: _sorted_join,
        # Only of columns that are not null, in Unity Catalog, and never enforced: of no use here.
        exp.PrimaryKey: lambda _self, _node: "",
        exp.RegexpLike: _contains,
        exp.RegexpReplace: every_match,
    }


class _Words(Words):
    Generator = DatabricksText


class Databricks(Dialect):
    """Unity Catalog and Delta tables."""

    name = "databricks"
    words: type[Dialects] | None = _Words
    by_text = True
    session: tuple[str, ...] = ("SET TIME ZONE 'UTC'",)

    def kind(self, column_type: str) -> ColumnKind:
        lower = column_type.lower()
        if lower.startswith("decimal"):
            return ColumnKind.INTEGER if lower.endswith(",0)") else ColumnKind.DECIMAL
        plain = re.sub(r" collate .*", "", lower)
        if re.fullmatch(r"(var)?char\(\d+\)", plain):
            return ColumnKind.TEXT
        return _KINDS.get(plain, ColumnKind.OTHER)

    def columns_of(self, relation: exp.Table) -> exp.Select | None:
        """From the catalog's information schema, where names are in small letters."""
        small = exp.Table(
            **{
                part: exp.to_identifier(found.name.lower(), quoted=True)
                for part in ("this", "db", "catalog")
                if (found := relation.args.get(part)) is not None
            }
        )
        return column_query(small, exp.column("full_data_type"), fold=str.lower)

    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        del zoned  # the session's zone is UTC
        pattern = text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
        return exp.Anonymous(this="DATE_FORMAT", expressions=[value, pattern])

    def date_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="DATE_FORMAT", expressions=[value, text("yyyy-MM-dd")])

    def list_text(self, value: Expression) -> Expression:
        return exp.Anonymous(this="TO_JSON", expressions=[value])

    def epoch_now(self) -> Expression:
        return exp.Anonymous(this="UNIX_TIMESTAMP")
