"""Which column feeds which field, by name: what `qsync new` proposes for a person to review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from qsync.project.model import COMPANY_NAME, ObjectType


class NamedField(Protocol):
    """A field of the catalog (`qsync.fields.Field` is one)."""

    @property
    def name(self) -> str:
        """The API name."""

    @property
    def label(self) -> str:
        """What people see."""


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A proposal.

    Attributes:
        match_column: The column with the match key, None when none looks like it.
        company_name: For a company, the column with its name.
        fields: Field to column, in the order of the columns.
        taken: Columns whose field another sync writes: column to `(field, sync)`.
        unmatched: Columns without a field.
    """

    match_column: str | None
    company_name: str | None
    fields: Mapping[str, str]
    taken: Mapping[str, tuple[str, str]]
    unmatched: tuple[str, ...]


_KEYS: Mapping[ObjectType, tuple[str, ...]] = {
    ObjectType.LEAD: (
        "email",
        "emailaddress",
        "workemail",
        "businessemail",
        "contactemail",
        "leademail",
        "useremail",
        "personemail",
        "primaryemail",
    ),
    ObjectType.COMPANY: (
        "domain",
        "companydomain",
        "accountdomain",
        "websitedomain",
        "domainname",
        "emaildomain",
        "primarydomain",
        "website",
        "companywebsite",
        "websiteurl",
    ),
}
"""Usual names of the match key's column, the surest first."""

_COMPANY_NAMES = ("companyname", "accountname", "name", "company")


def normalize(name: str) -> str:
    """A name without case, underscores and other signs: `Job Title` and `job_title` are one."""
    return "".join(char for char in name.casefold() if char.isalnum())


def match_columns(
    columns: Sequence[str],
    fields: Iterable[NamedField],
    kind: ObjectType,
    *,
    match_column: str | None = None,
    written: Mapping[str, str] | None = None,
) -> ColumnMatch:
    """Match columns to fields by API name, else by label, ignoring case and underscores.

    Args:
        columns: The model's.
        fields: The object's, of the catalog.
        kind: Lead or company.
        match_column: The match key's column, when the user said it.
        written: Fields that other syncs write: field (or `company_name`) to sync. A field has one
            writer.
    """
    owners = written or {}
    known = list(fields)
    by_name = {normalize(field.label): field.name for field in reversed(known)}
    by_name.update({normalize(field.name): field.name for field in reversed(known)})
    spelt = {normalize(column): column for column in reversed(columns)}
    key = match_column or _first(spelt, _KEYS[kind])
    name = _first(spelt, _COMPANY_NAMES) if kind is ObjectType.COMPANY else None
    matched: dict[str, str] = {}
    taken: dict[str, tuple[str, str]] = {}
    if name is not None and COMPANY_NAME in owners:
        taken[name] = (COMPANY_NAME, owners[COMPANY_NAME])
    unmatched: list[str] = []
    for column in columns:
        field = by_name.get(normalize(column))
        if column in (key, name):
            continue
        if field is None or field in matched:
            unmatched.append(column)
        elif field in owners:
            taken[column] = (field, owners[field])
        else:
            matched[field] = column
    return ColumnMatch(key, None if name in taken else name, matched, taken, tuple(unmatched))


def _first(spelt: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((spelt[name] for name in names if name in spelt), None)
