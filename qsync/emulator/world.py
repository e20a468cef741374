"""Everything an account has besides its door: records, jobs, and what endpoints are given."""

from __future__ import annotations

import random
from dataclasses import dataclass

from qsync.emulator.faults import JobFault
from qsync.emulator.jobs import ItemResult, Job, JobQueue
from qsync.emulator.messages import EmulatedRequest
from qsync.emulator.settings import ApiKey, EmulatorSettings
from qsync.emulator.store import Store
from qsync.emulator.validation import Validator, Write

ENTITIES = ("lead", "company")


@dataclass(slots=True)
class Counts:
    """Items of bulk jobs: taken in, and how each ended."""

    submitted: int = 0
    completed: int = 0
    failed: int = 0


@dataclass(slots=True)
class FaultyJob:
    """The fault of one job, and how often the job was polled."""

    fault: JobFault
    polls: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, as its endpoint sees it.

    `argument` is the id in the path, or the entity of a fields request.
    """

    request: EmulatedRequest
    argument: str
    key: ApiKey
    now: float
    job_fault: JobFault | None = None


class World:
    """The records and jobs of an account, changed only by writes and by the passing of time."""

    def __init__(self, settings: EmulatorSettings, rng: random.Random, now: float) -> None:
        self.settings = settings
        self.store = Store(settings.fields, rng, now)
        self.validator = Validator(settings)
        self.queue = JobQueue(settings, rng, self._apply)
        self.faulty_jobs: dict[str, FaultyJob] = {}
        self.counts = Counts()

    def configure(self, settings: EmulatorSettings, now: float) -> None:
        """Behave differently from now on; what is stored stays."""
        # Items that were due before are still judged by the settings of their time.
        self.queue.advance(now)
        self.validator = Validator(settings)
        self.store.define(settings.fields, now)
        self.settings = settings
        self.queue.configure(settings, now)

    def _apply(self, job: Job, number: int, at: float) -> ItemResult:
        """Carry out one item of a job (API.md, "Writing in bulk")."""
        item = job.items[number]
        error = job.plan.failing.get(number)
        if error is not None:
            return self._failed(item, [error])
        if malformed(item):
            return self._failed(item, ["is malformed"])
        assert isinstance(item, dict)  # noqa: S101 - what `malformed` has found out
        keep = self.settings.keep_records
        if item["entity"] == "lead":
            write = self.validator.lead(item["data"])
            if not isinstance(write, Write):
                return self._failed(item, [failure.error for failure in write])
            created = not keep or self.store.put_lead(write, at)[1]
        else:
            write = self.validator.company(item["data"])
            if not isinstance(write, Write):
                return self._failed(item, [failure.error for failure in write])
            created = not keep or self.store.put_company(write, at)[1]
        self.counts.completed += 1
        return {
            "requestId": item["request_id"],
            "status": "completed",
            "operation": "create" if created else "update",
            "errors": [],
        }

    def _failed(self, item: object, errors: list[str]) -> ItemResult:
        self.counts.failed += 1
        request_id = item.get("request_id") if isinstance(item, dict) else None
        shown = request_id if isinstance(request_id, str) else ""
        return {"requestId": shown, "status": "failed", "errors": errors}


def malformed(item: object) -> bool:
    """Whether an item lacks the shape that API.md gives it, whatever its data says."""
    return not (
        type(item) is dict
        and type(item.get("request_id")) is str
        # A tuple: an entity of any JSON type can be looked up in it.
        and item.get("entity") in ENTITIES
        and item.get("action") == "POST"
        and type(item.get("data")) is dict
    )
