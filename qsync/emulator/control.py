"""What the control endpoints under `/_emulator/` do, on plain data.

They exist on the emulator only, need no key, count towards no limit and meet no fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import orjson

from qsync.emulator.account import Account
from qsync.emulator.config import fields_from_mapping
from qsync.emulator.faults import fault_from_mapping
from qsync.emulator.plain import (
    Rule,
    choice,
    flag,
    integer,
    number,
    optional,
    read_mapping,
    sequence,
)
from qsync.emulator.render import iso
from qsync.emulator.settings import ALL_SCOPES, ApiKey, EmulatorSettings
from qsync.errors import UserError


def parsed(body: bytes) -> object:
    """The JSON value in the body of a control request.

    Raises:
        UserError: It is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UserError("The body must be JSON") from None


_LIMIT_RULES: dict[str, Rule] = {
    "in_flight": optional(integer()),
    "per_15m": optional(integer()),
    "per_hour": optional(integer()),
    "per_day": optional(integer()),
    "window": choice("sliding", "fixed"),
    "count_refused": flag,
}

_SETTING_RULES: dict[str, Rule] = {
    "latency": number(),
    "latency_jitter": number(),
    "job_wait_seconds": number(),
    "job_base_seconds": number(),
    "job_seconds_per_item": number(),
    "job_concurrency": optional(integer()),
    "job_order": choice("fifo", "lifo", "random"),
    "job_retention": number(),
    "partial_results": flag,
    "null_semantics": choice("clear", "ignore", "reject"),
    "batch_refusal": choice("never", "malformed", "invalid"),
    "batch_refusal_names_item": flag,
    "failed_field": choice("string", "list", "absent"),
    "bulk_needs_entity_scopes": flag,
    "lead_list_hold": number(),
    "page_size": integer(1),
    "normalize_domain": flag,
    "unknown_field": choice("reject", "ignore"),
    "picklist_mismatch": choice("reject", "accept"),
    "list_multi_options": flag,
    "quote_values": flag,
    "max_body_bytes": optional(integer()),
    "extra_response_fields": flag,
    "limits": lambda value: value,
    "scopes": sequence(choice(*sorted(ALL_SCOPES))),
    "api_enabled": flag,
}


def changed_settings(settings: EmulatorSettings, data: object) -> EmulatorSettings:
    """The settings with some changed, by the attribute names of `EmulatorSettings`.

    `limits` is a mapping of those to change; `scopes` and `api_enabled` are set for every key.

    Raises:
        UserError: A name is unknown or cannot be changed here, or a value does not fit.
    """
    read: dict[str, Any] = read_mapping(data, _SETTING_RULES, "settings")
    if "limits" in read:
        limits: dict[str, Any] = read_mapping(read["limits"], _LIMIT_RULES, "limits")
        read["limits"] = replace(settings.limits, **limits)
    scopes, enabled = read.pop("scopes", None), read.pop("api_enabled", None)
    keys = {
        name: ApiKey(
            key.scopes if scopes is None else frozenset(scopes),
            key.api_enabled if enabled is None else enabled,
        )
        for name, key in settings.keys.items()
    }
    return replace(settings, **read, keys=keys)


def change_settings(account: Account, data: object) -> object:
    """`POST /_emulator/settings`."""
    account.configure(changed_settings(account.settings, data))
    return {"changed": sorted(data) if isinstance(data, Mapping) else []}


def put_fields(account: Account, data: object) -> object:
    """`PUT /_emulator/fields`: the format of `qualified_fields.yml`, as JSON."""
    account.configure(replace(account.settings, fields=fields_from_mapping(data)))
    return {"fields": len(account.fields())}


def add_faults(account: Account, data: object) -> object:
    """`POST /_emulator/faults`: one fault or a list of them, appended; all or none."""
    given = data if isinstance(data, list) else [data]
    faults = [fault_from_mapping(one, f"fault {place}") for place, one in enumerate(given, 1)]
    for fault in faults:
        account.add_fault(fault)
    return list_faults(account)


def list_faults(account: Account) -> object:
    """`GET /_emulator/faults`: each with how often it has fired."""
    return {"faults": [{**asdict(fault), "fired": fired} for fault, fired in account.faults()]}


def clear_faults(account: Account) -> object:
    """`DELETE /_emulator/faults`."""
    account.set_faults([])
    return list_faults(account)


def reset(account: Account) -> object:
    """`POST /_emulator/reset`: a new account with new ids, without records and faults."""
    account.reset()
    return {"reset": True}


def stats(account: Account) -> object:
    """`GET /_emulator/stats`: counters since the start or the last reset."""
    jobs = account.jobs()
    by_kind = account.requests_by_kind()
    return {
        "requests": {
            "total": sum(by_kind.values()),
            "by_kind": by_kind,
            "by_status": {str(code): n for code, n in account.requests_by_status().items()},
            "most_in_flight": account.most_in_flight(),
        },
        "items": asdict(account.items()),
        "jobs": {"total": len(jobs), "finished": sum(job.finished for job in jobs)},
        "faults_fired": account.faults_fired(),
        "leads": len(account.leads()),
        "companies": len(account.companies()),
    }


def requests(account: Account) -> object:
    """`GET /_emulator/requests`: the log without bodies and query strings, which hold people."""
    return {
        "requests": [
            {
                "at": line.at,
                "method": line.method,
                "path": line.path,
                "status": line.status,
                "items": line.items,
                "cut": line.cut,
            }
            for line in account.requests()
        ]
    }


def leads(account: Account, email: str | None) -> object:
    """`GET /_emulator/leads?email=`: all leads, or the one with this address; no hold."""
    one = None if email is None else account.lead(email)
    found = account.leads() if email is None else [] if one is None else [one]
    return {
        "leads": [
            {
                "id": lead.id,
                "email": lead.email,
                "fields": lead.values,
                "created_at": iso(lead.created_at),
                "updated_at": iso(lead.updated_at),
            }
            for lead in found
        ]
    }


def companies(account: Account, domain: str | None) -> object:
    """`GET /_emulator/companies?domain=`: all companies, or the one with exactly this domain."""
    one = None if domain is None else account.company(domain)
    found = account.companies() if domain is None else [] if one is None else [one]
    return {
        "companies": [
            {
                "id": company.id,
                "domain": company.domain,
                "name": company.name,
                "fields": company.values,
                "created_at": iso(company.created_at),
                "updated_at": iso(company.updated_at),
            }
            for company in found
        ]
    }
