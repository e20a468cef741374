"""`qsync catalog show`, `diff` and `pull`, as documents and as text."""

from __future__ import annotations

from rich.console import Console

from qsync.fields.diff import CatalogDiff, FieldAddress
from qsync.fields.model import Field, FieldCatalog
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, columns, counted, sentence, styled, write

OPTIONS_SHOWN = 6
"""A picklist's options in a table before `--verbose` is asked for."""


def catalog_document(catalog: FieldCatalog) -> JsonObject:
    """The field catalog, by object."""
    return {
        "format": 1,
        "lead": [_field(item) for item in catalog.lead],
        "company": [_field(item) for item in catalog.company],
        "lead_fields": len(catalog.lead),
        "company_fields": len(catalog.company),
    }


def render_catalog(document: JsonObject, console: Console, verbose: bool = False) -> None:
    """Write both objects' fields with type, label and options."""
    for place, name in enumerate(("lead", "company")):
        if place:
            write(console)
        write(console, styled(f"{name}: {counted(document[f'{name}_fields'], 'field')}", "bold"))
        rows: list[list[Part]] = [
            [
                field["name"],
                styled(field["type"], "cyan" if field["known"] else "yellow"),
                _description(field, verbose),
            ]
            for field in document[name]
        ]
        columns(console, [["name", "type", "label"], *rows] if rows else [], header=True)


def catalog_diff_document(diff: CatalogDiff) -> JsonObject:
    """What differs, from the committed catalog to the live definitions."""
    return {
        "format": 1,
        "differs": bool(diff),
        "differences": len(diff.added) + len(diff.removed) + len(diff.changed),
        "added": [_address(item) for item in diff.added],
        "removed": [_address(item) for item in diff.removed],
        "changed": [
            {
                **_address(item.field),
                "aspect": item.aspect,
                "before": item.before,
                "after": item.after,
            }
            for item in diff.changed
        ],
    }


def render_catalog_diff(document: JsonObject, console: Console) -> None:
    """Write a line per difference, and how to take them over."""
    if not document["differs"]:
        write(console, "No difference between the field catalog and Qualified.")
        return
    _differences(document, console)
    write(console)
    sentence(
        console,
        f"{counted(document['differences'], 'difference')} between the field catalog and "
        "Qualified. `qsync catalog pull` takes Qualified's side; review and commit the file.",
        indent=0,
    )


def catalog_pull_document(path: str, catalog: FieldCatalog, diff: CatalogDiff | None) -> JsonObject:
    """What was pulled, and what differs from the file that was there.

    Args:
        path: The file written.
        catalog: What is in it now.
        diff: From the old file; None when there was none that could be read.
    """
    return {
        **catalog_diff_document(diff or CatalogDiff()),
        "path": path,
        "new": diff is None,
        "lead_fields": len(catalog.lead),
        "company_fields": len(catalog.company),
    }


def render_catalog_pull(document: JsonObject, console: Console) -> None:
    """Write a line per change of the file, and what is in it now."""
    _differences(document, console)
    if document["differs"]:
        write(console)
    fields = (
        f"{counted(document['lead_fields'], 'lead field')} and "
        f"{counted(document['company_fields'], 'company field')}"
    )
    if document["new"]:
        text = f"Wrote {document['path']}: {fields}. Commit it."
    elif document["differs"]:
        changes = counted(document["differences"], "change")
        text = f"Wrote {document['path']}: {fields}, {changes}. Review and commit it."
    else:
        text = f"{document['path']} is up to date: {fields}."
    sentence(console, text, indent=0)


def _differences(document: JsonObject, console: Console) -> None:
    rows: list[list[Part]] = [
        *(_change(item, "+", "green", "is new in Qualified") for item in document["added"]),
        *(_change(item, "-", "red", "is gone from Qualified") for item in document["removed"]),
        *(_change(item, "~", "yellow", _aspect(item)) for item in document["changed"]),
    ]
    columns(console, rows)


def _field(field: Field) -> JsonObject:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "known": field.known_type is not None,
        "options": [{"value": option.value, "label": option.label} for option in field.options],
    }


def _description(field: JsonObject, verbose: bool) -> str:
    options = [option["value"] for option in field["options"]]
    if not options:
        return str(field["label"])
    shown = options if verbose else options[:OPTIONS_SHOWN]
    more = ["…"] if len(shown) < len(options) else []
    return f"{field['label']}: {', '.join([*shown, *more])}"


def _address(address: FieldAddress) -> JsonObject:
    return {"object": address.object, "name": address.name}


def _change(item: JsonObject, symbol: str, style: str, words: str) -> list[Part]:
    return [styled(symbol, style), item["object"], styled(item["name"], "bold"), words]


def _aspect(item: JsonObject) -> str:
    if item["aspect"] != "options":
        return f"{item['aspect']}: {item['before']} -> {item['after']}"
    if item["before"] and item["after"]:
        return f"options: without {item['before']}; with {item['after']}"
    return f"options: {'without' if item['before'] else 'with'} {item['before'] or item['after']}"
