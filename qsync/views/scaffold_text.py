"""What `qsync init` and `qsync new` wrote, as documents and as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from qsync.project.new_sync import NewSync
from qsync.project.scaffold import Outcome, WrittenFile
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, columns, sentence, styled, write

_OUTCOMES = {
    Outcome.WRITTEN: ("written", "green"),
    Outcome.APPENDED: ("added to", "green"),
    Outcome.LEFT: ("left", "dim"),
    Outcome.OUTDATED: ("left", "yellow"),
}

_NEXT_AFTER_INIT = (
    ("export QUALIFIED_API_KEY=…", "a key of the Qualified Enterprise API"),
    ("qsync catalog pull", "Qualified's fields, as a file to commit"),
    ("dbt run", "if dbt has not run here yet"),
    ("qsync new NAME --model M --object lead", "a first sync of a model"),
    ("qsync plan", "what it would change; nothing is sent"),
)


def init_document(written: Sequence[WrittenFile]) -> JsonObject:
    """Every file init cares for and what became of it."""
    return {
        "format": 1,
        "files": [
            {"path": item.path, "outcome": item.outcome.value, "reason": item.reason}
            for item in written
        ],
    }


def render_init(document: JsonObject, console: Console) -> None:
    """Write a line per file, what to do about outdated ones, and what comes next."""
    rows: list[list[Part]] = []
    for file in document["files"]:
        word, style = _OUTCOMES[Outcome(file["outcome"])]
        rows.append([styled(word, style), file["path"], file["reason"]])
    columns(console, rows, indent=0)
    outdated = [file["path"] for file in document["files"] if file["outcome"] == Outcome.OUTDATED]
    if outdated:
        write(console)
        sentence(
            console,
            f"Of another version of qsync: {', '.join(outdated)}. Delete and run this again.",
            indent=0,
            style="yellow",
        )
    write(console)
    if all(file["outcome"] in (Outcome.LEFT, Outcome.OUTDATED) for file in document["files"]):
        write(console, "Everything was there; nothing was changed.")
        return
    write(console, styled("Next:", "bold"))
    columns(console, [[styled(words, "cyan"), why] for words, why in _NEXT_AFTER_INIT])


def new_document(name: str, new: NewSync, *, columns_from: str) -> JsonObject:
    """What was proposed, column by column.

    Args:
        name: The sync's name.
        new: What was written.
        columns_from: Where the model's columns were read, in a few words.
    """
    match = new.match
    return {
        "format": 1,
        "sync": name,
        "path": new.path,
        "appended": new.appended,
        "columns_from": columns_from,
        "match_column": match.match_column,
        "company_name": match.company_name,
        "fields": dict(match.fields),
        "taken": {
            column: {"field": field, "sync": sync} for column, (field, sync) in match.taken.items()
        },
        "unmatched": list(match.unmatched),
    }


def render_new(document: JsonObject, console: Console) -> None:
    """Write what matched, what did not and why, and what comes next."""
    doing = "Added to" if document["appended"] else "Wrote"
    sentence(
        console,
        f"{doing} {document['path']}: {document['sync']}, with columns from "
        f"{document['columns_from']}.",
        indent=0,
    )
    write(console)
    rows: list[list[Part]] = [["column", "field"], [document["match_column"], "the match key"]]
    if document["company_name"] is not None:
        rows.append([document["company_name"], "company_name"])
    rows += [[column, field] for field, column in document["fields"].items()]
    columns(console, rows, header=True)
    for column, writer in document["taken"].items():
        sentence(
            console,
            f"{column}: left out, sync `{writer['sync']}` writes `{writer['field']}` and a field "
            "has one writer.",
            style="yellow",
        )
    if document["unmatched"]:
        text = f"Without a field of that name, left out: {', '.join(document['unmatched'])}."
        sentence(console, text, style="yellow")
    write(console)
    sentence(
        console,
        f"Look it over, then: qsync validate, qsync plan --select {document['sync']}",
        indent=0,
    )
