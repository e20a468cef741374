"""`qsync report`: one page about all syncs, without a key."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import orjson
import pytest

from qsync.exit_codes import ExitCode
from qsync.ledger import read_seed
from tests.cli.kit import Shell, flat, sql

PAGE = "target/qsync/report.html"


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def test_its_numbers_are_those_of_the_warehouses_ledger(applied: Path, shell: Shell) -> None:
    said = shell("report", "--json", "--out", "report.html")
    assert (said.code, said.err) == (ExitCode.OK, "")
    document = said.document
    (sums,) = sql(
        applied,
        "SELECT sum(rows_succeeded), sum(rows_rejected), sum(requests) FROM qsync.qsync_runs",
    )
    counts = document["summary"]["counts"]
    assert (counts["succeeded"], counts["rejected"], document["summary"]["requests"]) == sums
    assert (document["source"], document["target"]) == ("warehouse", "prod")
    stands = sql(applied, "SELECT count(*) FROM qsync.qsync_rejects")
    assert [(sum(item["rows"] for item in document["rejects"]["standing"]),)] == stands != [(0,)]
    assert f"<dd>{sums[0]:,}</dd>" in (applied / "report.html").read_text(encoding="utf-8")
    leads = next(sync for sync in document["syncs"] if sync["name"] == "leads")
    assert leads["health"] == "rejecting"


def test_from_the_seed_it_tells_the_same_of_runs_without_asking_dbt(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_PROFILES_DIR", str(applied / "models"))  # dbt would find no profile
    said = shell("report", "--from-seed")
    assert (said.code, said.out) == (ExitCode.OK, f"Wrote {PAGE}.\n")
    document = shell("report", "--from-seed", "--json").document
    rows = read_seed(applied / "seeds" / "qsync_runs.csv")
    counts = document["summary"]["counts"]
    assert counts["succeeded"] == sum(int(row["rows_succeeded"] or 0) for row in rows)
    assert (document["source"], document["target"]) == ("seed", None)
    assert document["rejects"]["standing"][0]["resting"] is None
    assert stat.S_IMODE((applied / PAGE).stat().st_mode) == 0o600


def test_it_shows_a_plan_sealed_or_as_json_and_refuses_another_file(
    applied: Path, shell: Shell
) -> None:
    assert shell("plan", "--out", "plan.qsync.json", "--quiet").code is ExitCode.OK
    shown = shell("show", "plan.qsync.json", "--json").document
    (applied / "plan.json").write_bytes(orjson.dumps(shown))
    for name in ("plan.qsync.json", "plan.json"):
        said = shell("report", "--from-seed", "--json", "--plan", name)
        assert said.document["plan"] == shown
    (applied / "other.json").write_text('{"format": 1}')
    said = shell("report", "--from-seed", "--plan", "other.json")
    assert said.code is ExitCode.FAILED
    assert "qsync plan --out FILE" in flat(said.err)
    assert shell("report", "--from-seed", "--plan", "none.json").code is ExitCode.FAILED


def test_a_project_that_has_not_run_gets_a_page_too(project: Path, shell: Shell) -> None:
    said = shell("report", "--from-seed", "--out", "page.html")
    assert (said.code, said.out, said.err) == (ExitCode.OK, "Wrote page.html.\n", "")
    assert "No run yet." in (project / "page.html").read_text(encoding="utf-8")


def test_a_broken_sync_is_missing_and_the_page_says_that_it_is_not_complete(
    project: Path, shell: Shell
) -> None:
    path = project / "models" / "marts" / "leads.qsync.yml"
    path.write_text(path.read_text().replace("object: lead", "object: person", 1))
    said = shell("report", "--from-seed", "--out", "page.html")
    assert said.code is ExitCode.OK
    assert "leads.qsync.yml" in said.err
    page = (project / "page.html").read_text(encoding="utf-8")
    assert "Not complete." in page
    assert re.search(r"have\s+\d+\s+error", page)


def test_a_variable_for_the_plans_file_does_not_name_the_page(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_OUT", "plan.qsync.json")
    monkeypatch.setenv("QSYNC_REPORT_OUT", "page.html")
    assert shell("report", "--from-seed").out == "Wrote page.html.\n"
    assert not (project / "plan.qsync.json").exists()


def test_where_it_cannot_be_written_it_says_so(project: Path, shell: Shell) -> None:
    said = shell("report", "--from-seed", "--out", "nowhere/page.html")
    assert said.code is ExitCode.FAILED
    assert "The report cannot be written" in flat(said.err)


def test_how_late_is_late_is_said_as_a_duration(applied: Path, shell: Shell) -> None:
    document = shell("report", "--from-seed", "--json", "--late-after", "30m").document
    assert document["late_after"] == 1_800
    assert shell("report", "--late-after", "soon").code is ExitCode.USAGE
