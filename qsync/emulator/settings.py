"""Every behaviour of the emulated account, with the API's open questions as settings.

Where API.md states a fact, the default is that fact. Where it is silent, the setting says so and
the default is a guess: a sync that works both ways is one that will work on the real thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from qsync.emulator.fields import DEFAULT_FIELDS, FIELD_TYPES, EmulatedField, Entity

DEFAULT_KEY = "qualified-emulator-key"
"""The key an emulator accepts unless told otherwise. It is no secret."""

ALL_SCOPES = frozenset(
    {
        "bulk_job:manage",
        "bulk_job:view",
        "lead:view",
        "lead:manage",
        "company:manage",
        "gdpr:manage",
    }
)
"""The scopes of API.md, "Scopes"."""

_SEVEN_DIGITS = re.compile(r"(?:[^0-9]*[0-9]){7}")

Check = Callable[[object], str | None]
"""Looks at a value that has the right type; answers what is wrong with it, or None."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What one key may do (API.md, "Scopes"); with `api_enabled` off it gets 401 ("Errors")."""

    scopes: frozenset[str] = ALL_SCOPES
    api_enabled: bool = True

    def allows(self, scope: str) -> bool:
        """Whether the key has a scope; `bulk_job:manage` includes `bulk_job:view`."""
        return scope in self.scopes or (
            scope == "bulk_job:view" and "bulk_job:manage" in self.scopes
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Request limits of the team (API.md, "Limits"); None means unlimited.

    Attributes:
        in_flight: Requests between their start and their answer.
        per_15m: Requests in 15 minutes; the only window `RateLimit-*` describes.
        per_hour: Requests in an hour.
        per_day: Requests in a day.
        window: Unknown. `sliding`: the last N seconds; `fixed`: N seconds from a round time.
        count_refused: Unknown. Whether a 429 itself counts towards the windows.
    """

    in_flight: int | None = 10
    per_15m: int | None = 2_000
    per_hour: int | None = 7_000
    per_day: int | None = 120_000
    window: Literal["sliding", "fixed"] = "sliding"
    count_refused: bool = False


def phone_of_seven_digits(value: object) -> str | None:
    """Our example of a value Qualified rejects and nobody can know beforehand: a short phone."""
    return None if _SEVEN_DIGITS.match(str(value)) else "is invalid"


def _default_checks() -> Mapping[tuple[Entity, str], Check]:
    return {("lead", "phone"): phone_of_seven_digits}


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """How an emulated account behaves. Each attribute says where the API is silent ("Unknown").

    Attributes:
        keys: API key to what it may do (API.md, "Scopes").
        fields: The field definitions by entity (API.md, "Fields").
        limits: The team's request limits (API.md, "Limits").
        latency: Seconds from a request's start to its answer.
        latency_jitter: At most this many seconds more, drawn from the generator.
        job_wait_seconds: Unknown. Seconds a job is `enqueued` before it may start.
        job_base_seconds: Unknown. Seconds a running job takes, before any item.
        job_seconds_per_item: Unknown. Seconds each item adds.
        job_duration: `(items, number of the job from 0) -> seconds`; overrides the two above.
        job_concurrency: Unknown. Jobs that run at once; None is no bound, 0 pauses all.
        job_order: Order between jobs is not promised; which waiting job starts first.
        job_retention: Seconds a finished job is kept ("at least 24 hours").
        partial_results: Unknown. Whether `result` shows finished items of an unfinished job.
        null_semantics: Unknown. Null clears the field, is ignored, or rejects the item.
        batch_refusal: Unknown. What refuses a whole batch with 422 `invalid_items`: `never` one
            item, a `malformed` item, or any `invalid` one (malformed, or with a rejected value).
        batch_refusal_names_item: Unknown. Whether that refusal says which item it was.
        failed_field: Unknown. The shape of `details.failed_field` of a rejected write.
        bulk_needs_entity_scopes: Unknown. Whether bulk needs `lead:manage`, `company:manage` too.
        lead_list_hold: Seconds until a new lead shows up in the list.
        page_size: Leads a page (fixed at 1000 by the API).
        normalize_domain: Whether a company's domain is normalized before it is matched.
        unknown_field: Unknown. A name in `fields` that no field has: reject the item or ignore.
        picklist_mismatch: Unknown. A value outside the options: reject the item or accept it.
        list_multi_options: The API lists options only for `picklist`; True also for multi.
        strict_types: Unknown. Types whose values must be of the JSON type; values of the other
            types are converted where that is possible ("12" for a decimal).
        max_lengths: Not stated. The longest text by field type (of each entry, for arrays).
        checks: Values to reject by `(entity, field)`; by default phones of leads, see
            `phone_of_seven_digits`.
        quote_values: Unknown. Whether error texts quote the value they are about.
        max_body_bytes: Not stated. Larger bodies get 413.
        extra_response_fields: Adds a field nobody knows to every object answered ("New response
            fields may appear at any time").
        keep_bodies: Keep request bodies in the request log; they hold personal values.
        log_size: Requests the log remembers.
        keep_records: False checks and answers writes as always and forgets them, as it forgets a
            finished job that has been read: for any number of records in little memory.
    """

    keys: Mapping[str, ApiKey] = field(default_factory=lambda: {DEFAULT_KEY: ApiKey()})
    fields: Mapping[Entity, tuple[EmulatedField, ...]] = field(
        default_factory=lambda: DEFAULT_FIELDS
    )
    limits: Limits = Limits()
    latency: float = 0.0
    latency_jitter: float = 0.0
    job_wait_seconds: float = 0.0
    job_base_seconds: float = 1.0
    job_seconds_per_item: float = 0.0
    job_duration: Callable[[int, int], float] | None = None
    job_concurrency: int | None = None
    job_order: Literal["fifo", "lifo", "random"] = "fifo"
    job_retention: float = 86_400.0
    partial_results: bool = False
    null_semantics: Literal["clear", "ignore", "reject"] = "clear"
    batch_refusal: Literal["never", "malformed", "invalid"] = "malformed"
    batch_refusal_names_item: bool = False
    failed_field: Literal["string", "list", "absent"] = "string"
    bulk_needs_entity_scopes: bool = False
    lead_list_hold: float = 1_800.0
    page_size: int = 1_000
    normalize_domain: bool = True
    unknown_field: Literal["reject", "ignore"] = "reject"
    picklist_mismatch: Literal["reject", "accept"] = "reject"
    list_multi_options: bool = False
    strict_types: frozenset[str] = FIELD_TYPES
    max_lengths: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[tuple[Entity, str], Check] = field(default_factory=_default_checks)
    quote_values: bool = True
    max_body_bytes: int | None = None
    extra_response_fields: bool = False
    keep_bodies: bool = False
    log_size: int = 100_000
    keep_records: bool = True
