"""A record's story: what the warehouse knows of one match key in one stream.

No key is in it, and values only where a person at a terminal asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qsync.ledger.record import RunRecord


class Ending(StrEnum):
    """What became of a record that a run was to send."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """It was sent, and nobody said what became of it."""
    OPEN = "open"
    """Confirmed, and a job with other values of it may still be waiting to run."""
    INVALID_LATE = "invalid_late"
    LOST = "lost"
    """May have been posted by a run that died; any other ending counts more."""


@dataclass(frozen=True, slots=True)
class SentJob:
    """A bulk job of a run, as the warehouse remembers it.

    Attributes:
        stream_id: Whose records.
        sync: The sync's name then.
        object: Lead or company.
        id: Qualified's.
        first: The first record's number.
        last: The last one's.
        accepted_at: Epoch seconds.
        endings: Records by ending, as far as anything is known.
        reasons: Rejected records by reason; redacted.
    """

    stream_id: str
    sync: str
    object: str
    id: str
    first: int
    last: int
    accepted_at: int
    endings: Mapping[Ending, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sending:
    """One record in one run.

    Attributes:
        run_id: The run.
        sync: The sync's name then.
        at: When the run began to send the stream; UTC, as the ledger writes it.
        number: The record's number among those the run was to send.
        records: How many those were.
        op: Why it was to go: `added`, `changed` or `removed`.
        letters: By field name a letter: `c` changed, `s` set, `x` cleared, `.` as acknowledged,
            `-` null and kept, `!` left out.
        ending: What became of it; None where nothing was put down.
        reason: Why it was rejected; redacted.
        field: The field the rejection names.
        ended_at: When that was committed.
        job: The job it went in, if any.
    """

    run_id: str
    sync: str
    at: str
    number: int
    records: int
    op: str
    letters: Mapping[str, str]
    ending: Ending | None = None
    reason: str | None = None
    field: str | None = None
    ended_at: str | None = None
    job: SentJob | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A record in state.

    Attributes:
        status: `synced`, `removed`, `unsettled` or `open`.
        run_id: The run that last brought it up to date.
        at: When; UTC.
    """

    status: str
    run_id: str
    at: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record's reject: redacted reason, field, how often in a row, since when."""

    reason: str
    field: str | None
    attempts: int
    run_id: str
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the model as the next plan sees it.

    Attributes:
        op: As the diff has it (`added`, `unchanged`, `invalid`, `resting`, `gone`, …).
        reason: Why it is invalid, and of a reject as what it was rejected.
        letters: By field name, as `Sending.letters`.
        values: By field name the value to be acknowledged and the one that state holds; empty
            unless asked for.
    """

    op: str
    reason: str | None
    letters: Mapping[str, str]
    values: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A line of a sync file: the field, where its value comes from, where that is written."""

    name: str
    column: str | None
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class StreamStory:
    """What there is to tell of a key in one stream.

    Attributes:
        sync: The sync.
        object: Lead or company.
        path: Its file.
        line: Where it begins.
        model: Its model.
        enabled: Whether it is.
        match_column: The column with the key.
        fields: Its mapping.
        problem: Why it cannot be compared now; then nothing is known of its model.
        problem_hint: What to do about that.
        standing: What the next plan sees: one entry, none where neither model nor state has the
            key, several where rows of the model share it.
        acknowledged: What state holds.
        rejection: Its reject.
        runs: The last runs that were to send it, newest first.
        last: The last run of the stream, whatever it sent.
    """

    sync: str
    object: str
    path: str
    line: int
    model: str
    enabled: bool
    match_column: str
    fields: tuple[FieldLine, ...]
    problem: str | None = None
    problem_hint: str | None = None
    standing: tuple[Standing, ...] = ()
    acknowledged: Acknowledged | None = None
    rejection: Rejection | None = None
    runs: tuple[Sending, ...] = ()
    last: RunRecord | None = None
