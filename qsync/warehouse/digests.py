"""The digest of a change set: what a sealed plan keeps of rows instead of the rows.

It is the same for the same records with the same things happening to them, in whatever order the
warehouse finds them, and is made with the secret that lies beside the state: who holds a plan file
learns nothing from it, and can test no guess. The secret never leaves the warehouse for it.
"""

from __future__ import annotations

from sqlglot import exp

from qsync.warehouse.dialect import Dialect
from qsync.warehouse.diff import op_is
from qsync.warehouse.layout import META, SECRET, Layout
from qsync.warehouse.sql import (
    Expression,
    as_,
    as_text,
    col,
    concat,
    eq,
    named,
    number,
    text,
    under,
)
from qsync.warehouse.staging import NOT_STAGED

_PARTS = ("op", "reason", "retried", "unsettled", "returned", "key", "hash", "kinds")
"""Of a record: what would happen to it, and the digest of what would be sent."""


def change_digest(table: str | exp.Table, layout: Layout, dialect: Dialect) -> exp.Select:
    """One row with the digest (32 hex digits), over the diff or a staged table.

    Where nothing happens to any record it is NULL. The secret's table must be there.
    """
    secret = exp.select(col("value")).from_(layout.table(META)).where(eq(col("name"), text(SECRET)))
    parts: list[Expression] = [secret.subquery()]
    for name in _PARTS:
        told = exp.Coalesce(this=as_text(col(name)), expressions=[text("")])
        parts += [text("|"), told]
    records = (
        exp.select(as_(dialect.md5(concat(parts)), "d"))
        .from_(named(table))
        .where(exp.Not(this=op_is("gone", *NOT_STAGED)))
    )
    found, column, group = records, "d", "d"
    for level, digits in enumerate(dialect.digest_groups, 1):
        bucket = exp.Substring(this=col(group), start=number(1), length=number(digits))
        grouped = exp.select(as_(dialect.md5(_joined(column)), "b"))
        if level < len(dialect.digest_groups):
            grouped = grouped.select(as_(bucket.copy(), "g"))
        found = grouped.from_(found.subquery(under("records"))).group_by(bucket)
        column, group = "b", "g"
    return exp.select(as_(dialect.md5(_joined(column)), "digest")).from_(
        found.subquery(under("buckets"))
    )


def _joined(column: str) -> Expression:
    """All values of a column in one text, in order: hex digits sort alike under any collation."""
    ordered = exp.Order(
        this=col(column), expressions=[exp.Ordered(this=col(column), nulls_first=False)]
    )
    return exp.GroupConcat(this=ordered, separator=text(""))
