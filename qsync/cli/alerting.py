"""Alerts of a command: what is known, what the rules make of it, who is told, what is remembered.

A failing alert never fails a run: whatever goes wrong here is one line on standard error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from qsync.cli.loading import Loaded
from qsync.cli.private import keep_private, private_folder
from qsync.cli.saying import say as tell
from qsync.execution.planner import destination_of
from qsync.ledger.alerts import (
    EVERYTHING,
    AlertMessage,
    OpenAlert,
    SyncStand,
    Trouble,
    WholeRun,
    decide,
)
from qsync.ledger.record import timestamp_text
from qsync.project.model import ObjectType, Project, Sync
from qsync.views.alert_text import AlertContext, Told, body_of, summary_of, title_of

if TYPE_CHECKING:
    from qsync.alerting import Delivery
    from qsync.alerting.delivery import Kind
    from qsync.warehouse import ReadingWarehouse
    from qsync.warehouse.alerting import AlertBook


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was told, and what is open now."""

    told: tuple[Told, ...] = ()
    opened: frozenset[OpenAlert] = frozenset()


def book_of(loaded: Loaded, warehouse: ReadingWarehouse) -> AlertBook:
    """The warehouse's memory of what was alerted."""
    from qsync.warehouse.alerting import AlertBook

    project = loaded.project
    # What there was before this run made its tables says nothing.
    tables = frozenset(warehouse.tables)
    return AlertBook(
        warehouse.connection,
        warehouse.layout,
        destination_of(project),
        project.name,
        tables=tables,
    )


def evaluate(
    loaded: Loaded,
    book: AlertBook | None,
    whole: Sequence[WholeRun],
    *,
    target: str | None,
    complete: bool,
    environ: Mapping[str, str] = os.environ,
) -> Evaluated:
    """Ask the rules, tell, remember.

    Args:
        loaded: The project with its rules.
        book: The warehouse's memory; None where it is out of reach: a local file stands in.
        whole: What is known about the run as a whole.
        target: dbt's target, for the message.
        complete: Whether every sync can be judged: the book is there, and no sync file is broken.
        environ: Where addresses are.
    """
    rules = loaded.project.settings.alerts
    if not rules:
        return Evaluated()
    now = datetime.now(UTC)
    usable = book if book is not None and book.usable else None
    local = _Local(loaded.own_path / "alerts.json", destination_of(loaded.project))
    noted = local.opened()
    before = noted if usable is None else usable.opened() | noted
    stands = () if usable is None else _stands(loaded.project, usable)
    decision = decide(
        rules,
        stands,
        whole,
        before,
        now=now,
        at=timestamp_text(now),
        complete=complete and usable is not None,
    )
    told = _tell(decision.messages, context_of(loaded, target, environ), environ)
    after = before - decision.forgotten
    for message, item in zip(decision.messages, told, strict=True):
        if item.delivered:
            after = message.after(after)
    if usable is None:
        local.keep(after)
    else:
        known = before - noted
        if after != known or noted:
            usable.keep(after - known, (known | noted) - after)
        local.keep(frozenset())
    return Evaluated(tuple(told), after)


def context_of(loaded: Loaded, target: str | None, environ: Mapping[str, str]) -> AlertContext:
    """What every message says of where it comes from."""
    return AlertContext(loaded.project.name, target, destination_of(loaded.project), _link(environ))


def _link(environ: Mapping[str, str]) -> str | None:
    """The page of the CI job this is, on GitHub, GitLab or Jenkins."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run_id = (environ.get(name, "") for name in names)
    if server and repository and run_id:
        return f"{server}/{repository}/actions/runs/{run_id}"
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL") or None


def deliver_all(deliveries: Sequence[Delivery], environ: Mapping[str, str]) -> list[Told]:
    """Send, and say of each how it went; the title stands for what it told."""
    from qsync.alerting import deliver

    outcomes = deliver(deliveries, environ)
    return [
        Told(item.rule, False, item.title, outcome.delivered, outcome.problems)
        for item, outcome in zip(deliveries, outcomes, strict=True)
    ]


def _tell(
    messages: Sequence[AlertMessage], context: AlertContext, environ: Mapping[str, str]
) -> list[Told]:
    from qsync.alerting import Delivery

    if not messages:
        return []
    deliveries = [
        Delivery(
            message.rule.name,
            message.rule.url_env,
            title_of(message, context),
            body_of(message, context),
            _kind(message),
        )
        for message in messages
    ]
    told = deliver_all(deliveries, environ)
    return [
        Told(item.rule, message.recovered, summary_of(message), item.delivered, item.problems)
        for message, item in zip(messages, told, strict=True)
    ]


def _kind(message: AlertMessage) -> Kind:
    if message.recovered:
        return "success"
    return "failure" if message.severity.value == "critical" else "warning"


def say(told: Sequence[Told], *, quiet: bool = False) -> None:
    """One line for each message, and for each that did not go through; no address in it."""
    for item in told:
        if item.problems:
            why = "; ".join(dict.fromkeys(item.problems))
            problem = f"alert rule {item.rule} did not go through: {why}."
            tell("alert_failed", problem, text=f"Warning: {problem}", rule=item.rule)
        if item.delivered and not quiet:
            tell("alerted", f"Alerted {item.rule}: {item.summary}.", rule=item.rule)


def _stands(project: Project, book: AlertBook) -> tuple[SyncStand, ...]:
    last = {(record.sync, record.object): record for record in book.last_records()}
    times = book.times()
    found = []
    for sync in project.syncs:
        if not sync.config.enabled:
            continue
        streams = [(sync.name, name) for name in _objects(sync)]
        known = [times[stream] for stream in streams if stream in times]
        found.append(
            SyncStand(
                sync.name,
                sync.config.tags,
                tuple(last[stream] for stream in streams if stream in last),
                tuple(times[stream].synced_at if stream in times else None for stream in streams),
                min((item.began_at for item in known), default=None),
            )
        )
    return tuple(found)


def _objects(sync: Sync) -> tuple[str, ...]:
    company = () if sync.company is None else (ObjectType.COMPANY.value,)
    return (sync.object.value, *company)


class _Local:
    """What was told of whole runs while the warehouse was out of reach; may be lost."""

    def __init__(self, path: Path, destination: str) -> None:
        self._path = path
        self._destination = destination

    def opened(self) -> frozenset[OpenAlert]:
        """What the file has; nothing where it has been damaged or is of another destination."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            data = orjson.loads(self._path.read_bytes())
            if data["destination"] == self._destination:
                return frozenset(
                    OpenAlert(item["rule"], EVERYTHING, Trouble(item["trouble"]), item["since"])
                    for item in data["open"]
                )
        return frozenset()

    def keep(self, opened: frozenset[OpenAlert]) -> None:
        """Replace the file, or remove it when nothing is left to say."""
        if not opened:
            self._path.unlink(missing_ok=True)
            return
        entries = [
            {"rule": item.rule, "trouble": item.trouble.value, "since": item.since}
            for item in sorted(opened)
            if item.sync == EVERYTHING
        ]
        with private_folder(self._path.parent):
            self._path.write_bytes(
                orjson.dumps({"destination": self._destination, "open": entries})
            )
        keep_private(self._path.parent)


def guarded(work: Callable[[], Evaluated], *, quiet: bool) -> Evaluated:
    """Evaluate and say; whatever goes wrong is a line, and no run fails of it."""
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - a run must not fail because nobody can be told
        # Only the type: the text may come from anywhere.
        problem = f"alerts were not evaluated ({type(error).__name__})."
        tell("alert_failed", problem, text=f"Warning: {problem}")
        return Evaluated()
    say(found.told, quiet=quiet)
    return found
