"""Faults on request: which requests they meet, and what happens then."""

from __future__ import annotations

from typing import Any

import pytest

from qsync.emulator import Fault, JobFault
from qsync.emulator.faults import fault_from_mapping
from qsync.errors import UserError
from tests.emulator.kit import Desk, lead


def statuses(desk: Desk, count: int, path: str = "/v2/leads/fields") -> list[int]:
    return [desk.get(path).status for _ in range(count)]


def troubled(*faults: Fault, **settings: Any) -> Desk:
    desk = Desk(**settings)
    desk.account.set_faults(faults)
    return desk


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=503), [503, 503, 503, 503]),
        (Fault(status=503, nth=2), [200, 503, 200, 200]),
        (Fault(status=503, times=2), [503, 503, 200, 200]),
        (Fault(status=503, every=2), [200, 503, 200, 503]),
        (Fault(status=503, every=2, times=1), [200, 503, 200, 200]),
        (Fault(status=503, probability=0.0), [200, 200, 200, 200]),
        (Fault(status=503, kind="poll"), [200, 200, 200, 200]),
        (Fault(status=503, kind="fields"), [503, 503, 503, 503]),
        (Fault(status=503, method="POST"), [200, 200, 200, 200]),
        (Fault(status=503, path="/v2/*/fields", method="GET"), [503, 503, 503, 503]),
        (Fault(status=503, path="/v2/bulk*"), [200, 200, 200, 200]),
    ],
)
def test_a_fault_meets_the_requests_it_names(fault: Fault, expected: list[int]) -> None:
    assert statuses(troubled(fault), 4) == expected


def test_only_matching_requests_are_counted() -> None:
    desk = troubled(Fault(kind="submit", nth=2, status=500))
    desk.submit(lead())
    statuses(desk, 3)
    assert desk.post("/v2/bulk", {"items": [lead()]}).status == 500


def test_the_first_fault_that_fires_wins_and_the_others_still_count() -> None:
    desk = troubled(Fault(status=500, nth=1), Fault(status=503, nth=2))
    assert statuses(desk, 3) == [500, 503, 200]
    assert [fired for _, fired in desk.account.faults()] == [1, 1]
    assert desk.account.faults_fired() == 2


def test_chance_follows_the_seed() -> None:
    def run(seed: int) -> list[int]:
        desk = Desk(seed=seed)
        desk.account.add_fault(Fault(status=503, probability=0.5))
        return statuses(desk, 40)

    assert run(1) == run(1) != run(2)
    assert 5 < run(1).count(503) < 35


def test_faults_end_when_they_are_taken_away() -> None:
    desk = troubled(Fault(status=503))
    statuses(desk, 1)
    desk.account.set_faults([])
    assert statuses(desk, 1) == [200]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_carries_nothing_out_unless_it_says_so(status: int) -> None:
    for processed in (False, True):
        desk = troubled(Fault(kind="submit", status=status, processed=processed))
        reply = desk.post("/v2/bulk", {"items": [lead()]})
        assert (reply.status, set(reply.json)) == (status, {"error"})
        assert len(desk.account.jobs()) == processed
        assert desk.account.requests()[0].items == processed


@pytest.mark.parametrize("retry_after", [7, "Fri, 15 Jan 2027 08:01:00 GMT"])
def test_a_fault_may_say_when_to_come_back(retry_after: int | str) -> None:
    reply = troubled(Fault(status=429, retry_after=retry_after)).get("/v2/leads/fields")
    assert (reply.json["code"], reply.headers["retry-after"]) == ("rate_limited", str(retry_after))
    assert "ratelimit-limit" in reply.headers


def test_a_429_without_retry_after_looks_like_the_one_for_requests_in_flight() -> None:
    reply = troubled(Fault(status=429)).get("/v2/leads/fields")
    assert (reply.json["code"], set(reply.headers)) == ("rate_limited", {"content-type"})


@pytest.mark.parametrize(("status", "code"), [(401, "invalid_token"), (403, "insufficient_scope")])
def test_a_fault_has_the_body_shape_of_its_status(status: int, code: str) -> None:
    assert troubled(Fault(status=status)).get("/v2/leads/fields").json["code"] == code


def test_a_proxy_in_between_answers_with_html() -> None:
    reply = troubled(Fault(html=True)).get("/v2/leads/fields")
    assert (reply.status, reply.headers) == (502, {"content-type": "text/html"})
    assert reply.response.body.startswith(b"<html>")
    assert troubled(Fault(html=True, status=200)).get("/v2/leads/fields").status == 200


def test_a_redirect_names_another_place() -> None:
    reply = troubled(Fault(location="https://elsewhere.example/")).get("/v2/leads/fields")
    assert (reply.status, reply.headers["location"]) == (307, "https://elsewhere.example/")


@pytest.mark.parametrize(
    ("fault", "cut", "jobs", "logged"),
    [
        (Fault(cut="before"), "before", 0, 0),
        (Fault(reset=True), "before", 0, 0),
        (Fault(cut="after"), "after", 1, 202),
        (Fault(cut="truncated"), "truncated", 1, 202),
    ],
)
def test_a_broken_connection_may_hide_that_a_job_exists(
    fault: Fault, cut: str, jobs: int, logged: int
) -> None:
    desk = troubled(fault)
    reply = desk.post("/v2/bulk", {"items": [lead()]})
    assert reply.response.cut == cut
    assert len(desk.account.jobs()) == jobs
    assert (desk.account.requests()[0].status, desk.account.requests()[0].cut) == (logged, cut)


def test_a_delay_adds_to_the_latency_and_holds_a_place_in_flight() -> None:
    desk = troubled(Fault(delay=5, times=10), latency=1.0)
    assert [desk.get("/v2/leads/fields").response.delay for _ in range(10)] == [6.0] * 10
    desk.clock.pass_(5)
    assert desk.get("/v2/leads/fields").status == 429
    desk.clock.pass_(1)
    assert desk.get("/v2/leads/fields").status == 200


def test_faults_do_not_hide_bad_authentication_or_limits() -> None:
    desk = troubled(Fault(status=503))
    assert desk.ask("GET", "/v2/leads/fields", authorization=None).status == 401
    assert desk.account.faults_fired() == 0


def job_with(fault: JobFault, count: int = 4, wait: float = 1.0) -> Any:
    desk = troubled(Fault(job=fault))
    job_id = desk.submit(*(lead(f"{n}@x.io", f"r{n}") for n in range(count)))
    desk.clock.pass_(wait)
    return desk.job(job_id)


def ids(job: Any) -> list[str]:
    return [result["requestId"] for result in job["result"]]


def test_a_job_may_fail_midway_with_results_for_what_it_did() -> None:
    job = job_with(JobFault(stops_after=2, ending="failed"))
    assert (job["status"], job["processedRecords"], ids(job)) == ("failed", 2, ["r0", "r1"])


def test_a_job_may_be_stuck_for_ever() -> None:
    job = job_with(JobFault(stops_after=1, ending="stuck"), wait=1_000_000)
    assert (job["status"], job["processedRecords"], ids(job)) == ("processing", 1, [])


def test_a_job_may_be_late_and_slow() -> None:
    fault = JobFault(late=10, lasts=20)
    assert job_with(fault, wait=9)["status"] == "enqueued"
    assert job_with(fault, wait=29)["status"] == "processing"
    assert job_with(fault, wait=30)["status"] == "completed"


def test_items_may_fail_by_number_or_every_so_often() -> None:
    job = job_with(JobFault(failing=(0, 99), failing_every=3, error="no luck"))
    failed = {result["requestId"]: result["errors"] for result in job["result"] if result["errors"]}
    assert failed == {"r0": ["no luck"], "r2": ["no luck"]}
    assert (job["status"], job["failedRecords"]) == ("completed", 2)


def test_results_may_be_missing_twice_or_foreign() -> None:
    job = job_with(JobFault(missing=(0,), duplicated=(2,), foreign=1))
    assert ids(job)[:-1] == ["r1", "r2", "r2", "r3"]
    assert ids(job)[-1].startswith("foreign-")
    assert job["processedRecords"] == 4


@pytest.mark.parametrize(("polls", "expected"), [(0, [404, 404]), (1, [200, 404])])
def test_a_job_may_be_lost_while_its_writes_stay(polls: int, expected: list[int]) -> None:
    desk = troubled(Fault(job=JobFault(lost_after_polls=polls)))
    job_id = desk.submit(lead())
    desk.clock.pass_(1)
    assert statuses(desk, 2, f"/v2/bulk/{job_id}") == expected
    assert len(desk.account.leads()) == 1


def test_a_fault_can_be_written_as_json() -> None:
    data = {"kind": "submit", "nth": 1, "job": {"failing": [1], "ending": "failed"}}
    job = JobFault(failing=(1,), ending="failed")
    assert fault_from_mapping(data) == Fault(kind="submit", nth=1, job=job)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "must be a mapping"),
        ({}, "must do something"),
        ({"kind": "submit"}, "must do something"),
        ({"stat": 500}, "unknown key stat"),
        ({"status": 99}, "status of fault must be a whole number from 200 to 599"),
        ({"status": True}, "status of fault must be a whole number"),
        ({"status": 500, "nth": 0}, "nth of fault must be"),
        ({"status": 500, "kind": "polls"}, "kind of fault must be one of"),
        ({"status": 500, "probability": 2}, "probability of fault must be a number from 0 to 1"),
        ({"status": 429, "retry_after": -1}, "seconds or an HTTP date"),
        ({"html": 1}, "html of fault must be true or false"),
        ({"cut": "middle"}, "cut of fault must be one of before, after, truncated"),
        ({"job": {"ending": "happy"}}, "ending of job of fault must be one of"),
        ({"job": {"failing": [-1]}}, "failing of job of fault must be a list, each entry"),
        ({"job": {"lasts": float("inf")}}, "lasts of job of fault must be a number"),
        ({"kind": "poll", "job": {"late": 1}}, "its kind must be submit"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_what_is_wrong(data: object, said: str) -> None:
    with pytest.raises(UserError) as caught:
        fault_from_mapping(data)
    assert said in caught.value.message


def test_a_misspelt_key_comes_with_the_right_one() -> None:
    with pytest.raises(UserError) as caught:
        fault_from_mapping({"statuss": 500})
    assert caught.value.hint == "Did you mean status?"


def test_faults_made_in_code_are_checked_too() -> None:
    with pytest.raises(UserError):
        JobFault(ending="happy")
    with pytest.raises(UserError):
        Fault(kind="polls", status=500)  # type: ignore[arg-type]
