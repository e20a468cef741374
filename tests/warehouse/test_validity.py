"""Which records are invalid, and for what reason, on every warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.free_mail import FREE_MAIL_DOMAINS
from qsync.project.model import ObjectType, OnNull
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

# fmt: off
NASTY = [
    "a", "a|b", "(x)", "[y]", "^z$", "back\\slash", 'say "hi"', "dot.", "plus+", "é", "a,b", "-",
    "{2}", "*", "?", "]", "\\", "\\d", "\\u001b", "\x1b", "tab\t", "two\nlines", "it's", "😀",
    '","', "%", "_",
]
# fmt: on


@pytest.mark.proves(fault="bad input", promise="every row accounted for")
def test_keys_are_invalid_by_reason_and_the_others_go(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text")
    desk.load(
        *([key] for key in (None, "", "  ", "broken", "jürgen@x.example")),
        *([key] for key in ("Two@x.example", " two@X.example", "good@x.example")),
    )
    people = stream()
    assert desk.plan(people).counts.invalid == {
        "null_key": 3,
        "duplicate_key": 2,
        "malformed_key": 1,
        "non_ascii_key": 1,
    }
    assert desk.keys(desk.run(people)) == ["good@x.example"]


def test_a_free_mail_domain_is_no_company_unless_allowed(connection: DirectConnection) -> None:
    desk = Desk(connection, "domain text")
    desk.load(["Gmail.com"], ["acme.example"])
    companies = stream(object=ObjectType.COMPANY)
    assert desk.plan(companies).counts.invalid == {"free_mail": 1}
    assert desk.plan(replace(companies, allow_free_mail=True)).counts.invalid == {}


def test_a_picklist_takes_its_options_letter_by_letter(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, v text")
    desk.load(*([f"p{n}@x.example", text] for n, text in enumerate([*NASTY, "A", "a ", ""])))
    people = stream(field("v", type=FieldType.PICKLIST, options=NASTY))
    counts = desk.plan(people).counts
    assert counts.invalid == {"not_an_option:v": 3}
    assert counts.added == len(NASTY)


def test_a_list_must_hold_options_only_whatever_they_are_made_of(
    connection: DirectConnection,
) -> None:
    kind = "varchar[]" if connection.dialect.name == "duckdb" else "text[]"
    desk = Desk(connection, f"email text, v {kind}")
    lists = [[option] for option in NASTY] + [NASTY, []]
    lists += [["a", "axb"], ["x"], ["A"], ["dotx"], ["\\u001B"], ["22"], [""]]
    desk.load(*([f"p{n}@x.example", entries] for n, entries in enumerate(lists)))
    people = stream(
        field("v", type=FieldType.MULTI_PICKLIST, kind=ColumnKind.TEXT_LIST, options=NASTY)
    )
    counts = desk.plan(people).counts
    assert counts.invalid == {"not_among_options:v": 7}
    assert counts.added == len(NASTY) + 2


def test_text_for_a_number_must_be_one_in_json_and_for_an_address_must_be_one(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, n text, e text")
    numbers = ["1,200", "1.5", "-3", "007", "1e3", "12 ", ".5", "", None, "0x1"]
    desk.load(*([f"p{n}@x.example", text, None] for n, text in enumerate(numbers)))
    people = stream(field("n", type=FieldType.DECIMAL), field("e", type=FieldType.EMAIL))
    assert desk.plan(people).counts.invalid == {"not_a_number:n": 4}
    addresses = ["Jo@Acme.Example", "jo", " jo@acme.example ", "", None]
    desk.load(*([f"p{n}@x.example", None, text] for n, text in enumerate(addresses)))
    assert desk.plan(people).counts.invalid == {"malformed_email:e": 1}


def test_a_record_has_one_reason_its_key_before_its_values(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, n text")
    desk.load(["broken", "x"], [None, "x"], ["a@x.example", "x"], ["A@x.example", "1"])
    people = stream(field("n", type=FieldType.DECIMAL))
    assert desk.plan(people).counts.invalid == {
        "duplicate_key": 2,
        "malformed_key": 1,
        "null_key": 1,
    }


def test_a_record_has_the_first_reason_in_the_order_of_its_fields(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, a text, b text")
    people = stream(
        field("a", type=FieldType.PICKLIST, options=["x"], on_null=OnNull.FAIL),
        field("b", type=FieldType.DECIMAL, on_null=OnNull.FAIL),
    )
    desk.load(
        ["1@x.example", None, None],
        ["2@x.example", "y", None],
        ["3@x.example", "x", " "],
        ["4@x.example", "x", "many"],
        ["5@x.example", "x", "1"],
    )
    assert desk.plan(people).counts.invalid == {
        "not_a_number:b": 1,
        "not_an_option:a": 1,
        "null_value:a": 1,
        "null_value:b": 1,
    }
    assert desk.keys(desk.run(people)) == ["5@x.example"]


def test_a_company_that_is_there_twice_is_told_before_its_domain_is_judged_free(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "domain text")
    desk.load(["gmail.com"], ["www.GMAIL.com/"], ["a..b"], ["a..b"], ["yahoo.com"])
    assert desk.plan(stream(object=ObjectType.COMPANY)).counts.invalid == {
        "duplicate_key": 2,
        "malformed_key": 2,
        "free_mail": 1,
    }


def test_every_free_mail_domain_is_one_however_it_is_written(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "domain text")
    desk.load(*([f"https://www.{domain.upper()}:443/x"] for domain in FREE_MAIL_DOMAINS))
    counts = desk.plan(stream(object=ObjectType.COMPANY)).counts
    assert counts.invalid == {"free_mail": len(FREE_MAIL_DOMAINS)}


def test_rows_that_disagree_about_a_field_are_no_null_of_it(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "domain text, v text")
    block = stream(field("v", on_null=OnNull.FAIL), object=ObjectType.COMPANY, grouped=True)
    desk.load(["a.example", "1"], ["a.example", "2"], ["b.example", None], [None, "1"])
    counts = desk.plan(block).counts
    assert counts.invalid == {"null_value:v": 1}
    assert (counts.in_model, counts.added, counts.conflicts) == (2, 1, {"v": 1})
