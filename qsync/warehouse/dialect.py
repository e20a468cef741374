"""What truly differs between warehouses: a small, explicit class per adapter type.

Everything else is one sqlglot tree rendered for the adapter's dialect. Adding a warehouse is one
file like `duckdb.py` and its row in the test matrix.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Words

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.sql import (
    Expression,
    as_text,
    case,
    eq,
    ident,
    number,
    replace_match,
    text,
)

BLANKS = " \t\r\n"
"""What is no part of a key or a number at its ends."""

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Dialect(ABC):
    """One warehouse's ways."""

    name: str
    """The adapter's type, which is sqlglot's name of the dialect as well."""

    words: type[Words] | None = None
    """How trees become text, where sqlglot's own way to is not what the warehouse means."""

    by_text: bool = False
    """Whether nobody has run this on the warehouse itself: its statements were only read."""

    digest_groups: tuple[int, ...] = (4,)
    """Hex digits that records are grouped by for a digest, one after the other, so that no text
    grows with the number of records beyond what the warehouse joins into one."""

    session: tuple[str, ...] = ()
    """Statements for each new connection: the time zone must be UTC."""

    indexes: bool = False
    """Whether an index on state and stage pays."""

    names_database: bool = True
    """Whether a table's name may begin with its database."""

    def render(self, statement: Expression, *, pretty: bool = False, copy: bool = False) -> str:
        """The statement in this warehouse's SQL. Without `copy` the tree is used up by it."""
        return statement.sql(dialect=self.words or self.name, pretty=pretty, copy=copy)

    def stored_name(self, name: str) -> str:
        """A database's name from the profile, as the warehouse keeps it."""
        return name

    def columns_of(self, relation: exp.Table) -> exp.Select | None:
        """The statement that tells a relation's columns: name, type, and type as `kind` reads it.

        None where `columns` has a way of its own.
        """
        del relation
        return None

    @abstractmethod
    def kind(self, column_type: str) -> ColumnKind:
        """What a column of the warehouse's type holds."""

    @abstractmethod
    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        """ISO 8601 in UTC with six decimals of the second: `2026-11-03T05:00:00.000000Z`.

        NULL for infinity, which no calendar has.
        """

    @abstractmethod
    def list_text(self, value: Expression) -> Expression:
        """An array of strings as a JSON array without blanks."""

    def date_text(self, value: Expression) -> Expression:
        """`2026-11-03`; NULL for infinity."""
        return as_text(value)

    def float_text(self, value: Expression) -> Expression:
        """The shortest text that reads back as the same number; 0 for -0."""
        told = replace_match(as_text(value), "[.]0$")
        return case([(eq(value, number(0)), text("0"))], told)

    def decimal_text(self, value: Expression) -> Expression:
        """An exact number without zeros at its end: `12.50` is `12.5`, `12.00` is `12`."""
        return _without_trailing_zeros(as_text(value))

    def ascii_lower(self, value: Expression) -> Expression:
        """The text with A to Z in lower case and everything else as it is.

        `LOWER` alone follows a locale, and turns two letters that are not ASCII into ASCII ones.
        """
        capitals, small = text(_CAPITALS), text(_CAPITALS.lower())
        return exp.Translate(this=bytewise(value), from_=capitals, to=small)

    def md5(self, value: Expression) -> Expression:
        """The digest as 32 hex digits."""
        return exp.MD5(this=value)

    def once(self, query: exp.Select) -> exp.Select:
        """The query, so that what it computes is computed once however often it is used.

        Most engines do so by themselves. Some write an expression into every place that uses it.
        """
        return query

    def among(self, value: Expression, query: exp.Select) -> Expression:
        """Whether a value is among those that a select of one column finds; not true for NULL."""
        return exp.In(this=value, query=query.subquery())

    def epoch_now(self) -> Expression:
        """The warehouse's clock, in whole seconds since 1970."""
        return exp.cast(
            exp.Extract(this=exp.var("EPOCH"), expression=exp.CurrentTimestamp()), "bigint"
        )

    def canonical(self, value: Expression, kind: ColumnKind, *, trimmed: bool) -> Expression:
        """The canonical text of a value: what is compared, kept in state and sent.

        `trimmed` is for text whose surrounding blanks mean nothing; an empty rest is then no value.
        """
        match kind:
            case ColumnKind.TEXT:
                plain = bytewise(as_text(value))
                if not trimmed:
                    return plain
                return exp.Nullif(this=trim(plain), expression=text(""))
            case ColumnKind.INTEGER:
                return as_text(value)
            case ColumnKind.DECIMAL:
                return self.decimal_text(value)
            case ColumnKind.FLOAT:
                return self.float_text(value)
            case ColumnKind.BOOLEAN:
                return case(
                    [(value, text("true")), (exp.Not(this=value.copy()), text("false"))],
                    exp.cast(exp.Null(), "text"),
                )
            case ColumnKind.DATE:
                return self.date_text(value)
            case ColumnKind.TIMESTAMP | ColumnKind.TIMESTAMP_TZ:
                full = self.timestamp_text(value, zoned=kind is ColumnKind.TIMESTAMP_TZ)
                return exp.Replace(this=full, expression=text(".000000Z"), replacement=text("Z"))
            case ColumnKind.TEXT_LIST:
                return self.list_text(value)
            case ColumnKind.OTHER:
                raise ValueError(f"a column of kind {kind} is never sent")


def bytewise(value: Expression) -> Expression:
    """The text, compared byte by byte whatever collation its column has.

    Under one that ignores case, `CEO` would be no change from `ceo`, and an option in other letters
    would pass.
    """
    return exp.Collate(this=value, expression=ident("C"))


def trim(value: Expression) -> Expression:
    """The value without blanks, tabs and line ends around it."""
    return exp.Trim(this=value, expression=text(BLANKS))


def _without_trailing_zeros(plain: Expression) -> Expression:
    """`12.50` → `12.5`, `12.00` → `12`; the text of an exact number has no exponent."""
    shorter = exp.Trim(
        this=exp.Trim(this=plain.copy(), expression=text("0"), position="TRAILING"),
        expression=text("."),
        position="TRAILING",
    )
    return case([(exp.Like(this=plain.copy(), expression=text("%.%")), shorter)], plain)
