"""Authentication, scopes and limits: who gets in."""

from __future__ import annotations

import pytest

from qsync.emulator import DEFAULT_KEY, ApiKey, Limits
from tests.emulator.kit import START, Desk, lead


def with_scopes(*scopes: str) -> Desk:
    return Desk(keys={DEFAULT_KEY: ApiKey(frozenset(scopes))})


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {DEFAULT_KEY}", f"Bearer  {DEFAULT_KEY}"],
)
def test_without_the_key_exactly_as_it_is_every_call_is_401(authorization: str | None) -> None:
    reply = Desk().ask("GET", "/v2/leads/fields", authorization=authorization)
    assert (reply.status, reply.json["code"]) == (401, "invalid_token")


def test_a_team_without_the_api_gets_401_with_the_same_code_and_another_message() -> None:
    off = Desk(keys={DEFAULT_KEY: ApiKey(api_enabled=False)}).get("/v2/leads/fields")
    wrong = Desk().ask("GET", "/v2/leads/fields", authorization="Bearer wrong")
    assert off.status == 401
    assert off.json["code"] == wrong.json["code"] == "invalid_token"
    assert off.json["message"] != wrong.json["message"]


def test_requests_that_are_not_authenticated_spend_no_quota() -> None:
    desk = Desk(limits=Limits(per_15m=1))
    assert desk.ask("GET", "/v2/leads/fields", authorization="Bearer wrong").status == 401
    assert desk.get("/v2/leads/fields").status == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v2/leads", "lead:view"),
        ("GET", "/v2/leads/x", "lead:view"),
        ("POST", "/v2/leads", "lead:manage"),
        ("POST", "/v2/companies", "company:manage"),
        ("POST", "/v2/bulk", "bulk_job:manage"),
        ("GET", "/v2/bulk/x", "bulk_job:view"),
        ("POST", "/v2/gdpr_deletion_requests", "gdpr:manage"),
    ],
)
def test_each_endpoint_takes_its_scope(method: str, path: str, scope: str) -> None:
    without = with_scopes().ask(method, path, {})
    assert (without.status, without.json["code"]) == (403, "insufficient_scope")
    assert with_scopes(scope).ask(method, path, {}).status != 403


@pytest.mark.parametrize("path", ["/v2/leads/fields", "/v2/companies/fields"])
def test_field_definitions_need_no_scope(path: str) -> None:
    assert with_scopes().get(path).status == 200


def test_managing_bulk_jobs_includes_viewing_them() -> None:
    """The probe of API.md: 404 with the scope, 403 without."""
    assert with_scopes("bulk_job:manage").get("/v2/bulk/none").status == 404
    assert with_scopes("lead:manage").get("/v2/bulk/none").status == 403


def test_bulk_needs_the_scopes_of_what_it_writes_only_if_so_set() -> None:
    keys = {DEFAULT_KEY: ApiKey(frozenset({"bulk_job:manage", "company:manage"}))}
    body = {"items": [lead()]}
    assert Desk(keys=keys).post("/v2/bulk", body).status == 202
    strict = Desk(keys=keys, bulk_needs_entity_scopes=True).post("/v2/bulk", body)
    assert (strict.status, strict.json["code"]) == (403, "insufficient_scope")
    assert "lead:manage" in strict.json["message"]


def test_a_path_that_is_not_there_is_404_with_a_message() -> None:
    reply = Desk().get("/v2/nothing")
    assert (reply.status, set(reply.json)) == (404, {"message"})


def test_a_method_that_a_path_lacks_is_405_and_says_which_it_has() -> None:
    reply = Desk().ask("DELETE", "/v2/leads")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")
    assert Desk().ask("POST", "/v2/bulk/x").headers["allow"] == "GET"


def test_answers_describe_the_15_minute_window() -> None:
    desk = Desk(limits=Limits(per_15m=5))
    desk.get("/v2/leads/fields")
    desk.clock.pass_(10)
    headers = desk.get("/v2/leads/fields").headers
    assert headers["ratelimit-limit"] == "5"
    assert headers["ratelimit-remaining"] == "3"
    assert headers["ratelimit-reset"] == str(int(START) + 900)


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(per_15m=2), 900),
        (Limits(per_hour=2), 3_600),
        (Limits(per_day=2), 86_400),
    ],
)
def test_a_full_window_is_429_with_the_seconds_to_wait(limits: Limits, seconds: int) -> None:
    desk = Desk(limits=limits)
    for _ in range(2):
        desk.get("/v2/leads/fields")
    refused = desk.get("/v2/leads/fields")
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == str(seconds)
    desk.clock.pass_(seconds - 1)
    assert desk.get("/v2/leads/fields").status == 429
    desk.clock.pass_(1)
    assert desk.get("/v2/leads/fields").status == 200


def test_a_fixed_window_frees_everything_at_a_round_time() -> None:
    desk = Desk(limits=Limits(per_15m=2, window="fixed"))
    desk.clock.pass_(890)
    assert [desk.get("/v2/leads/fields").status for _ in range(3)] == [200, 200, 429]
    desk.clock.pass_(10)
    assert [desk.get("/v2/leads/fields").status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(("counted", "status"), [(False, 200), (True, 429)])
def test_whether_refused_requests_count_is_a_setting(counted: bool, status: int) -> None:
    desk = Desk(limits=Limits(per_15m=1, count_refused=counted))
    desk.get("/v2/leads/fields")
    desk.clock.pass_(899)
    assert desk.get("/v2/leads/fields").status == 429
    desk.clock.pass_(1)
    assert desk.get("/v2/leads/fields").status == status


def test_too_many_in_flight_is_429_that_says_nothing_about_when() -> None:
    desk = Desk(limits=Limits(in_flight=2), latency=1.0)
    assert [desk.get("/v2/leads/fields").status for _ in range(2)] == [200, 200]
    refused = desk.get("/v2/leads/fields")
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert set(refused.headers) == {"content-type"}
    desk.clock.pass_(1)
    assert desk.get("/v2/leads/fields").status == 200
    assert desk.account.most_in_flight() == 3


def test_without_limits_nothing_is_refused_and_no_header_is_sent() -> None:
    desk = Desk(limits=Limits(None, None, None, None), latency=1.0)
    replies = [desk.get("/v2/leads/fields") for _ in range(50)]
    assert {reply.status for reply in replies} == {200}
    assert "ratelimit-limit" not in replies[-1].headers


def test_limits_can_change_while_what_was_counted_stays() -> None:
    desk = Desk()
    desk.get("/v2/leads/fields")
    desk.account.configure(type(desk.account.settings)(limits=Limits(per_15m=1)))
    assert desk.get("/v2/leads/fields").status == 429


def test_a_body_beyond_the_bound_is_413_if_there_is_one() -> None:
    assert Desk().post("/v2/bulk", {"items": [lead()]}).status == 202
    assert Desk(max_body_bytes=10).post("/v2/bulk", {"items": [lead()]}).status == 413


def test_latency_and_its_jitter_are_drawn_from_the_seed() -> None:
    def delays(seed: int) -> list[float]:
        desk = Desk(seed=seed, latency=1.0, latency_jitter=0.5)
        return [desk.get("/v2/leads/fields").response.delay for _ in range(5)]

    assert delays(1) == delays(1) != delays(2)
    assert all(1.0 <= delay <= 1.5 for delay in delays(1))
