"""Which records are invalid, and for what reason, on every warehouse."""

from __future__ import annotations

from dataclasses import replace

from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.project.model import ObjectType
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

NASTY = ["a", "a|b", "(x)", "[y]", "^z$", "back\\slash", 'say "hi"', "dot.", "plus+", "é"]


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
    desk.load(
        *([f"p{n}@x.example", text] for n, text in enumerate([*NASTY, "it's", "A", "a ", ""]))
    )
    people = stream(field("v", type=FieldType.PICKLIST, options=[*NASTY, "it's"]))
    counts = desk.plan(people).counts
    assert counts.invalid == {"not_an_option:v": 3}
    assert counts.added == len(NASTY) + 1


def test_a_list_must_hold_options_only_whatever_they_are_made_of(
    connection: DirectConnection,
) -> None:
    kind = "varchar[]" if connection.dialect.name == "duckdb" else "text[]"
    desk = Desk(connection, f"email text, v {kind}")
    lists = [[option] for option in NASTY] + [NASTY, [], ["a", "axb"], ["x"], ["A"], ["dotx"]]
    desk.load(*([f"p{n}@x.example", entries] for n, entries in enumerate(lists)))
    people = stream(
        field("v", type=FieldType.MULTI_PICKLIST, kind=ColumnKind.TEXT_LIST, options=NASTY)
    )
    counts = desk.plan(people).counts
    assert counts.invalid == {"not_among_options:v": 4}
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
