"""`POST /v2/bulk` and `GET /v2/bulk/{id}` (API.md, "Writing in bulk")."""

from __future__ import annotations

from typing import Final

import orjson

from qsync.emulator.answers import coded, insufficient_scope, json_object
from qsync.emulator.distort import distorted, job_plan
from qsync.emulator.jobs import Job, JobPlan
from qsync.emulator.messages import Answer
from qsync.emulator.render import job_json
from qsync.emulator.validation import Write
from qsync.emulator.world import Call, FaultyJob, World, malformed

MAX_ITEMS: Final = 500
"""Items a job may have (API.md, "Writing in bulk")."""

_SIZE = f"items must be an array with size 1..{MAX_ITEMS}"
_PLAIN = JobPlan()


def submit(world: World, call: Call) -> Answer:
    """Take a job in: 202, which is no success of any row; or refuse the whole batch."""
    body = json_object(call.request.body)
    if body is None:
        return coded(400, "bad_request", "The body must be a JSON object")
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        return coded(422, "invalid_items", _SIZE)
    refusal = _refusal(world, items) or _missing_scope(world, call, items)
    if refusal is not None:
        return refusal
    fault = call.job_fault
    plan = _PLAIN if fault is None else job_plan(fault, len(items))
    job = world.queue.submit(world.store.new_id(), items, plan, call.now)
    if fault is not None:
        world.faulty_jobs[job.id] = FaultyJob(fault)
    world.counts.submitted += len(items)
    return Answer(202, job_json(job, b"[]", world.settings))


def _refusal(world: World, items: list[object]) -> Answer | None:
    """422 for the whole batch because of one item (`EmulatorSettings.batch_refusal`)."""
    policy = world.settings.batch_refusal
    if policy == "never":
        return None
    for number, item in enumerate(items):
        if malformed(item) or (policy == "invalid" and not _acceptable(world, item)):
            named = f"items[{number}] is invalid"
            return coded(
                422,
                "invalid_items",
                named if world.settings.batch_refusal_names_item else "items are invalid",
            )
    return None


def _acceptable(world: World, item: object) -> bool:
    assert isinstance(item, dict)  # noqa: S101 - it is not malformed
    check = world.validator.lead if item["entity"] == "lead" else world.validator.company
    return isinstance(check(item["data"]), Write)


def _missing_scope(world: World, call: Call, items: list[object]) -> Answer | None:
    """Whether a job also needs the scopes of what it writes is not stated."""
    if not world.settings.bulk_needs_entity_scopes:
        return None
    entities = {
        str(item["entity"]) for item in items if isinstance(item, dict) and not malformed(item)
    }
    for entity in sorted(entities):
        if not call.key.allows(f"{entity}:manage"):
            return insufficient_scope(f"{entity}:manage")
    return None


def poll(world: World, call: Call) -> Answer:
    """The state and the results of a job, which are there when it has finished."""
    job = world.queue.jobs.get(call.argument)
    faulty = world.faulty_jobs.get(call.argument)
    if faulty is not None:
        faulty.polls += 1
    if job is None or (faulty is not None and _lost(faulty)):
        return coded(404, "not_found", "There is no such bulk job")
    answer = Answer(200, job_json(job, _result(world, job, faulty), world.settings))
    if job.finished and not world.settings.keep_records:
        world.queue.forget(job)
    return answer


def _lost(faulty: FaultyJob) -> bool:
    bound = faulty.fault.lost_after_polls
    return bound is not None and faulty.polls > bound


def _result(world: World, job: Job, faulty: FaultyJob | None) -> bytes:
    if not job.finished:
        return orjson.dumps(job.results) if world.settings.partial_results else b"[]"
    if faulty is None:
        return job.packed
    return orjson.dumps(distorted(orjson.loads(job.packed), faulty.fault, job.id))
