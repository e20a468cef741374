"""Qualified's field definitions: the field catalog as data (API.md, "Fields")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class FieldType(StrEnum):
    """The eleven types of API.md, "Fields". There is no number and no date type."""

    STRING = "string"
    TEXT = "text"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    COMPANY = "company"
    PICKLIST = "picklist"
    MULTI_PICKLIST = "multi_picklist"
    TEXT_ARRAY = "text_array"


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One option of a picklist: `value` is what is sent, `label` what people see."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field definition.

    `type` stays a plain string, because new types may appear at any time; `known_type` is the
    enum's member or None. `id` is known from live definitions only: the lock file leaves it out, so
    that one file serves a sandbox and a production account.
    """

    name: str
    label: str
    type: str
    options: tuple[FieldOption, ...] = ()
    id: str | None = None

    @property
    def known_type(self) -> FieldType | None:
        """The type as qsync knows it, or None for one it has never heard of."""
        try:
            return FieldType(self.type)
        except ValueError:
            return None


@dataclass(frozen=True)  # without slots: it keeps an index of its fields
class FieldCatalog:
    """The fields of both objects, each sorted by name.

    `lines` maps `(object, field name)` to the line of the lock file, when read from one.
    """

    lead: tuple[Field, ...] = ()
    company: tuple[Field, ...] = ()
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict, compare=False)

    def of(self, object_name: str) -> Mapping[str, Field]:
        """The fields of `lead` or `company`, by API name."""
        return self._leads if object_name == "lead" else self._companies

    @cached_property
    def _leads(self) -> Mapping[str, Field]:
        return {item.name: item for item in self.lead}

    @cached_property
    def _companies(self) -> Mapping[str, Field]:
        return {item.name: item for item in self.company}
