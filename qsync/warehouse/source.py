"""The source of a stream: the model's rows as keys, canonical texts, a hash and a reason.

One row per row of the model, or per distinct domain for a `company:` block.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from qsync.fields.kinds import RULES
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.project.model import ObjectType
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.folding import fold, is_ascii, is_well_formed
from qsync.warehouse.sql import (
    Expression,
    all_of,
    as_,
    as_text,
    case,
    col,
    concat,
    differs,
    eq,
    named,
    not_null,
    null_text,
    number,
    relation,
    replace_match,
    text,
    under,
)
from qsync.warehouse.validity import invalid_reason

KEY, HASH, INVALID, OTHER_DOMAIN, PRESENT = "k", "h", "invalid", "other_domain", "present"
SHARED = "shared_key"


def conflict_column(place: int) -> str:
    """The column that tells whether the field at this place of a grouped stream is left out."""
    return f"n_{place}"


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """The common table expressions of a stream's source; the last is named `source`.

    Its columns: `k`, `h`, `present` (1), a column per field under its state column's name, `n_<i>`
    per field of a grouped stream, and `other_domain` for leads with a company; `invalid` if it was
    asked for, else `shared_key` (not NULL where several rows fold to this key; never for a grouped
    stream), with which `reason` can tell it later.
    """

    ctes: tuple[tuple[str, exp.Select], ...]


def source_query(
    stream: CompiledStream, rendered: str, dialect: Dialect, *, judged: bool = True
) -> SourceQuery:
    """The source of a stream over its model's relation, as dbt rendered it.

    Unless it is `judged`, it does not say what is invalid: telling that of each record costs as
    much as its hash.
    """
    model = relation(rendered, dialect.name)
    # A value is used for the hash and for itself: without this it would be made canonical twice.
    ctes = [("keyed", dialect.once(_keyed(stream, model, dialect)))]
    if stream.grouped:
        ctes.append(("grouped", _grouped(stream)))
    else:
        ctes.append(("shared", _shared_keys(stream, model, dialect)))
    ctes.append(("source", _source(stream, dialect, judged=judged)))
    return SourceQuery(tuple(ctes))


def totals_query(stream: CompiledStream, rendered: str, dialect: Dialect) -> exp.Select:
    """Over all records of the model: how many, leads of another domain, per field the conflicts.

    One row; the conflicts are only there for a grouped stream.
    """
    model = relation(rendered, dialect.name)
    base = "grouped" if stream.grouped else "keyed"
    other: Expression = number(0)
    if stream.company_match_column is not None:
        other = exp.Sum(this=_other_domain(col(KEY, base), col("company_domain", base)))
    query = exp.select(exp.Count(this=exp.Star()), other).from_(named(base))
    query = query.with_(under("keyed"), as_=_keyed(stream, model, dialect), copy=False)
    if stream.grouped:
        places = range(len(stream.fields))
        query = query.select(*(exp.Sum(this=col(conflict_column(place))) for place in places))
        query = query.with_(under("grouped"), as_=_grouped(stream), copy=False)
    return query


def reason(
    stream: CompiledStream, dialect: Dialect, table: str, known: Expression | None
) -> Expression:
    """Why a record of the source is invalid, or NULL, from its columns in a joined table.

    Args:
        stream: The compiled stream.
        dialect: The warehouse's ways.
        table: The source, or what has its columns.
        known: Whether state holds the record as it is.
    """
    values: dict[str, Expression] = {
        field.name: col(field.state_column, table) for field in stream.fields
    }
    conflicts: dict[str, Expression] = {}
    if stream.grouped:
        conflicts = {
            field.name: eq(col(conflict_column(place), table), number(1))
            for place, field in enumerate(stream.fields)
        }
    shared = None if stream.grouped else not_null(col(SHARED, table))
    return invalid_reason(stream, col(KEY, table), shared, values, conflicts, dialect, known)


def _canonical(field: CompiledField, dialect: Dialect) -> Expression:
    if field.column is None:
        return as_text(text(field.constant or ""))
    return dialect.canonical(col(field.column), field.kind, trimmed=RULES[field.type].trimmed)


def _keyed(stream: CompiledStream, model: exp.Table, dialect: Dialect) -> exp.Select:
    query = exp.select(as_(fold(col(stream.match_column), stream.object, dialect), KEY)).from_(
        model.copy()
    )
    # Columns are added in place: sqlglot would copy the whole tree for each.
    for field in stream.fields:
        query = query.select(as_(_canonical(field, dialect), field.state_column), copy=False)
    if stream.company_match_column is not None:
        domain = fold(col(stream.company_match_column), ObjectType.COMPANY, dialect)
        query = query.select(as_(domain, "company_domain"))
    if stream.grouped:
        query = query.where(not_null(fold(col(stream.match_column), stream.object, dialect)))
    return query


def _shared_keys(stream: CompiledStream, model: exp.Table, dialect: Dialect) -> exp.Select:
    """Keys more than one row folds to: their own scan, which is cheaper than a window of all."""
    key = fold(col(stream.match_column), stream.object, dialect)
    return (
        exp.select(as_(key, SHARED))
        .from_(model.copy())
        .group_by(number(1))
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=number(1)))
    )


def _grouped(stream: CompiledStream) -> exp.Select:
    query = exp.select(col(KEY)).from_(named("keyed")).group_by(col(KEY))
    for place, field in enumerate(stream.fields):
        value = col(field.state_column)
        low, high = exp.Min(this=value.copy()), exp.Max(this=value.copy())
        query = query.select(
            as_(case([(eq(low, high), low.copy())], null_text()), field.state_column),
            as_(case([(differs(low, high), number(1))], number(0)), conflict_column(place)),
            copy=False,
        )
    return query


def _source(stream: CompiledStream, dialect: Dialect, *, judged: bool) -> exp.Select:
    base = "grouped" if stream.grouped else "keyed"
    key = col(KEY, base)
    values: dict[str, Expression] = {
        field.name: col(field.state_column, base) for field in stream.fields
    }
    conflicts: dict[str, Expression] = {}
    if stream.grouped:
        conflicts = {
            field.name: eq(col(conflict_column(place), base), number(1))
            for place, field in enumerate(stream.fields)
        }
    shared = None if stream.grouped else not_null(col(SHARED, "shared"))
    invalid: list[Expression] = []
    if judged:
        why = invalid_reason(stream, key, shared, values, conflicts, dialect)
        invalid = [as_(why, INVALID)]
    elif shared is not None:
        invalid = [col(SHARED, "shared")]
    query = exp.select(
        as_(key.copy(), KEY),
        as_(number(1), PRESENT),
        *invalid,
        as_(_row_hash(stream, values, conflicts, dialect), HASH),
        *(as_(values[field.name].copy(), field.state_column) for field in stream.fields),
    ).from_(named(base))
    if stream.grouped:
        query = query.select(
            *(col(conflict_column(place), base) for place, _ in enumerate(stream.fields))
        )
    else:
        query = query.join(named("shared"), on=eq(key, col(SHARED, "shared")), join_type="left")
    if stream.company_match_column is not None:
        query = query.select(as_(_other_domain(key, col("company_domain", base)), OTHER_DOMAIN))
    return query


def _row_hash(
    stream: CompiledStream,
    values: dict[str, Expression],
    conflicts: dict[str, Expression],
    dialect: Dialect,
) -> Expression:
    """A digest over the values that would be sent.

    Each value stands behind its length, so that neighbours cannot run together; NULL is `~`, a
    field left out for a conflict `!`.
    """
    parts: list[Expression] = [text(stream.hash_prefix)]
    for field in stream.fields:
        value = values[field.name]
        nothing: Expression = text("~")
        if field.name in conflicts:
            nothing = case([(conflicts[field.name].copy(), text("!"))], text("~"))
        measured = concat([as_text(exp.Length(this=value.copy())), text(":"), value.copy()])
        parts.append(exp.Coalesce(this=measured, expressions=[nothing]))
    return dialect.md5(concat(parts))


def _other_domain(key: Expression, domain: Expression) -> Expression:
    """1 for a well-formed address whose domain is not the well-formed domain of the company."""
    host = replace_match(key.copy(), "^.*@")
    return case(
        [
            (
                all_of(
                    [
                        not_null(domain),
                        is_ascii(domain),
                        is_well_formed(domain, ObjectType.COMPANY),
                        is_well_formed(key, ObjectType.LEAD),
                        differs(host, domain),
                    ]
                ),
                number(1),
            )
        ],
        number(0),
    )
