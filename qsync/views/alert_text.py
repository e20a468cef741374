"""Alerts in words: the message a rule's addresses get, and what a command says of it.

No key and no value: names, counts, run ids, and what a record or an error says, which hold none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from qsync.ledger.alerts import EVERYTHING, AlertMessage, Finding, OpenAlert, Trouble
from qsync.project.alerts import AlertEvent
from qsync.views.entries import JsonObject
from qsync.views.layout import Part, clean, columns, number, sentence, styled, write

LONGEST_TITLE = 120
"""Characters; some services cut or refuse longer ones."""

MOST_FINDINGS = 20
"""Findings that one message spells out."""

_WORDS: Mapping[Trouble, str] = {
    Trouble.FAILED: "failed",
    Trouble.GUARD: "was stopped by a guard",
    Trouble.REJECTS: "has too many rejects",
    Trouble.STALE: "is stale",
    Trouble.UNREACHABLE: "cannot ask the warehouse",
}

_ENDED: Mapping[Trouble, str] = {
    Trouble.FAILED: "got through again",
    Trouble.GUARD: "passes its guards again",
    Trouble.REJECTS: "has few rejects again",
    Trouble.STALE: "was synced again",
    Trouble.UNREACHABLE: "can ask the warehouse again",
}


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What every message says of where it comes from.

    Attributes:
        project: The dbt project's name.
        target: dbt's target, if it is known.
        destination: Qualified's host and account.
        link: The CI job's page, if there is one.
    """

    project: str
    target: str | None
    destination: str
    link: str | None = None


def title_of(message: AlertMessage, context: AlertContext) -> str:
    """One line: how loud, the project, what."""
    mark = "recovered" if message.recovered else message.severity.value
    said = [_subject(item, message.recovered) for item in message.findings]
    few = ", ".join(said[:3]) + (f" and {len(said) - 3:,} more" if len(said) > 3 else "")
    title = clean(f"[{mark}] qsync {context.project}: {few}")
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def body_of(message: AlertMessage, context: AlertContext) -> str:
    """What began or is over, what to do, where it was."""
    lines: list[str] = []
    for item in message.findings[:MOST_FINDINGS]:
        lines.append(f"{_subject(item, message.recovered)}: {item.message}")
        if item.counts:
            told = ", ".join(f"{number(rows)} {name}" for name, rows in item.counts)
            lines.append(f"  Records: {told}")
        if item.run_id is not None:
            lines.append(f"  Run: {item.run_id}")
        if item.hint:
            lines.append(f"  What to do: {item.hint}")
    left = len(message.findings) - MOST_FINDINGS
    if left > 0:
        lines.append(f"And {left:,} more: qsync status")
    target = "" if context.target is None else f", target {context.target}"
    lines += ["", f"Project {context.project}{target}, to {context.destination}."]
    if context.link is not None:
        lines.append(context.link)
    if not message.recovered:
        ending = ", and again when it is over" if AlertEvent.RECOVERED in message.rule.on else ""
        lines.append(f"Alert rule {message.rule.name}: told once{ending}.")
    return "\n".join(clean(line) for line in lines)


def trial_title(context: AlertContext) -> str:
    """Of the message of `qsync alerts test`."""
    return clean(f"[test] qsync {context.project}: alerts reach you")


def trial_body(rule: str, context: AlertContext) -> str:
    """Nothing has happened, and it says so."""
    told = f"A test of the alert rule {rule} of project {context.project}. Nothing has happened."
    return clean(told) if context.link is None else clean(told) + "\n" + clean(context.link)


def summary_of(message: AlertMessage) -> str:
    """What a message told, in one line for the terminal."""
    return ", ".join(_subject(item, message.recovered) for item in message.findings)


def _subject(item: Finding, recovered: bool) -> str:
    name = "the run" if item.sync == EVERYTHING else item.sync
    if item.trouble is Trouble.UNREACHABLE:
        name = "qsync"
    return f"{name} {(_ENDED if recovered else _WORDS)[item.trouble]}"


@dataclass(frozen=True, slots=True)
class Told:
    """One message and how it went: why it did not go through, by address; nothing when it did."""

    rule: str
    recovered: bool
    summary: str
    delivered: bool
    problems: tuple[str, ...] = ()


def check_document(told: Sequence[Told], opened: Sequence[OpenAlert]) -> JsonObject:
    """What `qsync alerts check` found, as JSON-ready data."""
    return {
        "format": 1,
        "messages": [
            {
                "rule": item.rule,
                "recovered": item.recovered,
                "summary": item.summary,
                "delivered": item.delivered,
                "problems": list(item.problems),
            }
            for item in told
        ],
        "open": [
            {
                "rule": item.rule,
                "sync": item.sync or None,
                "trouble": item.trouble.value,
                "since": item.since,
            }
            for item in sorted(opened)
        ],
    }


def render_check(document: JsonObject, console: Console) -> None:
    """Write what was told and what is open."""
    for item in document["messages"]:
        done = "Told" if item["delivered"] else "Could not tell"
        sentence(console, f"{done} {item['rule']}: {item['summary']}.", indent=0)
    if not document["open"]:
        write(console, "Nothing that was alerted is open.")
        return
    rows: list[list[Part]] = [["rule", "sync", "trouble", "told at (UTC)"]]
    for item in document["open"]:
        trouble = styled(item["trouble"], "red")
        rows.append([item["rule"], item["sync"] or "(the run)", trouble, item["since"][:16]])
    write(console, styled("Open:", "bold"))
    columns(console, rows, header=True)


def trial_document(told: Sequence[Told]) -> JsonObject:
    """How a test of each rule went, as JSON-ready data."""
    return {
        "format": 1,
        "rules": [
            {"name": item.rule, "delivered": not item.problems, "problems": list(item.problems)}
            for item in told
        ],
    }


def render_trial(document: JsonObject, console: Console) -> None:
    """Write which rules' messages went through."""
    rows: list[list[Part]] = []
    for item in document["rules"]:
        went = styled("sent", "green") if item["delivered"] else styled("failed", "bold red")
        rows.append([item["name"], went, "; ".join(item["problems"])])
    columns(console, rows, indent=0)
