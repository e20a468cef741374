"""What a run did is told from its document: every row accounted for, every reason with a cure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.ledger import RunRecord, RunStatus
from qsync.views.documents import run_document
from qsync.views.run_text import render_run, summary_line
from tests.support.golden import matches_golden, numbers_in, numbers_of, rendered
from tests.support.runs import a_record, mixed_run

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas" / "run.schema.json").read_text(encoding="utf-8")
)
SEED = "seeds/qsync_runs.csv"


def text_of(records: list[RunRecord], seed: str | None = SEED) -> str:
    """The run as a pipe gets it."""
    document = run_document(records, seed=seed, table="qsync.qsync_runs")
    return rendered(lambda console: render_run(document, console))


amounts = st.integers(0, 100_000_000)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
reasons = st.lists(words, min_size=1, max_size=12).map(" ".join)
records = st.builds(
    a_record,
    st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=60),
    st.sampled_from(["lead", "company"]),
    st.sampled_from(RunStatus),
    seconds=st.none() | st.floats(0, 1_000_000),
    invalid=amounts,
    succeeded=amounts,
    rejected=amounts,
    unknown=amounts,
    invalid_late=amounts,
    unsent=amounts,
    jobs=amounts,
    retries=amounts,
    details=st.fixed_dictionaries(
        {},
        optional={
            "first_load": st.booleans(),
            "invalid": st.dictionaries(reasons, amounts, max_size=3),
            "rejects": st.dictionaries(reasons, amounts, max_size=3),
            "error": reasons | st.fixed_dictionaries({"message": reasons, "hint": reasons}),
        },
    ),
)
runs = st.lists(records, max_size=4)


@given(runs)
@settings(max_examples=40)
def test_every_runs_document_follows_the_schema_and_is_json(given_records: list[RunRecord]) -> None:
    document = run_document(given_records)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert json.loads(json.dumps(document)) == document


@given(runs)
@settings(max_examples=40)
def test_every_number_of_the_text_stands_in_the_document(given_records: list[RunRecord]) -> None:
    document = run_document(given_records, seed=SEED)
    text = rendered(lambda console: render_run(document, console))
    assert numbers_of(text) <= numbers_in(document)


@given(runs)
@settings(max_examples=40)
def test_no_line_is_longer_than_80_but_the_summary(given_records: list[RunRecord]) -> None:
    *lines, last = text_of(given_records).splitlines()
    assert max((len(line) for line in lines), default=0) <= 80
    assert last == summary_line(run_document(given_records))


def test_a_run_with_everything_in_it_reads_as_kept() -> None:
    matches_golden("run_mixed", text_of(mixed_run()))


def test_a_run_with_nothing_to_do_reads_as_kept() -> None:
    nothing = [
        a_record(name, "company", RunStatus.NOTHING_TO_DO, seconds=0.1, jobs=0)
        for name in ("companies", "leads")
    ]
    matches_golden("run_nothing", text_of(nothing))


def test_a_rehearsal_reads_as_kept_and_claims_nothing_of_an_apply() -> None:
    records = [
        a_record("companies", "company", succeeded=390, details={"invalid": {"null_key": 2}}),
        a_record(
            status=RunStatus.PARTIAL,
            succeeded=488,
            rejected=12,
            unsent=1_974,
            details={"rejects": {"tier is not a field of lead": 12}, "first_load": True},
        ),
    ]
    document = run_document(records, rehearsal=True)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    matches_golden("run_rehearsal", rendered(lambda console: render_run(document, console)))


def test_the_summary_line_has_its_fixed_form() -> None:
    assert summary_line(run_document(mixed_run())) == (
        "Applied: 2,878 succeeded, 11 rejected, 3 unknown, 1,200 unsent, 26 invalid. "
        "7 jobs, 16 requests."
    )


def test_only_leads_of_a_first_load_bring_the_note_about_activity() -> None:
    note = "once they have activity"
    first = {"first_load": True}
    assert note in text_of([a_record(succeeded=1, details=first)]).replace("\n", " ")
    assert note not in text_of([a_record(succeeded=1)]).replace("\n", " ")
    companies = [a_record("companies", "company", succeeded=1, details=first)]
    assert note not in text_of(companies).replace("\n", " ")


@pytest.mark.parametrize("status", list(RunStatus))
def test_a_run_is_complete_when_every_sync_is(status: RunStatus) -> None:
    good = {RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO, RunStatus.BASELINED}
    document = run_document([a_record(), a_record("usage", status=status)])
    assert document["complete"] is (status in good)


def test_a_baselined_stream_says_how_many_rows_it_recorded() -> None:
    record = replace(a_record(status=RunStatus.BASELINED, jobs=0), rows_added=2_500)
    assert "2,500 recorded as synced" in text_of([record])


def test_details_of_another_version_are_left_out() -> None:
    odd = a_record(details={"invalid": ["null_key"], "rejects": {"x": "many"}, "error": 7})
    (stream,) = run_document([odd])["streams"]
    assert (stream["invalid"], stream["rejects"], stream["error"]) == ([], [], None)
