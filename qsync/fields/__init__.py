"""The field catalog: Qualified's field definitions, their types and how values are written."""

from __future__ import annotations

from qsync.fields.model import Field, FieldCatalog, FieldOption, FieldType

__all__ = ["Field", "FieldCatalog", "FieldOption", "FieldType"]
