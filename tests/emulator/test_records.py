"""Field definitions, single writes, reading leads, and erasing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from qsync.emulator import DEFAULT_FIELDS, EmulatedField, Entity
from tests.emulator.kit import Desk, lead

HOLD = 1_800.0


def test_the_default_account_has_every_type_of_field() -> None:
    desk = Desk()
    shown = (
        desk.get("/v2/leads/fields").json["data"] + desk.get("/v2/companies/fields").json["data"]
    )
    assert {field["type"] for field in shown} == {
        "string", "text", "decimal", "boolean", "email", "phone",
        "name", "company", "picklist", "multi_picklist", "text_array",
    }  # fmt: skip
    assert [field["name"] for field in shown] == [
        field.name for fields in DEFAULT_FIELDS.values() for field in fields
    ]


@pytest.mark.parametrize("multi", [False, True])
def test_options_are_listed_for_picklists_and_for_multi_by_setting(multi: bool) -> None:
    data = Desk(list_multi_options=multi).get("/v2/leads/fields").json["data"]
    listed = {field["type"] for field in data if "options" in field}
    assert listed == {"picklist"} | ({"multi_picklist"} if multi else set())


def test_redefined_fields_keep_their_ids_and_new_ones_get_new_ids() -> None:
    desk = Desk()
    before = {field["name"]: field["id"] for field in desk.get("/v2/leads/fields").json["data"]}
    fields: Mapping[Entity, tuple[EmulatedField, ...]] = {
        "lead": (EmulatedField("source", "Origin", "text"), EmulatedField("x", "X", "text"))
    }
    desk.account.configure(replace(desk.account.settings, fields=fields))
    after = {field["name"]: field["id"] for field in desk.get("/v2/leads/fields").json["data"]}
    assert after["source"] == before["source"]
    assert after["x"] not in before.values()
    assert desk.get("/v2/companies/fields").json["data"] == []
    assert desk.post("/v2/leads", {"email": "a@x.io", "fields": {"x": "new"}}).status == 201


def test_a_lead_is_created_then_updated_and_shows_unset_fields_as_null() -> None:
    desk = Desk()
    created = desk.post("/v2/leads", {"email": "a@x.io", "fields": {"source": "x"}})
    desk.clock.pass_(60)
    updated = desk.post("/v2/leads", {"email": "A@x.io", "fields": {"seats_used": 3}})
    assert (created.status, updated.status) == (201, 200)
    assert created.json["id"] == updated.json["id"]
    shown = updated.json["fields"]
    assert (shown["source"], shown["seats_used"], shown["notes"]) == ("x", 3, None)
    assert updated.json["createdAt"] == "2027-01-15T08:00:00.000Z"
    assert updated.json["updatedAt"] == "2027-01-15T08:01:00.000Z"
    assert updated.json["visitorIds"] == []
    assert updated.json["salesforceLeadId"] is None


def test_a_company_is_created_then_updated() -> None:
    desk = Desk()
    body = {"domain": "x.io", "name": "X", "fields": {"employees": 5}}
    assert [desk.post("/v2/companies", body).status for _ in range(2)] == [201, 200]
    assert desk.post("/v2/companies", {"domain": "x.io"}).json["fields"]["employees"] == 5


@pytest.mark.parametrize(
    ("shape", "details"),
    [
        ("string", {"failed_field": "phone"}),
        ("list", {"failed_field": ["phone", "nope"]}),
        ("absent", {}),
    ],
)
def test_a_rejected_write_names_the_field_in_a_shape_that_is_a_setting(
    shape: str, details: dict[str, object]
) -> None:
    body = {"email": "a@x.io", "fields": {"phone": "1", "nope": 1}}
    reply = Desk(failed_field=shape).post("/v2/leads", body)
    assert (reply.status, set(reply.json)) == (422, {"error", "details"})
    assert reply.json["details"] == details


@pytest.mark.parametrize("path", ["/v2/leads", "/v2/companies"])
def test_single_writes_take_a_json_object(path: str) -> None:
    desk = Desk()
    assert (desk.post(path, b"[").status, set(desk.post(path, b"[").json)) == (400, {"error"})
    assert desk.post(path, {"fields": []}).status == 422


def test_one_lead_can_be_read_at_once_by_id() -> None:
    desk = Desk()
    created = desk.post("/v2/leads", {"email": "a@x.io"}).json
    assert desk.get(f"/v2/leads/{created['id']}").json == {"data": created}
    gone = desk.get("/v2/leads/none")
    assert (gone.status, set(gone.json)) == (404, {"error"})


def test_the_list_shows_a_lead_only_after_the_hold() -> None:
    desk = Desk()
    desk.post("/v2/leads", {"email": "a@x.io"})
    desk.clock.pass_(HOLD - 1)
    assert desk.get("/v2/leads").json["data"] == []
    desk.clock.pass_(1)
    assert [one["email"] for one in desk.get("/v2/leads").json["data"]] == ["a@x.io"]


def filled(count: int, **settings: Any) -> Desk:
    """An account with leads 0@x.io, 1@x.io, … created a minute apart and past the hold."""
    desk = Desk(**settings)
    for number in range(count):
        desk.post("/v2/leads", {"email": f"{number}@x.io"})
        desk.clock.pass_(60)
    desk.clock.pass_(HOLD)
    return desk


def listed(desk: Desk, **query: str) -> list[str]:
    reply = desk.get("/v2/leads", urlencode(query))
    assert reply.status == 200, reply.json
    return [one["email"].split("@")[0] for one in reply.json["data"]]


def test_pages_go_from_the_newest_to_the_oldest_and_back() -> None:
    desk = filled(5, page_size=2)
    seen, query, info = [], "", {}
    for _ in range(3):
        page = desk.get("/v2/leads", query).json
        seen.append([one["email"][0] for one in page["data"]])
        info = page["pageInfo"]
        query = urlencode({"after": info["endCursor"]})
    assert seen == [["4", "3"], ["2", "1"], ["0"]]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, True)
    back = desk.get("/v2/leads", urlencode({"before": info["startCursor"]})).json
    assert [one["email"][0] for one in back["data"]] == ["2", "1"]
    assert back["pageInfo"]["hasNextPage"]


def test_an_empty_list_has_no_cursors() -> None:
    assert Desk().get("/v2/leads").json == {
        "data": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


def test_the_email_filter_is_exact_in_any_capitals_and_trimmed() -> None:
    desk = filled(3)
    assert listed(desk, email=" 1@X.io ") == ["1"]
    assert listed(desk, email="9@x.io") == []


def test_filters_by_time_are_in_utc() -> None:
    desk = filled(3)
    assert listed(desk, created_after="2027-01-15T08:00:30Z") == ["2", "1"]
    assert listed(desk, created_before="2027-01-15T10:00:30+02:00") == ["0"]
    assert listed(desk, updated_after="2027-01-15T08:01:30") == ["2"]
    assert listed(desk, created_after="2027-01-15") == ["2", "1", "0"]
    assert listed(desk, updated_before="2027-01-15") == []


@pytest.mark.parametrize(
    "query",
    [
        {"created_after": "yesterday"},
        {"updated_before": ""},
        {"updated_after": "2027-01-15T09:00:00Z"},
        {"after": "nothing"},
        {"after": "x", "before": "y"},
    ],
)
def test_a_bound_inside_the_hold_or_a_bad_cursor_is_400(query: dict[str, str]) -> None:
    reply = filled(2).get("/v2/leads", urlencode(query))
    assert (reply.status, set(reply.json)) == (400, {"error"})


def test_a_cursor_whose_record_is_gone_is_400() -> None:
    desk = filled(3, page_size=2)
    cursor = desk.get("/v2/leads").json["pageInfo"]["endCursor"]
    desk.post("/v2/gdpr_deletion_requests", {"emails": ["1@x.io"]})
    assert desk.get("/v2/leads", urlencode({"after": cursor})).status == 400


def test_a_cursor_whose_record_left_the_filter_still_pages_on() -> None:
    desk = filled(4, page_size=2)
    bound = "2027-01-15T08:04:00Z"
    cursor = desk.get("/v2/leads", urlencode({"updated_before": bound})).json["pageInfo"][
        "endCursor"
    ]
    desk.post("/v2/leads", {"email": "2@x.io"})
    assert listed(desk, updated_before=bound, after=cursor) == ["1", "0"]


def test_erasing_removes_all_named_or_none() -> None:
    desk = Desk()
    desk.finished(lead("a@x.io"), lead("b@x.io"))
    refused = desk.post("/v2/gdpr_deletion_requests", {"emails": ["a@x.io", "nobody"]})
    assert (refused.status, len(desk.account.leads())) == (422, 2)
    accepted = desk.post("/v2/gdpr_deletion_requests", {"emails": [" A@x.io", "c@x.io"]})
    assert (accepted.status, set(accepted.json)) == (200, {"message"})
    assert [one.email for one in desk.account.leads()] == ["b@x.io"]


@pytest.mark.parametrize("emails", [None, "a@x.io", ["a@x.io"] * 5_001, [1]])
def test_a_deletion_request_takes_at_most_5000_addresses(emails: object) -> None:
    reply = Desk().post("/v2/gdpr_deletion_requests", {"emails": emails})
    assert (reply.status, set(reply.json)) == (422, {"code", "message"})


def test_new_response_fields_may_appear_if_so_set() -> None:
    desk = Desk(extra_response_fields=True)
    shown = desk.post("/v2/leads", {"email": "a@x.io"}).json
    assert set(shown) - set(Desk().post("/v2/leads", {"email": "a@x.io"}).json)
    assert len(desk.job(desk.submit(lead()))) == 9


def test_the_log_keeps_bodies_only_if_so_set() -> None:
    for keep, body in ((False, None), (True, b'{"email":"a@x.io"}')):
        desk = Desk(keep_bodies=keep)
        desk.post("/v2/leads", {"email": "a@x.io"})
        line = desk.account.requests()[0]
        assert (line.method, line.path, line.status, line.body) == ("POST", "/v2/leads", 201, body)


def test_it_forgets_what_it_has_checked_if_so_set() -> None:
    desk = Desk(keep_records=False)
    job_id = desk.submit(lead(), lead("no address", "r2"))
    desk.clock.pass_(1)
    result = desk.job(job_id)["result"]
    assert [(item["requestId"], item["status"]) for item in result] == [
        ("r1", "completed"),
        ("r2", "failed"),
    ]
    assert desk.account.leads() == desk.account.jobs() == []
    assert desk.get(f"/v2/bulk/{job_id}").status == 404


def test_the_log_counts_items_and_forgets_the_oldest() -> None:
    desk = Desk(log_size=2)
    desk.get("/v2/leads/fields")
    desk.submit(lead(), lead())
    desk.get("/v2/nothing")
    assert [(line.status, line.items) for line in desk.account.requests()] == [(202, 2), (404, 0)]
    assert desk.account.requests_by_kind() == {"fields": 1, "submit": 1, "unknown": 1}
    assert desk.account.requests_by_status() == {200: 1, 202: 1, 404: 1}
