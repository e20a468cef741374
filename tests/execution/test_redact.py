"""What is left of an error text, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from qsync.execution.ports import StagedRow
from qsync.execution.redact import LONGEST_REASON, NO_REASON, Redactor
from qsync.fields.model import FieldType
from qsync.project.model import COMPANY_NAME, ObjectType
from tests.support.fake_stage import field_of, stream_of

LEADS = Redactor(
    stream_of(
        field_of("first_name"),
        field_of("is_customer", FieldType.BOOLEAN),
        field_of("job_title"),
        field_of("phone", FieldType.PHONE),
        field_of("regions", FieldType.TEXT_ARRAY),
    )
)
COMPANIES = Redactor(stream_of(field_of(COMPANY_NAME), object_type=ObjectType.COMPANY))
ROW = StagedRow(1, "jane.doe@acme.com", ("Jane", "true", "Head of Ops", "555 01", '["Bavaria"]'))
KEPT = ["first_name", "is_customer", "job_title", "phone", "regions", "email", "name"]
KEPT += [name.replace("_", " ") for name in KEPT] + ["true or false"]


@pytest.mark.parametrize(
    ("error", "reason", "field"),
    [
        ('phone is invalid: "555 01"', "phone is invalid: …", "phone"),
        ("phone 555 01 is invalid", "phone … is invalid", "phone"),
        ("PHONE can't be blank", "PHONE can't be blank", "phone"),
        ("First name is too long", "First name is too long", "first_name"),
        ('"job_title" is too long (maximum is 255)', '"job_title" is too long (maximum is 255)',
         "job_title"),
        ("fields.phone: 'O'Brien' is not one", "fields.phone: … is not one", "phone"),
        ("head of ops is no job_title", "… is no job_title", "job_title"),
        ("is_customer must be true or false", "is_customer must be true or false", "is_customer"),
        ("is_customer: true is not", "is_customer: … is not", "is_customer"),
        ("email jane.doe@acme.com: phone is bad", "email …: phone is bad", "email"),
        ("Lead with email x@y.org has a bad phone", "Lead with email … has a bad phone", "phone"),
        ("region Bavaria is unknown", "region … is unknown", None),
        ("taken by https://acme.com/x?y=1 already", "taken by … already", None),
        ("same as lead of beta.example.org", "same as lead of …", None),
        ("conflicts with 4f1c2a9b-77aa-4b1e-9d00-aa17c2b8e0f3", "conflicts with …", None),
        ("call +1 (555) 123-4567 first", "call … first", None),
        ('value "Jane D', "value …", None),
        ("bad\x1b[31m\ninput", "bad [31m input", None),
    ],
)  # fmt: skip
def test_a_reason_keeps_the_sentence_and_the_field_and_loses_what_is_personal(
    error: str, reason: str, field: str | None
) -> None:
    assert LEADS.reason([error], ROW) == (reason, field)


def test_a_companys_name_is_the_field_the_sync_maps_as_company_name() -> None:
    row = StagedRow(1, "acme.com", ("Acme Inc",))
    assert COMPANIES.reason(["name Acme Inc is taken"], row) == ("name … is taken", COMPANY_NAME)


def test_a_value_is_found_as_json_spells_it_and_with_other_blanks() -> None:
    row = StagedRow(1, "jane@acme.com", (None, None, "C:\\temp dir", "one\n  two", None))
    errors = ["job_title C:\\\\temp dir is odd", "phone one two is odd"]
    assert LEADS.reason(errors, row)[0] == "job_title … is odd; phone … is odd"


def test_rows_with_different_values_share_a_reason() -> None:
    reasons = {
        LEADS.reason([f'phone is invalid: "{phone}"'], StagedRow(1, "a@b.c", (None,) * 5))
        for phone in ("1", "22", "+49 30 1234")
    }
    assert reasons == {("phone is invalid: …", "phone")}


def test_in_which_order_errors_are_named_makes_no_difference() -> None:
    errors = ["was refused", "phone is invalid", "job_title is too long"]
    assert LEADS.reason(errors, ROW) == LEADS.reason(errors[::-1], ROW)


def test_several_errors_of_a_row_are_one_reason_and_none_is_a_reason_too() -> None:
    errors = ["phone is invalid", "job_title is too long", "phone is invalid"]
    assert LEADS.reason(errors, ROW) == ("job_title is too long; phone is invalid", "job_title")
    assert LEADS.reason([], ROW) == (NO_REASON, None)


def test_a_reason_stays_short_and_a_value_cut_by_the_end_is_not_left_in_halves() -> None:
    secret = StagedRow(1, "k@x.example", ("Annabella Montgomery",))
    reason, _ = LEADS.reason(["very " * 398 + "Annabella Montgomery"], secret)
    assert len(reason) <= LONGEST_REASON
    reason, _ = LEADS.reason(['"' + "x" * 1_980 + '" for Annabella Montgomery'], secret)
    assert reason == "… for …"


WORDS = st.sampled_from(
    ["is", "invalid", "phone", "job_title", '"', "'", "true", "or", "false", ";", "…", " ", "x"]
)


@pytest.mark.proves(fault="row rejected", promise="nothing leaks")
@given(
    st.lists(st.text(max_size=12), min_size=5, max_size=5),
    st.lists(WORDS | st.text(max_size=5) | st.integers(0, 5), max_size=12).flatmap(
        lambda parts: st.lists(st.just(parts), min_size=1, max_size=2)
    ),
    st.booleans(),
)
@example(["ab; cd", "", "", "", ""], [["ab"], ["cd"]], False)
@example(["a  b", "", "", "", ""], [["a \n b"]], False)
@example(["name phone x", "", "", "", ""], [["name phone x"]], True)
def test_no_value_of_the_row_survives_unless_it_is_part_of_a_kept_word(
    values: list[str], texts: list[list[str | int]], shouted: bool
) -> None:
    """Whatever the text, quoting whichever values; ASCII capitals or not."""
    row = StagedRow(1, "jane@acme.com", tuple(values))
    known = [*values, row.key]
    errors = ["".join(known[p] if isinstance(p, int) else p for p in parts) for parts in texts]
    if shouted:
        errors = [
            error.translate({small: small - 32 for small in range(ord("a"), ord("z") + 1)})
            for error in errors
        ]
    reason, _ = LEADS.reason(errors, row)
    assume(reason != NO_REASON)
    for value in known:
        if len(value) >= 3 and "…" not in value:
            in_a_kept_word = any(value.lower() in word for word in KEPT)
            assert value not in reason or in_a_kept_word
            assert value.lower() not in reason.lower() or in_a_kept_word or not value.isascii()
