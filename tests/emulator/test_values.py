"""Which values an account accepts, and what it keeps."""

from __future__ import annotations

from typing import Any

import pytest

from qsync.emulator import EmulatedField
from tests.emulator.kit import Desk, company, lead


def outcome(desk: Desk, item: Any) -> str:
    return str(desk.finished(item)["result"][0]["status"])


def of_type(kind: str, **settings: Any) -> Desk:
    field = EmulatedField("f", "F", kind, (("a", "A"), ("b", "B")) if "pick" in kind else ())
    return Desk(fields={"lead": (field,), "company": ()}, **settings)


GOOD = [
    ("string", "x"),
    ("text", "x" * 100_000),
    ("name", "Ada"),
    ("company", "Acme"),
    ("phone", "no digits"),
    ("decimal", 1),
    ("decimal", 1.5),
    ("boolean", False),
    ("email", "ada@example.com"),
    ("picklist", "a"),
    ("multi_picklist", ["a", "b"]),
    ("text_array", ["anything", "at all"]),
    ("text_array", []),
]

BAD = [
    ("string", 1),
    ("text", ["x"]),
    ("name", {}),
    ("company", True),
    ("phone", 5550100),
    ("decimal", "12"),
    ("decimal", True),
    ("boolean", "true"),
    ("boolean", 1),
    ("email", "nobody"),
    ("email", "a b@example.com"),
    ("picklist", "A"),
    ("picklist", ["a"]),
    ("multi_picklist", ["a", "c"]),
    ("multi_picklist", "a"),
    ("text_array", [1]),
    ("text_array", "x"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_a_value_of_the_type_is_kept_as_it_is(kind: str, value: object) -> None:
    desk = of_type(kind)
    assert outcome(desk, lead(f=value)) == "completed"
    assert desk.account.leads()[0].values == {"f": value}


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_value_of_another_type_fails_its_item(kind: str, value: object) -> None:
    desk = of_type(kind)
    assert outcome(desk, lead(f=value)) == "failed"
    assert desk.account.leads() == []


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("decimal", "12.5", 12.5),
        ("boolean", "TRUE", True),
        ("boolean", 0, False),
        ("string", 12, "12"),
        ("text_array", "x", ["x"]),
    ],
)
def test_types_that_are_not_strict_convert_what_they_can(
    kind: str, value: object, kept: object
) -> None:
    desk = of_type(kind, strict_types=frozenset())
    assert outcome(desk, lead(f=value)) == "completed"
    assert desk.account.leads()[0].values == {"f": kept}


@pytest.mark.parametrize(("kind", "value"), [("decimal", "many"), ("boolean", 2), ("string", [])])
def test_types_that_are_not_strict_still_have_limits(kind: str, value: object) -> None:
    assert outcome(of_type(kind, strict_types=frozenset()), lead(f=value)) == "failed"


@pytest.mark.parametrize(("policy", "expected"), [("reject", "failed"), ("accept", "completed")])
def test_a_value_outside_the_options_fails_or_passes_by_setting(policy: str, expected: str) -> None:
    assert outcome(Desk(picklist_mismatch=policy), lead(seniority="boss")) == expected


@pytest.mark.parametrize(("policy", "expected"), [("reject", "failed"), ("ignore", "completed")])
def test_an_unknown_field_fails_or_is_ignored_by_setting(policy: str, expected: str) -> None:
    desk = Desk(unknown_field=policy)
    assert outcome(desk, lead(First_Name="Ada", job_title="x")) == expected
    assert [one.values for one in desk.account.leads()] == [{"job_title": "x"}] * (
        expected == "completed"
    )


@pytest.mark.parametrize(
    ("semantics", "expected", "kept"),
    [
        ("clear", "completed", {}),
        ("ignore", "completed", {"source": "x"}),
        ("reject", "failed", {"source": "x"}),
    ],
)
def test_null_clears_or_is_ignored_or_fails_by_setting(
    semantics: str, expected: str, kept: dict[str, object]
) -> None:
    desk = Desk(null_semantics=semantics)
    desk.finished(lead(source="x"))
    assert outcome(desk, lead(source=None)) == expected
    assert desk.account.leads()[0].values == kept


def test_only_the_fields_that_are_sent_are_written() -> None:
    desk = Desk()
    desk.finished(lead(first_name="Ada", source="x"))
    desk.finished(lead(source="y"))
    assert desk.account.leads()[0].values == {"first_name": "Ada", "source": "y"}


def test_leads_are_matched_by_email_in_any_capitals_and_trimmed() -> None:
    desk = Desk()
    desk.finished(lead("Ada@Example.com"), lead(" ada@example.COM"))
    assert [one.email for one in desk.account.leads()] == ["Ada@Example.com"]
    assert desk.account.lead(" ADA@example.com ") is not None


@pytest.mark.parametrize("email", [None, "", 7, "nobody", "a@b", "a@b@c.io", "a b@c.io", "a@c..io"])
def test_a_lead_needs_a_well_formed_email(email: object) -> None:
    assert outcome(Desk(), lead(email)) == "failed"


@pytest.mark.parametrize(
    "spelling",
    ["example.com", "EXAMPLE.com", "https://www.example.com/path?q#f", "example.com:443."],
)
def test_domains_are_normalized_unless_set_otherwise(spelling: str) -> None:
    desk = Desk()
    assert outcome(desk, company(spelling)) == "completed"
    assert [one.domain for one in desk.account.companies()] == ["example.com"]


def test_without_normalizing_each_spelling_is_a_company() -> None:
    desk = Desk(normalize_domain=False)
    desk.finished(company("example.com"), company("Example.com"), company("https://example.com"))
    assert [one.domain for one in desk.account.companies()] == ["example.com", "Example.com"]


@pytest.mark.parametrize("domain", [None, "", "localhost", 5, "a b.io", "a@"])
def test_a_company_needs_a_domain(domain: object) -> None:
    assert outcome(Desk(), company(domain)) == "failed"


def test_a_company_takes_only_company_fields() -> None:
    assert outcome(Desk(), company(industry="software")) == "completed"
    assert outcome(Desk(), company(first_name="Ada")) == "failed"
    assert outcome(Desk(), lead(industry="software")) == "failed"


def test_a_companys_name_is_written_kept_and_cleared() -> None:
    desk = Desk()

    def write(**data: object) -> str | None:
        desk.post("/v2/companies", {"domain": "example.com", **data})
        return desk.account.companies()[0].name

    assert [write(name="Acme"), write(), write(name=None)] == ["Acme", "Acme", None]


def test_a_phone_with_fewer_than_seven_digits_is_rejected() -> None:
    assert outcome(Desk(), lead(phone="+1 555-0100")) == "completed"
    assert outcome(Desk(), lead(phone="555 010")) == "failed"


def test_checks_of_ones_own_replace_the_one_for_phones() -> None:
    desk = Desk(checks={("lead", "source"): lambda value: "is odd" if value == "odd" else None})
    assert outcome(desk, lead(phone="1", source="even")) == "completed"
    assert desk.finished(lead(source="odd"))["result"][0]["errors"] == ['source is odd: "odd"']


@pytest.mark.parametrize("quoted", [True, False])
def test_errors_quote_the_value_by_setting(quoted: bool) -> None:
    job = Desk(quote_values=quoted).finished(lead(phone="123"))
    assert ("123" in job["result"][0]["errors"][0]) is quoted


def test_a_text_beyond_the_longest_allowed_is_rejected_if_there_is_one() -> None:
    assert outcome(Desk(max_lengths={"string": 3}), lead(source="long")) == "failed"
    assert outcome(Desk(max_lengths={"string": 4}), lead(source="long")) == "completed"
