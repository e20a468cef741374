"""What is alerted, decided: a pure function of the rules, how syncs stand, and what was told.

A trouble of a sync is told once, when it begins, and once more when it is over: runs in between
that end the same say nothing. What was told and is not over is a set of `OpenAlert`s, kept in the
warehouse (`warehouse.alerting`), because a CI machine begins with empty hands.

A run may not tell whether something is over (one that failed says nothing about rejects; one that
`--max-time` ended neither failed nor succeeded). Then what was told stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from qsync.ledger.record import SUCCESS, RunRecord, RunStatus
from qsync.project.alerts import AlertEvent, AlertRule, AlertSeverity


class Trouble(StrEnum):
    """What can be wrong. Each is told under the event of `on:` of that name."""

    FAILED = "failed"
    GUARD = "guard"
    REJECTS = "rejects"
    STALE = "stale"
    UNREACHABLE = "unreachable"
    """The warehouse could not be asked how syncs stand; told as `failed`."""

    @property
    def event(self) -> AlertEvent:
        """The word of `on:` that asks for it."""
        return AlertEvent.FAILED if self is Trouble.UNREACHABLE else AlertEvent(self.value)


EVERYTHING = ""
"""Stands for the sync where a run failed before it came to any."""


@dataclass(frozen=True, slots=True)
class SyncStand:
    """How a sync stands.

    Attributes:
        sync: Its name.
        tags: Its tags.
        last: The newest record of each of its streams, of this destination.
        synced_at: When each stream was last synced, wholly or in part; None for one that never was.
        began_at: When its first run began; None without any.
    """

    sync: str
    tags: tuple[str, ...] = ()
    last: tuple[RunRecord, ...] = ()
    synced_at: tuple[datetime | None, ...] = ()
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WholeRun:
    """How a run stands that failed before any sync did, or did not.

    Attributes:
        trouble: Failed, or the warehouse was out of reach.
        message: Why, without values; None when it got through.
        hint: What to do.
    """

    trouble: Trouble
    message: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule is about, as it is now.

    Attributes:
        sync: The sync, or `EVERYTHING`.
        trouble: What may be wrong.
        holds: Whether it is; None when nothing tells.
        message: What is wrong, or what is well again.
        hint: What to do.
        run_id: The run that tells.
        counts: What became of its records, by name, without those there are none of.
    """

    sync: str
    trouble: Trouble
    holds: bool | None
    message: str = ""
    hint: str | None = None
    run_id: str | None = None
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class OpenAlert:
    """Something that was told and is not over.

    Attributes:
        rule: The rule's name.
        sync: The sync, or `EVERYTHING`.
        trouble: What is wrong.
        since: When it was told, UTC, as the ledger writes times.
    """

    rule: str
    sync: str
    trouble: Trouble
    since: str


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One message to one rule's addresses: everything that began, or that is over.

    Attributes:
        rule: Whose.
        recovered: Whether it tells of an end.
        findings: What it tells, at least one.
        changes: What is open in addition, or no more, once it went through.
    """

    rule: AlertRule
    recovered: bool
    findings: tuple[Finding, ...]
    changes: frozenset[OpenAlert]

    @property
    def severity(self) -> AlertSeverity:
        """How loud."""
        return self.rule.severity

    def after(self, opened: Iterable[OpenAlert]) -> frozenset[OpenAlert]:
        """What is open once this went through."""
        known = frozenset(opened)
        return known - self.changes if self.recovered else known | self.changes


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be told.

    Attributes:
        messages: In the order of the rules.
        forgotten: Alerts that end without a word: nobody asked to hear of their end, or the rule
            or the sync is gone.
    """

    messages: tuple[AlertMessage, ...]
    forgotten: frozenset[OpenAlert]


def decide(
    rules: Sequence[AlertRule],
    stands: Sequence[SyncStand],
    whole: Sequence[WholeRun],
    opened: Iterable[OpenAlert],
    *,
    now: datetime,
    at: str,
    complete: bool = True,
) -> Decision:
    """What is to be told now.

    Args:
        rules: Of the project.
        stands: Every enabled sync, or those that can be told about.
        whole: What is known about the run as a whole.
        opened: What was told and is not over.
        now: The moment, with a zone.
        at: The same, as the ledger writes it.
        complete: Whether `stands` are all: what was told of another sync is forgotten then.
    """
    known = frozenset(opened)
    messages: list[AlertMessage] = []
    kept: set[OpenAlert] = set()
    for rule in rules:
        findings = _findings(rule, stands, whole, now)
        mine = {(item.sync, item.trouble): item for item in known if item.rule == rule.name}
        begun = [item for item in findings if item.holds and (item.sync, item.trouble) not in mine]
        over = [
            item for item in findings if item.holds is False and (item.sync, item.trouble) in mine
        ]
        told = {(item.sync, item.trouble) for item in findings}
        # Nothing known of the whole run, or of a sync, is no word on how it was.
        judged = {stand.sync for stand in stands}
        told |= {
            key
            for key in mine
            if key[1].event in rule.on
            and (key[0] == EVERYTHING or (not complete and key[0] not in judged))
        }
        ending = {mine[item.sync, item.trouble] for item in over}
        if begun:
            new = frozenset(OpenAlert(rule.name, item.sync, item.trouble, at) for item in begun)
            messages.append(AlertMessage(rule, False, tuple(begun), new))
        if over and AlertEvent.RECOVERED in rule.on:
            messages.append(AlertMessage(rule, True, tuple(over), frozenset(ending)))
            kept |= ending
        kept |= {alert for key, alert in mine.items() if key in told} - ending
    return Decision(tuple(messages), known - kept)


def _findings(
    rule: AlertRule, stands: Sequence[SyncStand], whole: Sequence[WholeRun], now: datetime
) -> list[Finding]:
    found = [
        Finding(
            EVERYTHING,
            item.trouble,
            item.message is not None,
            item.message or _WELL_AGAIN[item.trouble],
            item.hint,
        )
        for item in whole
    ]
    for stand in stands:
        if rule.covers(stand.sync, stand.tags):
            found += [
                _by_records(stand, Trouble.FAILED, _failed),
                _by_records(stand, Trouble.GUARD, _stopped),
                _rejected(stand, rule),
                _stale(stand, rule, now),
            ]
    return [item for item in found if item.trouble.event in rule.on]


_WELL_AGAIN: Mapping[Trouble, str] = {
    Trouble.FAILED: "a run got through again",
    Trouble.GUARD: "no guard stops it any more",
    Trouble.UNREACHABLE: "the warehouse can be asked again",
}


_THROUGH = SUCCESS | {RunStatus.PARTIAL}
"""The run got to its end."""


def _failed(record: RunRecord) -> bool | None:
    if record.status is RunStatus.STOPPED:
        return None if _guarded(record) else True
    if record.status is RunStatus.INTERRUPTED:
        return None if _left_for_later(record) else True
    if record.status is RunStatus.RUNNING:
        return None
    return record.status not in _THROUGH


def _stopped(record: RunRecord) -> bool | None:
    if record.status is RunStatus.STOPPED and _guarded(record):
        return True
    return False if record.status in _THROUGH else None


def _by_records(
    stand: SyncStand, trouble: Trouble, holds: Callable[[RunRecord], bool | None]
) -> Finding:
    """What the newest records of a sync's streams tell: one is enough for a trouble."""
    # A stream that stopped because of another tells of no cause: the other one goes first.
    records = sorted(stand.last, key=lambda item: item.stopped_by_another)
    told = [(holds(record), record) for record in records]
    bad = next((record for answer, record in told if answer), None)
    if bad is not None:
        message, hint = _error_of(bad)
        return Finding(stand.sync, trouble, True, message, hint, bad.run_id, _counts(bad))
    if not told or any(answer is None for answer, _ in told):
        return Finding(stand.sync, trouble, None)
    newest = max((record for _, record in told), key=lambda item: (item.started_at, item.run_id))
    return Finding(stand.sync, trouble, False, _WELL_AGAIN[trouble], None, newest.run_id)


def _rejected(stand: SyncStand, rule: AlertRule) -> Finding:
    """Rejects among what was sent. What rests does not begin an alert, and keeps one open."""
    sent = sum(record.rows_planned - record.rows_unsent for record in stand.last)
    rejected = sum(record.rows_rejected for record in stand.last)
    resting = sum(record.rows_resting for record in stand.last)
    run_id = max((record.run_id for record in stand.last), default=None)
    if rejected and rejected > rule.rejects_above * sent:
        message = f"{rejected:,} of {sent:,} records sent were rejected"
        hint = f"qsync rejects {stand.sync}"
        return Finding(stand.sync, Trouble.REJECTS, True, message, hint, run_id)
    if not sent or rejected + resting > rule.rejects_above * (sent + resting):
        return Finding(stand.sync, Trouble.REJECTS, None)
    message = f"{rejected:,} of {sent:,} records sent were rejected"
    return Finding(stand.sync, Trouble.REJECTS, False, message, None, run_id)


def _stale(stand: SyncStand, rule: AlertRule, now: datetime) -> Finding:
    """Whether the stream that was synced least recently was so too long ago."""
    if rule.stale_after is None or stand.began_at is None:
        return Finding(stand.sync, Trouble.STALE, None)
    moments = [moment for moment in stand.synced_at if moment is not None]
    oldest = min(moments) if len(moments) == len(stand.synced_at) else None
    if oldest is not None and now - oldest <= rule.stale_after:
        message = f"synced at {oldest:%Y-%m-%d %H:%M} UTC"
        return Finding(stand.sync, Trouble.STALE, False, message)
    # A stream that never was synced is late from its first run on.
    since = oldest or stand.began_at
    if now - since <= rule.stale_after:
        return Finding(stand.sync, Trouble.STALE, None)
    ago = int((now - since).total_seconds()) // 3_600
    when = "never synced since" if oldest is None else "last synced at"
    message = f"nothing synced for {ago:,} hours: {when} {since:%Y-%m-%d %H:%M} UTC"
    return Finding(stand.sync, Trouble.STALE, True, message, "qsync status")


def _counts(record: RunRecord) -> tuple[tuple[str, int], ...]:
    named = {
        "planned": record.rows_planned,
        "succeeded": record.rows_succeeded,
        "rejected": record.rows_rejected,
        "unknown": record.rows_unknown,
        "unsent": record.rows_unsent,
    }
    return tuple((name, rows) for name, rows in named.items() if rows)


def _guarded(record: RunRecord) -> bool:
    details = record.details
    return bool(details.get("guards")) or details.get("paused") == "guard"


def _left_for_later(record: RunRecord) -> bool:
    """Whether a bound that somebody set ended the run: the next one goes on."""
    return record.details.get("paused") in {"max_requests", "max_time"}


def _error_of(record: RunRecord) -> tuple[str, str | None]:
    error = record.details.get("error")
    if isinstance(error, Mapping) and error.get("message"):
        hint = error.get("hint")
        return str(error["message"]), None if hint is None else str(hint)
    if isinstance(error, str) and error:
        return error, None
    return f"the run was {record.status.value}", None
