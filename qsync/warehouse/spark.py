"""Spark's ways, over Iceberg tables; run live on Sail, a Spark server without Java."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks as DatabricksWords
from sqlglot.generator import Generator

from qsync.warehouse.databricks import Databricks, DatabricksText
from qsync.warehouse.sql import Expression, text


def _pattern(pattern: str) -> str:
    """`[[]` opens a class within a class in some engines of regular expressions."""
    return pattern.replace("[[]", "[\\[]").replace("[]]", "[\\]]")


def _contains(generator: Generator, node: exp.RegexpLike) -> str:
    """`$` would match before a line end as well; `\\z` is the end."""
    pattern = _pattern(node.expression.name)
    if pattern.endswith("$"):
        pattern = pattern[:-1] + "\\z"
    return generator.func("REGEXP_LIKE", node.this, text(pattern))


class _Generator(DatabricksText):
    """Spark before 4 knows no collations: its texts compare byte by byte as they are."""

    TRANSFORMS: ClassVar[Any] = {
        **DatabricksText.TRANSFORMS,
        exp.Collate: lambda self, node: self.sql(node, "this"),
        exp.RegexpLike: _contains,
    }


class _Words(DatabricksWords):
    Generator = _Generator


class Spark(Databricks):
    """Databricks' expressions, without Unity Catalog: no database before a schema."""

    name = "spark"
    words = _Words
    by_text = False
    # The zone comes from the profile (docs/warehouses.md): Sail reads no statement that sets one.
    session = ()
    names_database = False

    def among(self, value: Expression, query: exp.Select) -> Expression:
        """Of a list, not of a subquery: Sail plans none within a CASE."""
        collected = exp.Anonymous(this="COLLECT_SET", expressions=[query.expressions[0]])
        listed = query.select(collected, append=False)
        return exp.Anonymous(this="ARRAY_CONTAINS", expressions=[listed.subquery(), value])

    def columns_of(self, relation: exp.Table) -> None:
        """`columns` asks DESCRIBE."""
        del relation
