"""Bulk jobs: what is accepted, when it is carried out, what the results say."""

from __future__ import annotations

import pytest

from tests.emulator.kit import Desk, company, lead


def status_of(job: dict[str, object]) -> tuple[object, object, object]:
    return job["status"], job["processedRecords"], job["failedRecords"]


def test_a_job_is_accepted_and_then_carried_out_over_time() -> None:
    desk = Desk(job_wait_seconds=1, job_base_seconds=2)
    job_id = desk.submit(lead("a@x.io"), lead("b@x.io"))
    assert status_of(desk.job(job_id)) == ("enqueued", 0, 0)
    desk.clock.pass_(2)
    assert status_of(desk.job(job_id)) == ("processing", 1, 0)
    assert [one.email for one in desk.account.leads()] == ["a@x.io"]
    desk.clock.pass_(1)
    assert status_of(desk.job(job_id)) == ("completed", 2, 0)


def test_each_item_has_a_result_under_its_own_request_id() -> None:
    job = Desk().finished(lead("a@x.io", "one"), lead("nobody", "two"), company("x.io", "three"))
    results = {result["requestId"]: result for result in job["result"]}
    assert {key: result["status"] for key, result in results.items()} == {
        "one": "completed",
        "two": "failed",
        "three": "completed",
    }
    assert results["two"]["errors"]
    assert (job["status"], job["totalRecords"], job["failedRecords"]) == ("completed", 3, 1)


def test_results_say_whether_a_record_was_created_or_updated() -> None:
    job = Desk().finished(lead("a@x.io", "one"), lead(" A@X.io ", "two"))
    assert [result["operation"] for result in job["result"]] == ["create", "update"]


@pytest.mark.parametrize(("partial", "shown"), [(False, 0), (True, 1)])
def test_whether_an_unfinished_job_shows_results_is_a_setting(partial: bool, shown: int) -> None:
    desk = Desk(partial_results=partial, job_base_seconds=2)
    job_id = desk.submit(lead("a@x.io"), lead("b@x.io"))
    desk.clock.pass_(1)
    assert len(desk.job(job_id)["result"]) == shown


@pytest.mark.parametrize("items", [[], [lead()] * 501, {}, "x", None])
def test_a_batch_of_another_size_is_refused_whole(items: object) -> None:
    reply = Desk().post("/v2/bulk", {"items": items})
    assert reply.status == 422
    assert reply.json == {
        "code": "invalid_items",
        "message": "items must be an array with size 1..500",
    }


def test_500_items_are_accepted() -> None:
    assert Desk().post("/v2/bulk", {"items": [lead()] * 500}).status == 202


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_a_bad_request(body: bytes) -> None:
    reply = Desk().post("/v2/bulk", body)
    assert (reply.status, reply.json["code"]) == (400, "bad_request")


BAD_ITEMS = [
    pytest.param("text", id="no object"),
    pytest.param({**lead(), "request_id": 1}, id="request id of another type"),
    pytest.param({**lead(), "entity": ["lead"]}, id="entity of another type"),
    pytest.param({**lead(), "entity": "person"}, id="unknown entity"),
    pytest.param({**lead(), "action": "PUT"}, id="unknown action"),
    pytest.param({**lead(), "data": []}, id="data of another type"),
]


@pytest.mark.parametrize("bad", BAD_ITEMS)
def test_a_malformed_item_refuses_the_batch_or_fails_alone(bad: object) -> None:
    """Which of the two is not documented."""
    refused = Desk().post("/v2/bulk", {"items": [lead(), bad]})
    assert (refused.status, refused.json["code"]) == (422, "invalid_items")
    job = Desk(batch_refusal="never").finished(lead(), bad)
    assert [result["status"] for result in job["result"]] == ["completed", "failed"]


@pytest.mark.parametrize(
    ("policy", "status"), [("never", 202), ("malformed", 202), ("invalid", 422)]
)
def test_an_item_with_a_rejected_value_refuses_the_batch_only_if_so_set(
    policy: str, status: int
) -> None:
    body = {"items": [lead(), lead("nobody")]}
    assert Desk(batch_refusal=policy).post("/v2/bulk", body).status == status


@pytest.mark.parametrize("named", [False, True])
def test_a_refusal_names_the_item_only_if_so_set(named: bool) -> None:
    desk = Desk(batch_refusal_names_item=named)
    message = desk.post("/v2/bulk", {"items": [lead(), {}]}).json["message"]
    assert ("items[1]" in message) is named


def test_a_refused_batch_writes_nothing() -> None:
    desk = Desk()
    desk.post("/v2/bulk", {"items": [lead(), {}]})
    desk.clock.pass_(10)
    assert (desk.account.leads(), desk.account.jobs()) == ([], [])


def test_a_finished_job_is_gone_after_its_retention_and_an_unfinished_one_never() -> None:
    desk = Desk(job_concurrency=1)
    first = desk.submit(lead())
    desk.clock.pass_(1)
    assert desk.job(first)["status"] == "completed"
    desk.clock.pass_(86_399)
    assert desk.job(first)["status"] == "completed"
    desk.clock.pass_(1)
    gone = desk.get(f"/v2/bulk/{first}")
    assert (gone.status, gone.json["code"]) == (404, "not_found")
    paused = Desk(job_concurrency=0)
    waiting = paused.submit(lead())
    paused.clock.pass_(1_000_000)
    assert paused.job(waiting)["status"] == "enqueued"


def emails_written(desk: Desk) -> list[str]:
    desk.clock.pass_(100)
    return [one.email for one in desk.account.leads()]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("fifo", ["0@x.io", "1@x.io", "2@x.io"]), ("lifo", ["0@x.io", "2@x.io", "1@x.io"])],
)
def test_waiting_jobs_start_in_the_order_of_the_setting(order: str, expected: list[str]) -> None:
    desk = Desk(job_order=order, job_concurrency=1)
    for number in range(3):
        desk.submit(lead(f"{number}@x.io"))
        desk.get("/v2/leads/fields")
    assert emails_written(desk) == expected


def test_a_random_order_follows_the_seed() -> None:
    def order(seed: int) -> list[str]:
        desk = Desk(seed=seed, job_order="random", job_concurrency=1)
        for number in range(8):
            desk.submit(lead(f"{number}@x.io"))
        return emails_written(desk)

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


def test_an_old_job_that_waited_overwrites_newer_values() -> None:
    desk = Desk(job_order="lifo", job_concurrency=0)
    desk.submit(lead(job_title="old"))
    desk.submit(lead(job_title="new"))
    settings = desk.account.settings
    desk.clock.pass_(1)
    desk.account.configure(type(settings)(job_order="lifo", job_concurrency=1))
    desk.clock.pass_(10)
    assert desk.account.leads()[0].values == {"job_title": "old"}


def test_jobs_take_the_time_that_the_settings_say() -> None:
    desk = Desk(job_base_seconds=1, job_seconds_per_item=2)
    job_id = desk.submit(lead("a@x.io"), lead("b@x.io"))
    desk.clock.pass_(4.9)
    assert desk.job(job_id)["status"] == "processing"
    desk.clock.pass_(0.1)
    assert desk.job(job_id)["status"] == "completed"
    by_function = Desk(job_duration=lambda items, number: items * 10.0 + number)
    job_id = by_function.submit(lead())
    by_function.clock.pass_(9)
    assert by_function.job(job_id)["status"] == "processing"


def test_a_job_without_duration_is_complete_at_the_next_look() -> None:
    desk = Desk(job_base_seconds=0)
    assert desk.job(desk.submit(lead()))["status"] == "completed"


def test_two_accounts_never_share_an_id_whatever_the_seed() -> None:
    one, other = Desk(seed=1), Desk(seed=1)
    assert one.submit(lead()) != other.submit(lead())
    ids = [{field.id for field in desk.account.fields()} for desk in (one, other)]
    assert not ids[0] & ids[1]
    one.account.reset()
    assert not ids[0] & {field.id for field in one.account.fields()}


def test_items_are_counted_by_how_they_ended() -> None:
    desk = Desk()
    desk.finished(lead("a@x.io"), lead("nobody"), company())
    counts = desk.account.items()
    assert (counts.submitted, counts.completed, counts.failed) == (3, 2, 1)
