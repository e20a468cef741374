"""Records as the API shows them: camelCase, times in ISO 8601 (openapi.yaml, schemas)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from qsync.emulator.jobs import Job
from qsync.emulator.settings import EmulatorSettings
from qsync.emulator.store import Company, FieldRecord, Lead

_CRM_IDS = (
    "salesforceLeadId",
    "salesforceContactId",
    "pardotProspectId",
    "marketoLeadId",
    "hubspotContactId",
    "eloquaContactId",
)


def iso(at: float) -> str:
    """Epoch seconds as `2026-08-09T12:00:00.000Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _times(created_at: float, updated_at: float) -> dict[str, object]:
    return {"createdAt": iso(created_at), "updatedAt": iso(updated_at)}


def _values(values: dict[str, object], names: Iterable[str]) -> dict[str, object]:
    """Every field of the account; an unset one is null (API.md, "Fields")."""
    return {name: values.get(name) for name in names}


def field_json(record: FieldRecord, settings: EmulatorSettings) -> dict[str, object]:
    """A field definition; `options` are present for `picklist` only (`list_multi_options`)."""
    definition = record.definition
    shown: dict[str, object] = {
        "id": record.id,
        "label": definition.label,
        "name": definition.name,
        "type": definition.type,
        **_times(record.created_at, record.updated_at),
    }
    if definition.type == "picklist" or (
        settings.list_multi_options and definition.type == "multi_picklist"
    ):
        shown["options"] = [{"value": value, "label": label} for value, label in definition.options]
    return _extended(shown, settings)


def lead_json(lead: Lead, names: Iterable[str], settings: EmulatorSettings) -> dict[str, object]:
    """A lead with all fields of the account; it has no visitors and no CRM ids."""
    shown: dict[str, object] = {
        "id": lead.id,
        "email": lead.email,
        "fields": _values(lead.values, names),
        **_times(lead.created_at, lead.updated_at),
        "visitorIds": [],
        **dict.fromkeys(_CRM_IDS),
    }
    return _extended(shown, settings)


def company_json(
    company: Company, names: Iterable[str], settings: EmulatorSettings
) -> dict[str, object]:
    """A company, as the answer to its upsert shows it."""
    shown: dict[str, object] = {
        "id": company.id,
        "domain": company.domain,
        "name": company.name,
        "fields": _values(company.values, names),
        **_times(company.created_at, company.updated_at),
    }
    return _extended(shown, settings)


def job_json(job: Job, result: bytes, settings: EmulatorSettings) -> dict[str, object]:
    """A bulk job in its envelope; `result` is JSON already."""
    shown: dict[str, object] = {
        "id": job.id,
        "status": job.status,
        "totalRecords": job.total,
        "processedRecords": job.processed,
        "failedRecords": job.failed,
        "result": orjson.Fragment(result),
        **_times(job.created_at, job.updated_at),
    }
    return {"job": _extended(shown, settings)}


def _extended(shown: dict[str, object], settings: EmulatorSettings) -> dict[str, object]:
    """New response fields may appear at any time; with the setting on, one has."""
    if settings.extra_response_fields:
        shown["addedSinceThisWasWritten"] = {"by": "the emulator"}
    return shown
