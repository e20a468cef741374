"""Annotations: in GitHub's form, beside the right line, as many as GitHub shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.views.annotations import of_diagnostics, of_stopped, workflow_commands
from qsync.views.documents import plan_document
from tests.support import plans

HERE = Path("analytics")


def a_problem(
    message: str = "the model has no column 'titel'",
    path: str = "models/leads.qsync.yml",
    line: int = 7,
    severity: Severity = Severity.ERROR,
    hint: str = "",
) -> Diagnostic:
    return Diagnostic("QS306", severity, Position(path, line, 9), message, hint)


def lines_of(*problems: Diagnostic, workspace: Path | None = None) -> list[str]:
    return workflow_commands(of_diagnostics(problems), HERE, workspace)


def test_a_problem_stands_beside_its_line_with_its_cure() -> None:
    (line,) = lines_of(a_problem(hint="did you mean 'title'?"))
    assert line == (
        "::error file=models/leads.qsync.yml,line=7,col=9,title=QS306::"
        "the model has no column 'titel'%0Adid you mean 'title'?"
    )


def test_a_path_is_from_the_checkouts_root_when_that_is_known(tmp_path: Path) -> None:
    problems = of_diagnostics([a_problem()])
    project = tmp_path / "repo" / "analytics"
    (found,) = workflow_commands(problems, project, tmp_path / "repo")
    assert "file=analytics/models/leads.qsync.yml," in found
    (found,) = workflow_commands(problems, project, tmp_path / "elsewhere")
    assert "file=models/leads.qsync.yml," in found


def test_what_github_reads_as_syntax_is_escaped() -> None:
    (line,) = lines_of(a_problem("100%\r\nof a: b, c\x1b[31m", "a,b:c%\n.yml"))
    assert line == (
        "::error file=a%2Cb%3Ac%25%0A.yml,line=7,col=9,title=QS306::"
        "100%25%0Aof a: b, c\N{REPLACEMENT CHARACTER}[31m"
    )


@given(st.text(), st.text(min_size=1))
def test_a_name_can_neither_begin_a_command_nor_add_a_property(message: str, path: str) -> None:
    (line,) = lines_of(a_problem(message, path))
    assert line.splitlines() == [line]
    properties, _, data = line.removeprefix("::error ").partition("::")
    assert [part.partition("=")[0] for part in properties.split(",")] == [
        "file",
        "line",
        "col",
        "title",
    ]
    assert "\n" not in data
    assert "\r" not in data


def test_errors_come_first_and_the_tenth_of_a_level_says_what_is_left_out() -> None:
    warnings = [a_problem(line=line, severity=Severity.WARNING) for line in range(1, 11)]
    errors = [a_problem(line=line) for line in range(1, 14)]
    lines = lines_of(*warnings, *errors)
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[9] == "::error title=qsync::4 more errors: see the log of this step"
    assert "line=10," in lines[-1]


def test_a_sync_that_is_stopped_is_an_error_where_it_is_declared() -> None:
    found = workflow_commands(of_stopped(plan_document(plans.stopped())), HERE, None)
    guarded, empty = found
    assert guarded.startswith(
        "::error file=models/marts/leads.qsync.yml,line=4,col=5,title=leads is stopped::"
        "Stopped by max_changed: 780 rows of 2,500 in state (31.2%25) would change"
    )
    assert empty.endswith("::Blocked: the model has no rows; everything would count as removed")


@pytest.mark.parametrize("plan", [plans.nothing_new, plans.second_day])
def test_a_plan_without_a_stopped_sync_has_nothing_to_annotate(plan: object) -> None:
    assert callable(plan)
    assert of_stopped(plan_document(plan())) == []
