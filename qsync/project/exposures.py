"""Syncs as dbt exposures, so that dbt's lineage shows where models go.

One exposure per sync, made from the sync files alone: no manifest is needed, so the file can be
mended even when it keeps dbt from parsing. What dbt takes is dbt.md, "Exposures".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qsync.project.model import FieldMapping, ModelRef, ObjectType, Project, Sync

PREFIX = "qsync_"
"""Before the sync's name, which keeps it apart from exposures that people wrote."""

NO_OWNER = "nobody named"
"""Who owns a sync that names no owner: dbt takes no exposure without one."""

_SIGN_IN = "https://www.qualified.com/sign-in"
"""Where a person signs in to Qualified (its help pages); the API's own address shows nothing."""

_API = "https://api.qualified.com"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
_JINJA = re.compile(r"\{(?=[{%#])|[}%#](?=\})")
"""Where Jinja begins or ends: either has dbt render the text."""

JsonObject = dict[str, Any]


def exposures(project: Project, destination: str) -> list[JsonObject]:
    """Every sync as an exposure, in order of their names.

    A disabled sync becomes a disabled exposure: dbt then neither shows it nor asks for its model.

    Args:
        project: What was declared, with the `base_url` that stands in qsync.yml.
        destination: The host that is written to, with the account when one is named.

    Returns:
        Plain data, as under `exposures:` in a properties file of dbt's. No text in it is Jinja to
        dbt, which renders these files.
    """
    url = project.settings.qualified.base_url
    shown = _SIGN_IN if url.rstrip("/") == _API else url
    ordered = sorted(project.syncs, key=lambda sync: sync.name)
    return [_without_jinja(_exposure(sync, destination, shown)) for sync in ordered]


def without_owner(project: Project) -> list[str]:
    """The syncs that name no owner, in order."""
    return sorted(sync.name for sync in project.syncs if sync.config.owner is None)


def _exposure(sync: Sync, destination: str, url: str) -> JsonObject:
    return {
        "name": PREFIX + sync.name,
        "label": f"Qualified: {sync.name}",
        "type": "application",
        "maturity": "high",
        "url": url,
        "description": sync.description or _description(sync),
        "depends_on": [_reference(sync.model)],
        "owner": _owner(sync.config.owner),
        "config": {
            "enabled": sync.config.enabled,
            # The sync's own tags stand in meta: as dbt's they would widen what `+tag:…` selects.
            "tags": ["qsync"],
            "meta": {"qsync": _meta(sync, destination)},
        },
    }


def _meta(sync: Sync, destination: str) -> JsonObject:
    objects = [_object(sync.object, sync.match_column, sync.fields)]
    if sync.company is not None:
        company = sync.company
        objects.append(_object(ObjectType.COMPANY, company.match_column, company.fields))
    return {
        "sync": sync.name,
        "file": sync.path,
        "tags": list(sync.config.tags),
        "destination": destination,
        "objects": objects,
    }


def _object(kind: ObjectType, match_column: str, fields: tuple[FieldMapping, ...]) -> JsonObject:
    """One object with its fields; of a constant only the field is told, not the value."""
    return {
        "object": kind.value,
        "match": {kind.match_field: match_column},
        "fields": {item.field: item.column for item in fields if item.column is not None},
        "constants": [item.field for item in fields if item.column is None],
    }


def _description(sync: Sync) -> str:
    names = {ObjectType.LEAD: "leads", ObjectType.COMPANY: "companies"}[sync.object]
    companies = " and their companies" if sync.company is not None else ""
    return f"Rows of {sync.model} as {names}{companies} in Qualified."


def _owner(owner: str | None) -> JsonObject:
    if owner is not None and _EMAIL.match(owner):
        return {"email": owner}
    return {"name": owner or NO_OWNER}


def _reference(model: ModelRef) -> str:
    """The call of `ref` that dbt evaluates; names of models hold no quotation marks."""
    words = [f"'{_escaped(name)}'" for name in (model.package, model.name) if name is not None]
    if model.version is not None:
        plain = re.fullmatch(r"[0-9]+(\.[0-9]+)?", model.version)
        words.append(f"v={model.version}" if plain else f"v='{_escaped(model.version)}'")
    return f"ref({', '.join(words)})"


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\")


def _without_jinja(value: Any) -> Any:
    """The data with a blank inside whatever dbt would take for Jinja."""
    if isinstance(value, str):
        return _JINJA.sub(r"\g<0> ", value)
    if isinstance(value, Mapping):
        return {_without_jinja(key): _without_jinja(item) for key, item in value.items()}
    return [_without_jinja(item) for item in value] if isinstance(value, list) else value
