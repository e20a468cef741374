"""`qsync validate`: everything at once, offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell

LEADS = "models/marts/leads.qsync.yml"


def test_the_example_is_valid(project: Path, shell: Shell) -> None:
    said = shell("validate")
    assert (said.code, said.out, said.err) == (ExitCode.OK, "Valid: 3 syncs.\n", "")


def test_every_problem_of_every_file_is_told_at_once_with_its_place(
    project: Path, shell: Shell
) -> None:
    _edit(project / LEADS, "dim_leads", "dim_lead")
    _edit(project / "models/marts/companies.qsync.yml", "industry: ", "indutsry: ")
    _edit(project / "qsync.yml", "[prod]", "prod")
    said = shell("validate")
    assert said.code is ExitCode.FAILED
    for place, words in (
        (f"{LEADS}:", "did you mean `dim_leads`"),
        ("models/marts/companies.qsync.yml:", "did you mean 'industry'"),
        ("qsync.yml:", "apply_targets"),
    ):
        assert place in said.out
        assert words.lower() in " ".join(said.out.lower().split())
    assert "3 errors" in said.out.splitlines()[-1]


def test_a_field_with_two_writers_is_told_with_both_lines_and_a_union(
    project: Path, shell: Shell
) -> None:
    usage = "models/marts/product_usage.qsync.yml"
    _edit(project / usage, "fields:", "fields:\n      seniority: product_plan")
    said = shell("validate")
    assert said.code is ExitCode.FAILED
    line = next(
        number
        for number, text in enumerate((project / LEADS).read_text().splitlines(), 1)
        if "seniority:" in text
    )
    assert f"{LEADS}:{line}:" in said.out
    assert f"{line} | seniority: seniority" in said.out
    assert "| seniority: product_plan" in said.out
    assert "from {{ ref('dim_leads') }}\n        union all" in said.out


def test_on_github_every_problem_stands_beside_its_line(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    _edit(project / LEADS, "dim_leads", "dim_lead")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = shell("validate")
    (line,) = said.err.splitlines()
    assert line.startswith(f"::error file={LEADS},line=7,col=12,title=QS")
    assert "did you mean `dim_leads`" in line
    assert (shell("validate", "--annotations", "none").err, said.out[:7]) == ("", "models/")
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert shell("validate").err == ""


def test_warnings_alone_do_not_fail(project: Path, shell: Shell) -> None:
    (project / "qualified_fields.yml").unlink()
    said = shell("validate")
    assert said.code is ExitCode.OK
    assert "warning QS401" in said.out
    assert said.out.endswith("Valid: 3 syncs.\n")


def test_json_holds_what_the_text_says(project: Path, shell: Shell) -> None:
    _edit(project / LEADS, "seniority: seniority", "senority: seniority")
    said = shell("validate", "--json")
    assert said.code is ExitCode.FAILED
    found, in_its_test = said.document["diagnostics"]
    assert (in_its_test["code"], in_its_test["path"]) == ("QS504", LEADS)
    assert (found["path"], found["sync"], found["severity"]) == (LEADS, "leads", "error")
    assert found["line"] > 1
    assert found["code"] in shell("validate").out


def test_a_project_dbt_never_ran_in_is_told_to_run_it(project: Path, shell: Shell) -> None:
    (project / "target" / "manifest.json").unlink()
    said = shell("validate")
    assert said.code is ExitCode.FAILED
    assert "error QS210" in said.out


def test_the_artifacts_may_be_elsewhere(project: Path, shell: Shell, tmp_path: Path) -> None:
    (project / "target").rename(tmp_path / "elsewhere")
    assert shell("validate").code is ExitCode.FAILED
    assert shell("validate", "--target-path", str(tmp_path / "elsewhere")).code is ExitCode.OK


@pytest.mark.parametrize("text", ["version: [", "syncs: &a [*a]", "\x00", "- " * 5_000])
def test_no_file_is_too_broken_to_be_told_of(project: Path, shell: Shell, text: str) -> None:
    (project / LEADS).write_text(text)
    said = shell("validate")
    assert said.code is ExitCode.FAILED
    assert f"{LEADS}:" in said.out
    assert "Traceback" not in said.out + said.err


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
