"""Syncs, models and catalogs in few words."""

from __future__ import annotations

from qsync.artifacts import Node
from qsync.diagnostics import Position
from qsync.fields import Field, FieldCatalog, FieldOption
from qsync.fields.kinds import ColumnKind
from qsync.planning.ports import Column
from qsync.project.model import (
    CompanyBlock,
    FieldMapping,
    ModelRef,
    ObjectType,
    OnNull,
    Sync,
    SyncConfig,
)

CATALOG = FieldCatalog(
    lead=(
        Field("first_name", "First Name", "name"),
        Field("is_customer", "Is Customer", "boolean"),
        Field("job_title", "Job Title", "string"),
        Field("product_score", "Product Score", "decimal"),
        Field("seniority", "Seniority", "picklist", (FieldOption("vp", "VP"),)),
        Field("tags", "Tags", "text_array"),
        Field("newfangled", "Newfangled", "hologram"),
    ),
    company=(Field("employees", "Employees", "decimal"), Field("region", "Region", "string")),
)

COLUMNS = (
    Column("email", ColumnKind.TEXT, "VARCHAR"),
    Column("first_name", ColumnKind.TEXT, "VARCHAR"),
    Column("JOB_TITLE", ColumnKind.TEXT, "VARCHAR"),
    Column("score", ColumnKind.DECIMAL, "DECIMAL(12,2)"),
    Column("is_customer", ColumnKind.BOOLEAN, "BOOLEAN"),
    Column("company_domain", ColumnKind.TEXT, "VARCHAR"),
    Column("region", ColumnKind.TEXT, "VARCHAR"),
)

NODE = Node(
    "model.shop.dim_leads", "dim_leads", "shop", "model", relation_name='"db"."prod"."dim_leads"'
)


def at(line: int, column: int = 1) -> Position:
    """A place in the sync file."""
    return Position("models/leads.qsync.yml", line, column)


def mapped(
    field: str,
    column: str | None = None,
    *,
    constant: str | int | float | bool | None = None,
    line: int = 10,
    on_null: OnNull = OnNull.KEEP,
) -> FieldMapping:
    """One line of `fields`."""
    if constant is None and column is None:
        column = field
    return FieldMapping(field, column, constant, on_null, at(line, 7), at(line, 20))


def a_sync(
    *fields: FieldMapping,
    name: str = "leads",
    object: ObjectType = ObjectType.LEAD,
    match: str = "email",
    company: tuple[FieldMapping, ...] | None = None,
    config: SyncConfig | None = None,
    renamed_from: str | None = None,
) -> Sync:
    """A sync over `dim_leads`."""
    block = None
    if company is not None:
        block = CompanyBlock("company_domain", company, at(30), at(31))
    return Sync(
        name=name,
        model=ModelRef("dim_leads"),
        object=object,
        match_column=match,
        fields=fields,
        company=block,
        config=config or SyncConfig(),
        position=at(3),
        model_position=at(4, 12),
        match_position=at(5, 12),
        renamed_from=renamed_from,
    )
