"""The field definitions an emulated account starts with (API.md, "Fields")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Entity = Literal["lead", "company"]
"""What a write is about: `lead` is the person category, `company` the account category."""

TEXT_TYPES = frozenset({"string", "text", "name", "company", "phone"})
"""Types whose value is plain text with no further shape (API.md, "Fields")."""

LIST_TYPES = frozenset({"multi_picklist", "text_array"})
"""Types whose value is an array of strings; only teams with multi-select fields have them."""

FIELD_TYPES = TEXT_TYPES | LIST_TYPES | {"decimal", "boolean", "email", "picklist"}
"""The eleven types of API.md, "Fields"."""


@dataclass(frozen=True, slots=True)
class EmulatedField:
    """One field definition without its id, which each store makes anew (API.md, "Fields").

    `name` is the API name and case-sensitive; `options` are `(value, label)` pairs.
    """

    name: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()


def _options(*values: str, **labels: str) -> tuple[tuple[str, str], ...]:
    """Options whose label is the value in title case, unless `labels` says otherwise."""
    return tuple((value, labels.get(value, value.replace("_", " ").title())) for value in values)


_LEAD = (
    EmulatedField("first_name", "First Name", "name"),
    EmulatedField("last_name", "Last Name", "name"),
    EmulatedField("phone", "Phone", "phone"),
    EmulatedField("job_title", "Job Title", "string"),
    EmulatedField("company", "Company", "company"),
    EmulatedField("secondary_email", "Secondary Email", "email"),
    EmulatedField("country", "Country", "string"),
    EmulatedField("source", "Source", "string"),
    EmulatedField(
        "seniority",
        "Seniority",
        "picklist",
        (
            ("c_level", "C-Level"),
            ("vp", "VP"),
            ("director", "Director"),
            ("manager", "Manager"),
            ("individual", "Individual Contributor"),
        ),
    ),
    EmulatedField(
        "lifecycle_stage",
        "Lifecycle Stage",
        "picklist",
        _options("subscriber", "lead", "mql", "sql", "customer", mql="MQL", sql="SQL"),
    ),
    EmulatedField("product_score", "Product Score", "decimal"),
    EmulatedField("seats_used", "Seats Used", "decimal"),
    EmulatedField("is_customer", "Is Customer", "boolean"),
    EmulatedField(
        "product_plan",
        "Product Plan",
        "picklist",
        _options("free", "team", "business", "enterprise"),
    ),
    EmulatedField("last_seen_at", "Last Seen At", "string"),
    EmulatedField(
        "interests",
        "Interests",
        "multi_picklist",
        _options("analytics", "automation", "security", "integrations"),
    ),
    EmulatedField("features_used", "Features Used", "text_array"),
    EmulatedField("notes", "Notes", "text"),
)

_COMPANY = (
    EmulatedField(
        "industry",
        "Industry",
        "picklist",
        _options(
            "software", "financial_services", "healthcare", "manufacturing", "retail", "education"
        ),
    ),
    EmulatedField("employees", "Employees", "decimal"),
    EmulatedField("annual_revenue", "Annual Revenue", "decimal"),
    EmulatedField("tier", "Tier", "picklist", _options("strategic", "growth", "standard")),
    EmulatedField("is_target_account", "Target Account", "boolean"),
    EmulatedField("region", "Region", "string"),
    EmulatedField("hq_phone", "HQ Phone", "phone"),
    EmulatedField("tech_stack", "Tech Stack", "text_array"),
    EmulatedField(
        "segments",
        "Segments",
        "multi_picklist",
        _options("enterprise", "mid_market", "small_business", mid_market="Mid-Market"),
    ),
    EmulatedField("description", "Description", "text"),
    EmulatedField("owner_email", "Account Owner Email", "email"),
    EmulatedField("crm_id", "CRM ID", "string"),
)

DEFAULT_FIELDS: Mapping[Entity, tuple[EmulatedField, ...]] = MappingProxyType(
    {"lead": _LEAD, "company": _COMPANY}
)
"""What an emulated account has unless its settings say otherwise: every type at least once."""
