"""Failures and diagnostics say what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from qsync.diagnostics import Diagnostic, Position, Related, Severity
from qsync.errors import UserError
from qsync.views.diagnostics_text import diagnostics_document, render_diagnostics
from qsync.views.failure import error_document, render_error, render_failure
from tests.support.golden import matches_golden, rendered

LEADS = "models/marts/leads.qsync.yml"
DIAGNOSTICS = [
    Diagnostic(
        "QS301",
        Severity.ERROR,
        Position(LEADS, 12, 7),
        "Qualified has no lead field 'Job_Title', and so on, till it must be broken",
        "field names are case-sensitive: write 'job_title'",
        "leads",
    ),
    Diagnostic("QS203", Severity.ERROR, Position(LEADS, 7, 12), "no model is named dim_lead"),
    Diagnostic(
        "QS501",
        Severity.WARNING,
        Position("qualified_fields.yml"),
        "the field catalog is missing",
        "write it with `qsync catalog pull`",
    ),
    Diagnostic("QS110", Severity.ERROR, Position("qsync.yml", 3, 1), "unknown key `qualifed`"),
]


def test_diagnostics_stand_by_file_and_place_with_their_cures_and_a_sum() -> None:
    text = rendered(lambda console: render_diagnostics(DIAGNOSTICS, console))
    matches_golden("diagnostics", text)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.splitlines()[-1] == "3 errors, 1 warning in 3 files"


TWO_WRITERS = Diagnostic(
    "QS306",
    Severity.ERROR,
    Position("models/marts/usage.qsync.yml", 12, 7),
    f"lead field 'job_title' is written by sync 'leads' too, at {LEADS}:10:7",
    "a field has one writer: union the two in a dbt model, keep one row per email (rows that "
    "share one are invalid), and map 'job_title' from there once:",
    "usage",
    source="job_title: {column: title, on_null: clear}",
    related=(Related(Position(LEADS, 10, 7), "sync 'leads'", "job_title: job_title"),),
    example="select email_address as email, job_title\nfrom {{ ref('dim_leads') }}\nunion all\n"
    "select email, title as job_title\nfrom {{ ref('dim_product_users') }}",
)


def test_two_writers_are_shown_with_both_lines_and_how_to_union_them() -> None:
    text = rendered(lambda console: render_diagnostics([TWO_WRITERS], console))
    matches_golden("diagnostics_two_writers", text)
    assert max(len(line) for line in text.splitlines()) <= 80
    (entry,) = diagnostics_document([TWO_WRITERS])["diagnostics"]
    assert (entry["source"], entry["example"]) == (TWO_WRITERS.source, TWO_WRITERS.example)
    assert entry["related"] == [
        {
            "path": LEADS,
            "line": 10,
            "column": 7,
            "message": "sync 'leads'",
            "source": "job_title: job_title",
        }
    ]


def test_no_diagnostics_leave_no_text() -> None:
    assert rendered(lambda console: render_diagnostics([], console)) == ""


def test_the_diagnostics_document_is_ordered_however_they_come() -> None:
    document = diagnostics_document(DIAGNOSTICS)
    assert document == diagnostics_document(DIAGNOSTICS[::-1])
    codes = [entry["code"] for entry in document["diagnostics"]]
    assert codes == ["QS203", "QS301", "QS110", "QS501"]


def test_a_failure_is_one_panel_with_the_reasons_and_what_to_do() -> None:
    text = rendered(
        lambda console: render_failure(
            console,
            "apply",
            "11 rows of leads were rejected",
            ["8: phone: is not a phone number", "3: first_name: is too long"],
            "correct them in dbt and run `qsync apply` again",
        )
    )
    matches_golden("failure", text)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_panel_stays_short_however_many_reasons_there_are() -> None:
    text = rendered(
        lambda console: render_failure(console, "apply", "no", [f"reason {n}" for n in range(50)])
    )
    assert len(text.splitlines()) <= 12
    assert "- and 42 more" in text


def test_a_user_error_brings_its_place_and_its_hint() -> None:
    error = UserError(
        "the manifest is of another target",
        hint="run dbt -t prod",
        where="a.yml:3:1",
        why=["dev was built", "prod was not"],
    )
    text = rendered(lambda console: render_error(console, "plan", error))
    assert all(
        part in text for part in ("plan failed", error.message, "a.yml:3:1", "- prod was not")
    )
    assert error_document("plan", error) == {
        "command": "plan",
        "error": "the manifest is of another target",
        "hint": "run dbt -t prod",
        "where": "a.yml:3:1",
        "why": ["dev was built", "prod was not"],
        "exit_code": 1,
    }


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "a:smile:b"])
def test_a_message_is_shown_as_it_is(text: str) -> None:
    shown = rendered(lambda console: render_failure(console, "plan", text))
    assert text in shown
