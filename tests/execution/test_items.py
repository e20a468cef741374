"""Staged rows as items of a bulk body."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.items import ItemWriter, bulk_body
from qsync.execution.ports import Reject, StagedRow
from qsync.fields.model import FieldType
from qsync.planning.compiled import CompiledStream
from qsync.project.model import COMPANY_NAME, ObjectType, OnNull
from tests.support.fake_stage import field_of, stream_of

LEADS = stream_of(
    field_of("employees", FieldType.DECIMAL),
    field_of("is_customer", FieldType.BOOLEAN),
    field_of("job_title", on_null=OnNull.CLEAR),
    field_of("phone", FieldType.PHONE),
    field_of("regions", FieldType.TEXT_ARRAY),
)
FULL = ("12.50", "true", "CTO", "123", '["EU","US"]')


def items_of(stream: CompiledStream, *rows: StagedRow) -> list[dict[str, object]]:
    written = ItemWriter(stream, "r1").write(rows)
    assert not written.invalid_late
    items: list[dict[str, object]] = orjson.loads(bulk_body(written.items))["items"]
    return items


def test_an_item_is_what_the_api_asks_for_with_numbers_digit_by_digit() -> None:
    written = ItemWriter(LEADS, "r1").write([StagedRow(7, "a@example.com", FULL)])
    assert bulk_body(written.items) == (
        b'{"items":[{"entity":"lead","action":"POST","data":{"email":"a@example.com","fields":'
        b'{"employees":12.50,"is_customer":true,"job_title":"CTO","phone":"123",'
        b'"regions":["EU","US"]}},"request_id":"r1-7"}]}'
    )


def test_a_null_is_left_out_or_sent_as_its_field_says() -> None:
    (item,) = items_of(LEADS, StagedRow(1, "a@example.com", (None,) * 5))
    assert item["data"] == {"email": "a@example.com", "fields": {"job_title": None}}


def test_a_field_whose_rows_disagree_is_left_out_even_where_null_would_clear_it() -> None:
    row = StagedRow(1, "a@example.com", (None,) * 5, left_out=frozenset({2}))
    (item,) = items_of(LEADS, row)
    assert item["data"] == {"email": "a@example.com", "fields": {}}


def test_a_removed_record_that_is_cleared_sends_null_for_every_field() -> None:
    (item,) = items_of(LEADS, StagedRow(1, "a@example.com", (None,) * 5, clearing=True))
    assert item["data"] == {
        "email": "a@example.com",
        "fields": dict.fromkeys(["employees", "is_customer", "job_title", "phone", "regions"]),
    }


@pytest.mark.parametrize(
    ("on_null", "text", "clearing", "data"),
    [
        (OnNull.KEEP, "Acme", False, {"domain": "acme.com", "name": "Acme", "fields": {}}),
        (OnNull.KEEP, None, False, {"domain": "acme.com", "fields": {}}),
        (OnNull.CLEAR, None, False, {"domain": "acme.com", "name": None, "fields": {}}),
        (OnNull.KEEP, None, True, {"domain": "acme.com", "name": None, "fields": {}}),
    ],
)
def test_a_companys_name_stands_beside_its_fields(
    on_null: OnNull, text: str | None, clearing: bool, data: object
) -> None:
    stream = stream_of(field_of(COMPANY_NAME, on_null=on_null), object_type=ObjectType.COMPANY)
    (item,) = items_of(stream, StagedRow(1, "acme.com", (text,), clearing))
    assert (item["entity"], item["data"]) == ("company", data)


@pytest.mark.proves(fault="bad input", promise="every row accounted for")
def test_a_row_that_cannot_be_written_is_invalid_late_and_the_others_go() -> None:
    written = ItemWriter(LEADS, "r1").write(
        [
            StagedRow(1, "a@example.com", ("NaN", *FULL[1:])),
            StagedRow(2, "b@example.com", FULL),
            StagedRow(3, "c@example.com", (*FULL[:2], "half \ud800", *FULL[3:])),
            StagedRow(4, "d\udfff@example.com", FULL),
        ]
    )
    assert [item.row.number for item in written.items] == [2]
    assert written.invalid_late == (
        Reject(1, "not_a_number:employees", "employees"),
        Reject(3, "not_unicode:job_title", "job_title"),
        Reject(4, "not_unicode:email", "email"),
    )


TEXTS = st.none() | st.text(max_size=8)


@pytest.mark.proves(fault="bad input", promise="every row accounted for")
@given(st.lists(st.tuples(st.text(min_size=1), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), max_size=8))
def test_every_row_is_either_an_item_or_invalid_late_and_values_arrive_as_they_were(
    texts: list[tuple[str, str | None, str | None, str | None, str | None, str | None]],
) -> None:
    rows = [StagedRow(n, row[0], row[1:]) for n, row in enumerate(texts, start=1)]
    written = ItemWriter(LEADS, "r1").write(rows)
    numbers = [item.row.number for item in written.items]
    numbers += [reject.number for reject in written.invalid_late]
    assert sorted(numbers) == [row.number for row in rows]
    if written.items:
        sent = orjson.loads(bulk_body(written.items))["items"]
        for item, body in zip(written.items, sent, strict=True):
            assert body["request_id"] == f"r1-{item.row.number}"
            assert body["data"]["email"] == item.row.key
            assert body["data"]["fields"].get("phone") == item.row.values[3]
