"""The plan for a person, rendered from its document (`qsync.views.documents`).

Per sync a header and a line of counts, then what a reviewer has to know, in sentences; then what
sending costs; at the end one summary line of fixed form, which other programs may read:

    Plan: 2,500 to add, 12 to change, 3 removed, 2,431 unchanged, 14 invalid. 6 jobs, 12 requests.
    No changes.

The summary line is never broken. Every other line keeps within 80 columns.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from qsync.views.cost_text import cost_details, cost_sentence
from qsync.views.entries import JsonObject
from qsync.views.layout import (
    Part,
    columns,
    counted,
    flow,
    number,
    sentence,
    styled,
    write,
    write_whole,
)
from qsync.views.plan_causes import cause_pieces, moved_notes
from qsync.views.plan_counts import legend, shown_counts
from qsync.views.plan_notes import gate_notes, plan_notes, stream_notes
from qsync.views.reasons import reason_cure, reason_words

FIELDS_SHOWN = 8
"""Lines of a histogram before `--verbose` is asked for."""


def render_plan(document: JsonObject, console: Console, verbose: bool = False) -> None:
    """Write the plan.

    Args:
        document: What `plan_document` made.
        console: Where to.
        verbose: Every field of the histograms, identities, what to do about invalid rows, and what
            the symbols mean.
    """
    _title(document, console, verbose)
    for sync in document["syncs"]:
        write(console)
        _sync(sync, console, verbose)
    notes = plan_notes(document)
    if notes:
        write(console)
    for text, style in notes:
        sentence(console, text, indent=0, style=style)
    write(console)
    if verbose:
        _legend(document, console)
    if document["cost"] is not None:
        _cost(document["cost"], console, verbose)
    write_whole(console, styled(summary_line(document), "bold"))


def summary_line(document: JsonObject) -> str:
    """The one line of fixed form. `No changes.` exactly when the plan has none."""
    total = document["summary"]
    recorded = total["recorded"]
    if recorded and not total["to_send"]:
        return f"Plan: {number(recorded)} to record as synced, nothing to send."
    if not document["has_changes"]:
        return "No changes."
    return (
        f"Plan: {number(total['to_add'])} to add, {number(total['to_change'])} to change, "
        f"{number(total['removed'])} removed, {number(total['unchanged'])} unchanged, "
        f"{number(total['invalid'])} invalid. "
        f"{counted(total['jobs'], 'job')}, {counted(total['requests'], 'request')}."
    )


def _cost(cost: JsonObject, console: Console, verbose: bool) -> None:
    flow(console, cost_sentence(cost), indent=0, gap=1)
    if verbose:
        best = f"{counted(cost['requests'], 'request')} at best"
        sentence(console, f"{best}: two for the fields, a submit and a poll for each job.")
        columns(console, cost_details(cost), right=(1, 2, 3, 4))


def _title(document: JsonObject, console: Console, verbose: bool) -> None:
    flow(
        console,
        [
            f"Project {document['project']},",
            f"target {document['target']},",
            f"to {document['destination']}",
        ],
        indent=0,
        gap=1,
    )
    if verbose and document["dbt_invocation_id"]:
        write(console, styled(f"dbt invocation {document['dbt_invocation_id']}", "dim"))


def _sync(sync: JsonObject, console: Console, verbose: bool) -> None:
    source = f"from {sync['model']} ({sync['relation']})"
    flow(
        console,
        [styled(sync["name"], "bold"), styled(" + ".join(sync["objects"]), "cyan"), source],
        indent=0,
    )
    if verbose:
        write(console, styled(f"  {sync['path']}, fingerprint {sync['fingerprint']}", "dim"))
    if sync["blocked"] is not None:
        sentence(console, f"Blocked: {sync['blocked']}", style="bold red")
    for text, style in gate_notes(sync):
        sentence(console, text, style=style)
    many = len(sync["streams"]) > 1
    for stream in sync["streams"]:
        if many:
            kind = "one record per domain" if stream["grouped"] else "one record per row"
            write(console, Text.assemble("  ", (stream["object"], "cyan"), (f": {kind}", "dim")))
        _stream(stream, console, 4 if many else 2, verbose)


def _stream(stream: JsonObject, console: Console, indent: int, verbose: bool) -> None:
    if verbose:
        write(console, styled(f"{' ' * indent}state {stream['stream_id']}", "dim"))
    _counts(stream, console, indent)
    flow(console, cause_pieces(stream), indent, gap=1)
    for text, style in (*moved_notes(stream, verbose), *stream_notes(stream, verbose)):
        sentence(console, text, indent, style)
    _invalid(stream, console, indent, verbose)
    _fields(stream, console, indent, verbose)


def _counts(stream: JsonObject, console: Console, indent: int) -> None:
    shown: list[Part] = [
        styled(f"{count.symbol} {number(records)} {count.name}", count.style)
        for count, records in shown_counts(stream)
    ]
    flow(console, shown or [styled("no rows", "dim")], indent)


def _legend(document: JsonObject, console: Console) -> None:
    parts: list[Part] = [
        styled(f"{count.symbol} {count.meaning}", count.style) for count in legend(document)
    ]
    if parts:
        flow(console, ["Symbols:", *parts], indent=0)


def _invalid(stream: JsonObject, console: Console, indent: int, verbose: bool) -> None:
    if not stream["invalid"]:
        return
    write(console, " " * indent + "invalid, never sent:")
    rows: list[list[Part]] = []
    for entry in stream["invalid"]:
        words = reason_words(entry["code"], entry["field"])
        cure = reason_cure(entry["code"])
        text = f"{words}; {cure}" if verbose and cure else words
        rows.append([styled(number(entry["rows"]), "magenta"), text])
    columns(console, rows, indent=indent + 2, right=(0,))


def _fields(stream: JsonObject, console: Console, indent: int, verbose: bool) -> None:
    differ = has_differences(stream)
    # Of a first load it is only how well the fields are filled: folded.
    fields = stream["fields"] if verbose else stream["fields"][: FIELDS_SHOWN if differ else 0]
    if not fields:
        return
    heading = "fields that differ:" if differ else "fields with a value:"
    write(console, " " * indent + heading)
    columns(
        console, [[f"{entry['field']}:", _histogram(entry)] for entry in fields], indent=indent + 2
    )
    if len(fields) < len(stream["fields"]):
        write(console, styled(" " * (indent + 2) + "and more: --verbose shows them all", "dim"))


def has_differences(stream: JsonObject) -> bool:
    """Whether the histogram tells what differs, and not, for a first load, what there is."""
    return bool(stream["counts"]["changed"] or stream["counts"]["removed"])


def _histogram(entry: JsonObject) -> str:
    parts = (("changed", "changed"), ("set", "newly set"), ("cleared", "cleared"))
    return ", ".join(f"{number(entry[name])} {words}" for name, words in parts if entry[name])
