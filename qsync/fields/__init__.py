"""The field catalog: Qualified's field definitions, their types and how values are written."""

from __future__ import annotations

from qsync.fields.diff import CatalogDiff, FieldAddress, FieldChange, diff_catalogs
from qsync.fields.lockfile import read_catalog, render_catalog, write_catalog
from qsync.fields.model import Field, FieldCatalog, FieldOption, FieldType

__all__ = [
    "CatalogDiff",
    "Field",
    "FieldAddress",
    "FieldCatalog",
    "FieldChange",
    "FieldOption",
    "FieldType",
    "diff_catalogs",
    "read_catalog",
    "render_catalog",
    "write_catalog",
]
