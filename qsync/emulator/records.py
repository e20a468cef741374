"""Field definitions, single writes, one lead, and erasing (API.md)."""

from __future__ import annotations

from typing import Final

from qsync.emulator.answers import coded, error, json_object
from qsync.emulator.messages import Answer
from qsync.emulator.render import company_json, field_json, lead_json
from qsync.emulator.settings import EmulatorSettings
from qsync.emulator.validation import Failure, Write, is_email
from qsync.emulator.world import Call, World

MAX_ERASED: Final = 5_000
"""Addresses one deletion request may name (API.md, "Deleting")."""

_NO_OBJECT = "The body must be a JSON object"


def fields(world: World, call: Call) -> Answer:
    """`GET /v2/leads/fields` and `GET /v2/companies/fields`."""
    records = world.store.fields["lead" if call.argument == "lead" else "company"].values()
    return Answer(200, {"data": [field_json(record, world.settings) for record in records]})


def write_lead(world: World, call: Call) -> Answer:
    """`POST /v2/leads`: 201 created, 200 updated, 422 rejected."""
    body = json_object(call.request.body)
    if body is None:
        return error(400, _NO_OBJECT)
    write = world.validator.lead(body)
    if not isinstance(write, Write):
        return _rejected(write, world.settings)
    lead, created = world.store.put_lead(write, call.now)
    shown = lead_json(lead, world.store.fields["lead"], world.settings)
    return Answer(201 if created else 200, shown)


def write_company(world: World, call: Call) -> Answer:
    """`POST /v2/companies`: 201 created, 200 updated, 422 rejected."""
    body = json_object(call.request.body)
    if body is None:
        return error(400, _NO_OBJECT)
    write = world.validator.company(body)
    if not isinstance(write, Write):
        return _rejected(write, world.settings)
    company, created = world.store.put_company(write, call.now)
    shown = company_json(company, world.store.fields["company"], world.settings)
    return Answer(201 if created else 200, shown)


def read_lead(world: World, call: Call) -> Answer:
    """`GET /v2/leads/{id}`: at once, without the hold of the list."""
    lead = world.store.lead_by_id(call.argument)
    if lead is None:
        return error(404, "Lead not found")
    return Answer(200, {"data": lead_json(lead, world.store.fields["lead"], world.settings)})


def erase(world: World, call: Call) -> Answer:
    """`POST /v2/gdpr_deletion_requests`: all of the addresses or, if one is malformed, none."""
    body = json_object(call.request.body)
    if body is None:
        return coded(400, "bad_request", _NO_OBJECT)
    emails = body.get("emails")
    if not isinstance(emails, list) or len(emails) > MAX_ERASED:
        return coded(422, "invalid_emails", f"emails must be an array of at most {MAX_ERASED}")
    if not all(is_email(email) for email in emails):
        return coded(422, "invalid_emails", "emails must all be well-formed")
    world.store.forget(emails)
    return Answer(200, {"message": "Deletion request accepted"})


def _rejected(failures: list[Failure], settings: EmulatorSettings) -> Answer:
    """422 with the failed field in the shape that the settings choose."""
    details: dict[str, object] = {}
    if settings.failed_field == "string":
        details["failed_field"] = failures[0].field
    elif settings.failed_field == "list":
        details["failed_field"] = [failure.field for failure in failures]
    message = "; ".join(failure.error for failure in failures)
    return Answer(422, {"error": message, "details": details})
