"""`qsync ls`: what is declared, as a document and as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from qsync.project.model import FieldMapping, Sync
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, columns, number, sentence, styled, write


def listing_document(syncs: Sequence[Sync]) -> JsonObject:
    """The declared syncs in the order given."""
    return {"format": 1, "syncs": [_entry(sync) for sync in syncs]}


def render_listing(document: JsonObject, console: Console, verbose: bool = False) -> None:
    """Write a line per sync; `verbose` adds its file, its owner and every field's source."""
    if not document["syncs"]:
        write(console, "No sync.")
        return
    header: list[Part] = ["sync", "object", "model", "fields", "tags", "enabled"]
    rows = [header, *(_row(sync) for sync in document["syncs"])]
    columns(console, rows, indent=0, right=(3,), header=True)
    if verbose:
        for sync in document["syncs"]:
            _fields(sync, console)


def _row(sync: JsonObject) -> list[Part]:
    return [
        styled(sync["name"], "bold" if sync["enabled"] else "dim"),
        styled(" + ".join(part["object"] for part in sync["objects"]), "cyan"),
        sync["model"],
        number(sync["field_count"]),
        ", ".join(sync["tags"]),
        "yes" if sync["enabled"] else styled("no", "yellow"),
    ]


def _fields(sync: JsonObject, console: Console) -> None:
    write(console)
    owner = f", owner {sync['owner']}" if sync["owner"] else ""
    sentence(console, f"{sync['name']}: {sync['path']}{owner}", indent=0, style="bold")
    if sync["description"]:
        sentence(console, sync["description"])
    for part in sync["objects"]:
        write(console, styled(f"  {part['object']}", "cyan"))
        rows: list[list[Part]] = [[part["match_field"], f"{part['match_column']} (match key)"]]
        for field in part["fields"]:
            source = "a constant" if field["column"] is None else field["column"]
            kept = "" if field["on_null"] == "keep" else f" (on_null: {field['on_null']})"
            rows.append([field["field"], f"{source}{kept}"])
        columns(console, rows, indent=4)


def _entry(sync: Sync) -> JsonObject:
    parts = [_part(sync.object.value, sync.object.match_field, sync.match_column, sync.fields)]
    if sync.company is not None:
        parts.append(_part("company", "domain", sync.company.match_column, sync.company.fields))
    return {
        "name": sync.name,
        "description": sync.description,
        "path": sync.path,
        "model": str(sync.model),
        "owner": sync.config.owner,
        "tags": list(sync.config.tags),
        "enabled": sync.config.enabled,
        "field_count": sum(len(part["fields"]) for part in parts),
        "objects": parts,
    }


def _part(
    object_name: str, match_field: str, match_column: str, fields: Sequence[FieldMapping]
) -> JsonObject:
    return {
        "object": object_name,
        "match_field": match_field,
        "match_column": match_column,
        "fields": [
            {"field": item.field, "column": item.column, "on_null": item.on_null.value}
            for item in fields
        ],
    }
