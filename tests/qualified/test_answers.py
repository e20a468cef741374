"""Answers are read leniently and trusted with nothing."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.ports import ItemResult, JobView
from qsync.fields.model import FieldOption
from qsync.qualified.answers import (
    UnreadableError,
    error_code,
    is_json_object,
    read_fields,
    read_job,
)
from qsync.qualified.wire import Reply
from tests.qualified.kit import PERSON, job

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def reply(payload: object, status: int = 200) -> Reply:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Reply(status, {}, body)


def test_a_finished_job_is_read_with_the_result_of_each_item() -> None:
    results = [
        {"requestId": "1", "status": "completed", "operation": "create", "errors": []},
        {"requestId": "2", "status": "failed", "errors": ["Phone is invalid"], "new": {}},
    ]
    view = read_job(
        reply(job("j1", "completed", totalRecords=2, processedRecords=2, result=results, extra=1))
    )
    assert view == JobView(
        "j1",
        "completed",
        processed=2,
        total=2,
        results=(ItemResult("1", ok=True), ItemResult("2", ok=False, errors=("Phone is invalid",))),
    )


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"",
        b'{"job": {"id": "j1", "status": "comp',
        b"[]",
        b'"job"',
        b"{}",
        b'{"job": []}',
        b'{"job": {"status": "enqueued"}}',
        b'{"job": {"id": null}}',
        b'{"job": {"id": ""}}',
        b'{"job": {"id": true}}',
        b'{"job": {"id": "two words"}}',
        b"[" * 100_000,
    ],
)
def test_what_names_no_job_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_job(reply(body))


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
def test_an_answer_about_another_job_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="another job"):
        read_job(reply(job("j2")), expected_id="j1")


@pytest.mark.parametrize("status", [None, 7, "", "ada lovelace", PERSON, ["completed"]])
def test_a_status_that_is_no_word_is_unknown_and_unfinished(status: object) -> None:
    view = read_job(reply({"job": {"id": "j1", "status": status}}))
    assert (view.status, view.finished) == ("unknown", False)


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
def test_a_status_nobody_knows_yet_is_kept() -> None:
    view = read_job(reply(job(status="archived")))
    assert (view.status, view.finished) == ("archived", False)


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
@pytest.mark.parametrize(
    "result",
    [
        None,
        "completed",
        [],
        {},
        {"status": "completed"},
        {"requestId": 1, "status": "completed"},
        {"requestId": "1"},
        {"requestId": "1", "status": "skipped"},
        {"requestId": "1", "status": True},
    ],
)
def test_an_item_counts_only_with_its_own_request_id_and_a_known_status(result: object) -> None:
    view = read_job(reply(job(result=[result])))
    assert view.results == ()


@pytest.mark.parametrize(
    ("errors", "texts"),
    [
        (None, ()),
        ("is invalid", ("is invalid",)),
        (["a", "b"], ("a", "b")),
        ([{"message": "m"}, {"error": "e"}, {"code": "c"}], ("m", "e", "c")),
        ([7], ("an error nobody can read",)),
        (["half an emoji \ud83d"], ("half an emoji ?",)),
    ],
)
def test_error_texts_are_found_in_whatever_shape(errors: object, texts: tuple[str, ...]) -> None:
    view = read_job(reply(job(result=[{"requestId": "1", "status": "failed", "errors": errors}])))
    assert view.results == (ItemResult("1", ok=False, errors=texts),)


def test_a_wrong_byte_in_a_text_does_not_cost_the_other_results() -> None:
    body = json.dumps(
        job(
            result=[
                {"requestId": "1", "status": "failed", "errors": ["Caf@ is invalid"]},
                {"requestId": "2", "status": "completed"},
            ]
        )
    ).encode()
    view = read_job(reply(body.replace(b"@", b"\xe9")))
    assert [item.request_id for item in view.results] == ["1", "2"]


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
@pytest.mark.parametrize(("processed", "total"), [(0, 0), (1, 1), (900, 3), (3, 10**12)])
def test_counts_that_disagree_with_the_results_change_no_result(processed: int, total: int) -> None:
    results = [{"requestId": str(number), "status": "completed"} for number in range(3)]
    counts = {"processedRecords": processed, "totalRecords": total, "failedRecords": 3}
    view = read_job(reply(job("j1", "completed", result=results, **counts)))
    assert view.results == tuple(ItemResult(str(number), ok=True) for number in range(3))


def test_results_twice_or_of_nobodys_item_are_handed_on_as_they_came() -> None:
    results = [{"requestId": name, "status": "failed"} for name in ("1", "1", "stranger")]
    view = read_job(reply(job("j1", "completed", result=results)))
    assert [item.request_id for item in view.results] == ["1", "1", "stranger"]


def test_what_nobody_knows_yet_is_passed_over() -> None:
    results = [{"requestId": "1", "status": "completed", "warnings": [], "lead": {"email": PERSON}}]
    known = job("j1", "completed", totalRecords=1, processedRecords=1, result=results)
    known["job"] |= {"priority": {"deep": [1]}, "links": None}  # type: ignore[operator]
    view = read_job(reply({**known, "meta": {"job": "x"}, "error": None}))
    assert view == JobView("j1", "completed", 1, 1, (ItemResult("1", ok=True),))


@pytest.mark.parametrize("count", [None, "12", -1, True, 1.5])
def test_counts_that_are_none_are_zero(count: object) -> None:
    view = read_job(reply(job(processedRecords=count, totalRecords=count)))
    assert (view.processed, view.total) == (0, 0)


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="ends cleanly")
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_whatever_does_more_than_be_unreadable(body: bytes) -> None:
    for read in (read_job, read_fields):
        with contextlib.suppress(UnreadableError):
            read(reply(body))
    assert error_code(reply(body)) is None or is_json_object(reply(body))


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="ends cleanly")
@given(JSON)
def test_no_job_whatever_does_more_than_be_unreadable(value: object) -> None:
    inner = {"id": "j1", "status": value, "result": [value, {"requestId": "1", "status": value}]}
    view = read_job(reply({"job": {**inner, "processedRecords": value}}))
    assert view.id == "j1"
    json.dumps([view.status, [item.errors for item in view.results]]).encode()


def test_fields_are_sorted_and_read_with_ids_and_options() -> None:
    options = [{"value": "a", "label": "A"}, {"value": "b"}, "c", 7]
    found = read_fields(
        reply(
            {
                "data": [
                    {"id": "f2", "name": "tier", "label": "Tier", "type": "picklist"}
                    | {"options": options, "createdAt": "2026-01-01T00:00:00Z"},
                    {"id": 1, "name": "about", "type": "hologram"},
                    {"name": "about", "type": "string"},
                    {"label": "nameless"},
                    "what",
                ]
            }
        )
    )
    assert [(item.name, item.label, item.type, item.id) for item in found] == [
        ("about", "about", "hologram", "1"),
        ("tier", "Tier", "picklist", "f2"),
    ]
    assert found[1].options == (
        FieldOption("a", "A"),
        FieldOption("b", "b"),
        FieldOption("c", "c"),
    )


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
@pytest.mark.parametrize("body", [HTML, {}, {"data": {}}, {"data": None}, []])
def test_an_answer_without_definitions_is_no_empty_catalog(body: object) -> None:
    with pytest.raises(UnreadableError):
        read_fields(reply(body))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "Lead not found"}, None),
        ({"error": "x", "details": {"failed_field": "phone"}}, None),
        ({"code": "invalid_items", "message": f"{PERSON} is bad"}, "invalid_items"),
        ({"message": "Not found"}, None),
        ({"error": {"message": "Oh", "code": "boom"}}, "boom"),
        ({"code": f"bad {PERSON}"}, None),
        ({"code": PERSON}, None),
        ({"code": 17}, None),
        (HTML, None),
    ],
)
def test_a_code_is_taken_only_when_it_is_one_word(body: object, code: str | None) -> None:
    assert error_code(reply(body, 422)) == code
