"""Which endpoint a request is for, and the scope it takes (openapi.yaml; API.md, "Scopes")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "fields",
    "list_leads",
    "read_lead",
    "write_lead",
    "write_company",
    "submit",
    "poll",
    "erase",
]
"""The endpoints by what they do; faults and counters go by these names."""

KINDS: tuple[Kind, ...] = (
    "fields",
    "list_leads",
    "read_lead",
    "write_lead",
    "write_company",
    "submit",
    "poll",
    "erase",
)


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. `argument` is the id in the path, or the entity of a fields request."""

    kind: Kind
    scope: str | None
    argument: str = ""


_EXACT: dict[str, dict[str, Route]] = {
    "/v2/leads/fields": {"GET": Route("fields", None, "lead")},
    "/v2/companies/fields": {"GET": Route("fields", None, "company")},
    "/v2/leads": {
        "GET": Route("list_leads", "lead:view"),
        "POST": Route("write_lead", "lead:manage"),
    },
    "/v2/companies": {"POST": Route("write_company", "company:manage")},
    "/v2/bulk": {"POST": Route("submit", "bulk_job:manage")},
    "/v2/gdpr_deletion_requests": {"POST": Route("erase", "gdpr:manage")},
}

_BY_ID: tuple[tuple[str, Kind, str], ...] = (
    ("/v2/bulk/", "poll", "bulk_job:view"),
    ("/v2/leads/", "read_lead", "lead:view"),
)


def find_route(method: str, path: str) -> Route | tuple[str, ...]:
    """The route of a request, or the methods the path has (none for an unknown path)."""
    methods = _EXACT.get(path)
    if methods is not None:
        return methods.get(method) or tuple(methods)
    for prefix, kind, scope in _BY_ID:
        if path.startswith(prefix):
            return Route(kind, scope, path[len(prefix) :]) if method == "GET" else ("GET",)
    return ()
