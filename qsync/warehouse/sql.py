"""Small builders over sqlglot, so that statements read as SQL and are never pasted from strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp, parse_one

Expression = exp.Expr

_TEXT = exp.DataType(this=exp.DataType.Type.TEXT, nested=False)
"""Made once: given a type's name, sqlglot parses it each time."""


def ident(name: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.to_identifier(name, quoted=True)


def col(name: str, table: str | None = None) -> exp.Column:
    """A quoted column, of a table or alias when one is given."""
    return exp.column(ident(name), table=None if table is None else ident(table))


def text(value: str) -> exp.Literal:
    """A string literal. Never a personal value: those stay in the warehouse."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expression:
    """An integer literal."""
    return exp.Literal.number(value)


def null() -> exp.Null:
    """NULL."""
    return exp.Null()


def null_text() -> exp.Cast:
    """NULL of type text, so that a table made from it has the type."""
    return exp.cast(exp.Null(), _TEXT)


def relation(rendered: str, dialect: str) -> exp.Table:
    """A relation as dbt rendered it, quotes and all."""
    return parse_one(rendered, into=exp.Table, dialect=dialect)


def table(name: str, schema: str, database: str | None) -> exp.Table:
    """A table of a schema, all parts quoted."""
    return exp.Table(
        this=ident(name), db=ident(schema), catalog=None if database is None else ident(database)
    )


def named(name: str | exp.Table) -> exp.Table:
    """A table expression of the statement's own by its name, quoted; a table stays as it is."""
    return exp.Table(this=ident(name)) if isinstance(name, str) else name


def under(name: str) -> exp.TableAlias:
    """The name a table expression or a subquery gets, quoted.

    Where the warehouse turns unquoted names into capitals, columns would not find it otherwise.
    """
    return exp.TableAlias(this=ident(name))


def aliased(relation: exp.Table, name: str) -> Expression:
    """`relation AS "name"`."""
    return exp.alias_(relation, ident(name), table=True)


def uploaded(rows: Iterable[Sequence[Expression]], name: str, columns: Sequence[str]) -> exp.Values:
    """Rows that travel in the statement, to be joined under a name."""
    values = exp.values([tuple(row) for row in rows])
    values.set("alias", exp.TableAlias(this=ident(name), columns=[ident(c) for c in columns]))
    return values


def concat(parts: Iterable[Expression]) -> Expression:
    """`a || b || …`; NULL anywhere makes NULL, as the standard says."""
    result: Expression | None = None
    for part in parts:
        result = part if result is None else exp.DPipe(this=result, expression=part, safe=False)
    return text("") if result is None else result


def case(branches: Sequence[tuple[Expression, Expression]], default: Expression) -> exp.Case:
    """`CASE WHEN … THEN … ELSE … END`."""
    # In one piece: adding branches one by one would copy the tree each time.
    return exp.Case(
        ifs=[exp.If(this=condition.copy(), true=value.copy()) for condition, value in branches],
        default=default.copy(),
    )


def is_null(value: Expression) -> Expression:
    """`value IS NULL`."""
    return exp.Is(this=value.copy(), expression=exp.Null())


def not_null(value: Expression) -> Expression:
    """`NOT value IS NULL`."""
    return exp.Not(this=is_null(value))


def eq(left: Expression, right: Expression) -> Expression:
    """`left = right`."""
    return exp.EQ(this=left.copy(), expression=right.copy())


def differs(left: Expression, right: Expression) -> Expression:
    """`left <> right`, for two values that are not null."""
    return exp.NEQ(this=left.copy(), expression=right.copy())


def one_of(value: Expression, values: Iterable[str]) -> Expression:
    """`value IN ('a', 'b')`."""
    return exp.In(this=value.copy(), expressions=[text(item) for item in values])


def any_of(conditions: Sequence[Expression]) -> Expression:
    """`(a OR b OR …)`; false when there are none."""
    if not conditions:
        return exp.EQ(this=number(1), expression=number(0))
    return exp.Paren(this=exp.or_(*conditions)) if len(conditions) > 1 else conditions[0]


def all_of(conditions: Sequence[Expression]) -> Expression:
    """`a AND b AND …`."""
    condition: Expression = exp.and_(*conditions)
    return condition


def matches(value: Expression, pattern: str) -> Expression:
    """Whether a regular expression occurs in the value. Patterns use no backslash."""
    return exp.RegexpLike(this=value.copy(), expression=text(pattern))


def replace_match(value: Expression, pattern: str) -> Expression:
    """The value without the first match of the pattern."""
    return exp.RegexpReplace(this=value, expression=text(pattern), replacement=text(""))


def replace_matches(value: Expression, pattern: str, by: str) -> Expression:
    """The value with something else for every match of the pattern."""
    return exp.RegexpReplace(
        this=value.copy(), expression=text(pattern), replacement=text(by), modifiers=text("g")
    )


def as_(value: Expression, name: str) -> exp.Alias:
    """`value AS "name"`."""
    return exp.Alias(this=value, alias=ident(name))


def as_text(value: Expression) -> Expression:
    """`CAST(value AS TEXT)`."""
    return exp.cast(value, _TEXT)


def count_if(condition: Expression) -> Expression:
    """How many rows meet a condition; 0, not NULL, when there are none."""
    return exp.Coalesce(
        this=exp.Sum(this=case([(condition, number(1))], number(0))), expressions=[number(0)]
    )
