"""Statements where an engine has no transactions: one by one, each under the lock's epoch.

Between two statements somebody else may take the lock. So every statement that writes rows is made
conditional on it: it reads the lock's row itself and does nothing once that is not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from qsync.warehouse.sql import Expression, all_of, ident


def run_guarded_one_by_one(
    execute: Callable[[Expression], Any],
    guard: Expression,
    check: Expression,
    statements: Sequence[Expression],
) -> bool:
    """Run a guard, then statements as long as `check` finds a row; whether it did to the end.

    False means that the last of them, or all, changed nothing. What was done before is such that
    records are sent again and none is taken for sent: that is the order the statements have.
    """
    execute(guard)
    if not execute(check.copy()).fetchall():
        return False
    for statement in statements:
        execute(conditional(statement, check))
    return not statements or bool(execute(check.copy()).fetchall())


def conditional(statement: Expression, check: Expression) -> Expression:
    """The statement, which does nothing unless `check` finds a row.

    Statements that make or drop tables cannot say so and stay as they are.
    """
    held = exp.Exists(this=check.copy())
    if isinstance(statement, (exp.Delete, exp.Update)):
        where = statement.args.get("where")
        conditions: list[Expression] = [held]
        if where is not None:
            conditions.insert(0, exp.Paren(this=where.this))
        statement.set("where", exp.Where(this=all_of(conditions)))
    elif isinstance(statement, exp.Insert):
        statement.set("expression", _rows_if(statement.expression, held))
    elif isinstance(statement, exp.Merge):
        source = statement.args["using"]
        source.set("this", _rows_if(source.this, held))
    return statement


def _rows_if(rows: Expression, held: Expression) -> Expression:
    if isinstance(rows, exp.Values):
        width = len(rows.expressions[0].expressions)
        names = [ident(f"c{place}") for place in range(width)]
        rows.set("alias", exp.TableAlias(this=ident("given"), columns=names))
        rows = exp.select(*(exp.column(name.copy()) for name in names)).from_(rows)
    if not isinstance(rows, exp.Select):
        raise TypeError("rows of a statement are a select or values")
    where = rows.args.get("where")
    conditions: list[Expression] = [held]
    if where is not None:
        conditions.insert(0, exp.Paren(this=where.this))
    rows.set("where", exp.Where(this=all_of(conditions)))
    return rows


def merged(
    table: exp.Table, key: str, columns: Sequence[str], rows: exp.Select, *, name: str = "fresh"
) -> exp.Merge:
    """One statement that puts rows into a table: those whose key is there replace what is."""
    into, fresh = "kept", name

    def of(column: str, relation: str) -> exp.Column:
        return exp.column(ident(column), table=ident(relation))

    target = table.copy()
    target.set("alias", exp.TableAlias(this=ident(into)))
    replacing = exp.Update(
        expressions=[
            exp.EQ(this=exp.column(ident(column)), expression=of(column, fresh))
            for column in columns
            if column != key
        ]
    )
    adding = exp.Insert(
        this=exp.Tuple(expressions=[exp.column(ident(column)) for column in columns]),
        expression=exp.Tuple(expressions=[of(column, fresh) for column in columns]),
    )
    return exp.Merge(
        this=target,
        using=rows.subquery(exp.TableAlias(this=ident(fresh))),
        on=exp.EQ(this=of(key, into), expression=of(key, fresh)),
        whens=exp.Whens(
            expressions=[
                exp.When(matched=True, then=replacing),
                exp.When(matched=False, then=adding),
            ]
        ),
    )
