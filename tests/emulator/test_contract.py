"""The emulator speaks `openapi.yaml`: schemathesis asks it what that file allows, and what not.

`openapi.yaml` here is the API's description in our own words, the same facts as the emulator's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from ruamel.yaml import YAML
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from qsync.emulator import DEFAULT_KEY, Account, EmulatorSettings, Limits
from qsync.emulator.app import create_app
from tests.emulator.kit import Clock, lead

HEADERS = {"Authorization": f"Bearer {DEFAULT_KEY}"}
DESCRIPTION = Path(__file__).with_name("openapi.yaml")

SHAPE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def account() -> Account:
    """An account without limits, whose jobs are done at once."""
    limits = Limits(None, None, None, None)
    return Account(EmulatorSettings(limits=limits, job_base_seconds=0), clock=Clock())


def acceptable() -> dict[str, Any]:
    """The description, narrowed to requests whose values Qualified accepts too.

    The description cannot say that a text must be an email address or a time past the hold.
    """
    description: dict[str, Any] = YAML(typ="safe").load(DESCRIPTION)
    schemas = description["components"]["schemas"]
    email = {"type": "string", "pattern": "^[a-z]{1,9}@[a-z]{1,9}\\.io$"}
    no_fields = {"type": "object", "additionalProperties": False}
    schemas["LeadUpsert"]["properties"] = {"email": email, "fields": no_fields}
    domain = {"type": "string", "pattern": "^[a-z]{1,9}\\.(io|com)$"}
    schemas["CompanyUpsert"]["properties"].update(domain=domain, fields=no_fields)
    lead, company = ({**schemas["BulkItem"]["properties"]} for _ in range(2))
    lead |= {"entity": {"enum": ["lead"]}, "data": {"$ref": "#/components/schemas/LeadUpsert"}}
    company |= {
        "entity": {"enum": ["company"]},
        "data": {"$ref": "#/components/schemas/CompanyUpsert"},
    }
    required = schemas["BulkItem"]["required"]
    schemas["BulkItem"] = {
        "oneOf": [
            {"type": "object", "required": required, "properties": properties}
            for properties in (lead, company)
        ]
    }
    paths = description["paths"]
    erase = paths["/v2/gdpr_deletion_requests"]["post"]["requestBody"]["content"]
    erase["application/json"]["schema"]["properties"]["emails"]["items"] = email
    past = {"type": "string", "pattern": "^20[012][0-6]-0[1-9]-1[0-9]$"}
    for parameter in paths["/v2/leads"]["get"]["parameters"]:
        if parameter["name"] != "email":
            parameter["schema"] = past
    # Cursors are no free text: only the API hands them out.
    paths["/v2/leads"]["get"]["parameters"] = [
        parameter
        for parameter in paths["/v2/leads"]["get"]["parameters"]
        if parameter["name"] not in {"after", "before"}
    ]
    return description


# Nothing says that a parameter nobody knows is refused, so none is asked with.
described = schemathesis.openapi.from_path(
    DESCRIPTION,
    config=SchemathesisConfig.from_dict({"generation": {"allow-extra-parameters": False}}),
)
described.app = create_app(account())

narrowed = schemathesis.openapi.from_dict(
    acceptable(), config=SchemathesisConfig.from_dict({"generation": {"mode": "positive"}})
)
narrowed.app = create_app(account())

few = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@described.parametrize()
@few
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    case: schemathesis.Case[Any],
) -> None:
    # The lead with the id "fields" is where the field definitions are.
    assume(case.path != "/v2/leads/{id}" or case.path_parameters.get("id") != "fields")
    case.call_and_validate(headers=HEADERS, excluded_checks=[positive_data_acceptance])


@narrowed.parametrize()
@few
def test_what_the_description_allows_is_accepted(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=HEADERS)


@pytest.mark.parametrize("more", [False, True])
def test_records_and_jobs_that_are_there_look_as_described(more: bool) -> None:
    """Generated ids find nothing, so these are asked for by name."""
    limits = Limits(None, None, None, None)
    clock = Clock()
    own = Account(
        EmulatorSettings(limits=limits, job_base_seconds=3, extra_response_fields=more),
        clock=clock,
    )
    schema = schemathesis.openapi.from_path(DESCRIPTION)
    schema.app = create_app(own)

    def ask(method: str, path: str, **parts: Any) -> Any:
        case = schema[path][method].Case(**parts)
        return case.call_and_validate(headers=HEADERS, checks=SHAPE).json()

    items = [lead("a@x.io", source="x"), lead("nobody"), lead("b@x.io")]
    job = ask("POST", "/v2/bulk", body={"items": items}, media_type="application/json")["job"]
    seen = []
    for _ in range(3):
        polled = ask("GET", "/v2/bulk/{id}", path_parameters={"id": job["id"]})["job"]
        seen.append((polled["status"], len(polled["result"])))
        clock.pass_(1.6)
    assert seen == [("processing", 0), ("processing", 0), ("completed", 3)]
    clock.pass_(3_600)
    listed = ask("GET", "/v2/leads")["data"]
    assert [one["email"] for one in listed] == ["b@x.io", "a@x.io"]
    one = ask("GET", "/v2/leads/{id}", path_parameters={"id": listed[1]["id"]})["data"]
    assert one == listed[1]
