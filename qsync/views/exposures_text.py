"""What `qsync exposures` wrote or found, as a document and as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from qsync.project.exposures_file import Difference
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, be, columns, counted, sentence, styled, write

_GROUPS = (("missing", "yellow"), ("changed", "yellow"), ("left_over", "yellow"))


def exposures_document(
    path: str, count: int, found: Difference, *, written: bool, without_owner: Sequence[str]
) -> JsonObject:
    """How the file stood against the sync files, and whether it was written.

    Args:
        path: The file, as shown.
        count: Exposures the sync files make.
        found: How the file differed before.
        written: Whether it was written.
        without_owner: Syncs that name no owner.
    """
    return {
        "format": 1,
        "path": path,
        "exposures": count,
        "existed": found.exists,
        "same": found.same,
        "written": written,
        "missing": list(found.missing),
        "changed": list(found.changed),
        "left_over": list(found.left_over),
        "without_owner": list(without_owner),
    }


def render_exposures(document: JsonObject, console: Console) -> None:
    """Write what became of the file, the exposures it differs in, and who has no owner."""
    path, count = document["path"], counted(document["exposures"], "exposure")
    if document["written"]:
        write(console, f"Wrote {path}: {count}.")
    elif document["same"]:
        write(console, f"{path} is up to date: {count}.")
    elif not document["existed"]:
        write(console, styled(f"There is no {path}.", "red"))
    else:
        write(console, styled(f"{path} is not what the sync files say.", "red"))
    if document["existed"] or not document["written"]:
        columns(console, list(_differences(document)))
    owners = document["without_owner"]
    if owners:
        text = f"{', '.join(owners)} {be(len(owners))} without an owner: set `config: owner`."
        sentence(console, text, style="yellow")
    if not (document["written"] or document["same"]):
        write(console, "Run `qsync exposures` and commit the file.")


def _differences(document: JsonObject) -> list[list[Part]]:
    return [
        [styled(group.replace("_", " "), style), name]
        for group, style in _GROUPS
        for name in document[group]
    ]
