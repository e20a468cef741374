"""`alerts:` of qsync.yml: who is told of what, as frozen data, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.yaml_nodes import YamlDocument


class AlertEvent(StrEnum):
    """What a rule can be about; the words of `on:`."""

    FAILED = "failed"
    """A run failed, for a sync or as a whole."""
    GUARD = "guard"
    """A guard stopped a sync."""
    REJECTS = "rejects"
    """More of what was sent was rejected than `rejects_above` allows."""
    STALE = "stale"
    """Nothing was synced for `stale_after`."""
    RECOVERED = "recovered"
    """Something that was alerted is over."""


class AlertSeverity(StrEnum):
    """How loud a rule is."""

    WARNING = "warning"
    CRITICAL = "critical"


URL_PREFIX = "QSYNC_ALERT_"
"""Only variables of this prefix may hold an address: no other secret of a CI job is looked at."""

_URL_VARIABLE = re.compile(rf"{URL_PREFIX}[A-Z0-9_]{{1,50}}")

_TROUBLES = frozenset(AlertEvent) - {AlertEvent.STALE}
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


_TOP = Position("qsync.yml")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule: what is told, about which syncs, and to whom.

    Attributes:
        name: Its name, unique in the project.
        url_env: The variable that holds the address, or several with blanks between them. It is a
            secret: it is never in a file.
        on: What is told.
        rejects_above: The share of the records sent in a run that may be rejected.
        stale_after: How long nothing may be synced; None where `on` has no `stale`.
        severity: How loud.
        syncs: Names and globs; a sync that matches none of them, nor a tag, is not told about.
            With neither, all syncs are.
        tags: Tags of syncs.
        position: Where it stands.
    """

    name: str
    url_env: str
    on: frozenset[AlertEvent] = _TROUBLES
    rejects_above: Fraction = Fraction(0)
    stale_after: timedelta | None = None
    severity: AlertSeverity = AlertSeverity.WARNING
    syncs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    position: Position = _TOP

    def covers(self, sync: str, tags: Collection[str]) -> bool:
        """Whether the rule is about a sync."""
        if not self.syncs and not self.tags:
            return True
        named = any(fnmatchcase(sync, pattern) for pattern in self.syncs)
        return named or not set(self.tags).isdisjoint(tags)


def build_alerts(
    document: YamlDocument, data: Mapping[str, Any]
) -> tuple[tuple[AlertRule, ...], list[Diagnostic]]:
    """The rules, and what no schema can find wrong with them.

    Args:
        document: qsync.yml, for positions.
        data: What the schema found no fault with.
    """
    rules: list[AlertRule] = []
    found: list[Diagnostic] = []
    first: dict[str, Position] = {}
    for index, entry in enumerate(data.get("alerts", ())):
        rule = _rule(entry, document.position_of(("alerts", index)))
        place = document.position_of(("alerts", index, "name"))
        taken = first.setdefault(rule.name, place)
        if taken != place:
            message = f"two alert rules are named `{rule.name}`: here and at {taken}"
            hint = "rename one: what was told is remembered by the rule's name"
            found.append(Diagnostic("QS144", Severity.ERROR, place, message, hint))
            continue
        if not _URL_VARIABLE.fullmatch(rule.url_env):
            # Never repeated: it may be the address itself.
            place = document.position_of(("alerts", index, "url_env"))
            message = f"`url_env` names no variable that starts with {URL_PREFIX}"
            hint = f"write a variable's name as {URL_PREFIX}SLACK, never the address itself"
            found.append(Diagnostic("QS145", Severity.ERROR, place, message, hint))
        found += _unmeant(rule, entry, document, index)
        rules.append(rule)
    return tuple(rules), found


def _rule(entry: Mapping[str, Any], position: Position) -> AlertRule:
    stale_after = entry.get("stale_after")
    default = _TROUBLES if stale_after is None else frozenset(AlertEvent)
    events = entry.get("on")
    return AlertRule(
        name=entry["name"],
        url_env=entry["url_env"],
        on=default if events is None else frozenset(map(AlertEvent, events)),
        rejects_above=Fraction(entry.get("rejects_above", "0%").removesuffix("%")) / 100,
        stale_after=None if stale_after is None else _duration(stale_after),
        severity=AlertSeverity(entry.get("severity", "warning")),
        syncs=tuple(entry.get("syncs", ())),
        tags=tuple(entry.get("tags", ())),
        position=position,
    )


def _duration(text: str) -> timedelta:
    return int(text[:-1]) * _UNITS[text[-1]]


def _unmeant(
    rule: AlertRule, entry: Mapping[str, Any], document: YamlDocument, index: int
) -> list[Diagnostic]:
    """Keys of one rule that contradict each other."""
    asks = AlertEvent.STALE in rule.on
    if asks and rule.stale_after is None:
        place = document.position_of(("alerts", index, "on"))
        message = "`on` has `stale`, and nothing says after how long"
        return [_wrong(place, message, "add `stale_after: 26h`")]
    found = []
    for key, event in (("stale_after", AlertEvent.STALE), ("rejects_above", AlertEvent.REJECTS)):
        if key in entry and event not in rule.on:
            place = document.position_of(("alerts", index, key))
            message = f"`{key}` is given, and `on` has no `{event.value}`"
            found.append(_wrong(place, message, f"add `{event.value}` to `on`, or remove the line"))
    return found


def _wrong(place: Position, message: str, hint: str) -> Diagnostic:
    return Diagnostic("QS144", Severity.ERROR, place, message, hint)
