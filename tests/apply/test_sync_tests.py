"""What `qsync test` says would be sent is what `apply` sends for the same rows."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from qsync.emulator.jobs import Job, JobQueue
from qsync.exit_codes import ExitCode
from tests.apply.kit import Team

BEFORE = """\
      - {email: same@example.com, first_name: Same, job_title: CEO, last_seen_at: 2026-11-02 05:00:00.25}
      - {email: Changed@Example.com, first_name: Old, job_title: CEO, is_customer: false}
      - {email: cleared@example.com, job_title: CEO, phone: "+442071234567"}
      - {email: left@example.com, job_title: CEO, company_domain: left.example, company_region: EMEA}
      - {email: a@one.example, company_domain: one.example, company_region: EMEA}
"""  # noqa: E501 - one row, one line

GIVEN = """\
      - {email: same@example.com, first_name: Same, job_title: CEO, last_seen_at: 2026-11-02 05:00:00.25}
      - {email: " changed@EXAMPLE.com", first_name: "Zoë \\"Z\\" 🦊", job_title: CTO, is_customer: true}
      - {email: cleared@example.com}
      - {email: new@example.com, seniority: vp, lifecycle_stage: lead, last_seen_at: 2026-01-31}
      - {email: a@one.example, company_domain: "https://www.One.example:443/x", company_region: APAC}
      - {email: b@one.example, company_domain: one.example, company_description: Hi}
      - {email: c@two.example, company_domain: TWO.example., company_region: EMEA}
      - {email: d@two.example, company_domain: two.example, company_region: LATAM}
      - {email: e(at)three.example, company_domain: gmail.com}
      - {email: null, first_name: Nobody}
      - {email: f@example.com, seniority: VP}
      - {email: g@example.com}
      - {email: G@example.com}
      - {email: jürgen@example.com, company_domain: not available}
"""  # noqa: E501 - one row, one line

COLUMNS = (
    *("email", "first_name", "last_name", "job_title", "phone", "country", "seniority"),
    *("lifecycle_stage", "is_customer", "last_seen_at", "company_name", "company_domain"),
    *("company_region", "company_description"),
)


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every item Qualified is sent: it keeps none of a job that has ended."""
    items: list[Any] = []
    submit = JobQueue.submit

    def listening(self: JobQueue, job_id: str, sent: list[object], *rest: Any) -> Job:
        items.extend(copy.deepcopy(sent))
        return submit(self, job_id, sent, *rest)

    monkeypatch.setattr(JobQueue, "submit", listening)
    return items


def _load(team: Team, rows: list[dict[str, Any]]) -> None:
    """Make these the rows of the model in the warehouse."""
    team.sql("DELETE FROM prod.dim_leads")
    names, marks = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
    for row in rows:
        values = [row.get(name) for name in COLUMNS]
        team.sql(f"INSERT INTO prod.dim_leads ({names}) VALUES ({marks})", *values)


def _rows(text: str) -> list[dict[str, Any]]:
    from ruamel.yaml import YAML

    rows: list[dict[str, Any]] = YAML(typ="safe").load(text)
    return rows


def _told(team: Team) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
    """What `qsync test` says of a test that expects nothing: items and invalid records."""
    said = team.qsync("test", "--json", "--select", "the law")
    assert said.code is ExitCode.FAILED
    (test,) = said.document["tests"]
    assert test["problems"] == []
    items = {
        (entry["object"], entry["key"]): {part["field"]: part["sent"] for part in entry["fields"]}
        for entry in test["differences"]
        if entry["kind"] == "item"
    }
    invalid = [
        (entry["object"], entry["reason"])
        for entry in test["differences"]
        if entry["kind"] == "invalid"
    ]
    return items, invalid


def _sent(posted: list[Any]) -> dict[Any, Any]:
    keys = {"lead": "email", "company": "domain"}
    return {
        (item["entity"], item["data"][keys[item["entity"]]]): item["data"]["fields"]
        for item in posted
    }


def test_what_a_sync_test_says_would_be_sent_is_what_apply_sends_for_the_same_rows(
    team: Team, posted: list[Any]
) -> None:
    # A handful of rows would break any share, and sync tests ask no guards.
    settings = team.project / "qsync.yml"
    lines = settings.read_text().splitlines()
    settings.write_text("\n".join(line for line in lines if "guards:" not in line) + "\n")
    team.edit("leads.qsync.yml", "max_changed: 40%", "max_changed: none")
    team.edit("leads.qsync.yml", "max_invalid: 2%", "max_invalid: none")
    (team.project / "models" / "law.qsync.yml").write_text(
        "version: 1\ntests:\n  - name: the law\n    sync: leads\n"
        "    types: {last_seen_at: timestamp}\n"
        f"    before:\n{BEFORE}    given:\n{GIVEN}    expect: {{}}\n",
        encoding="utf-8",
    )
    items, invalid = _told(team)
    assert (len(items), len(invalid)) == (8, 8)

    _load(team, _rows(BEFORE))
    assert team.apply("--select", "leads").code is ExitCode.OK
    posted.clear()
    _load(team, _rows(GIVEN))
    applied = team.apply("--select", "leads", "--json")
    assert applied.code is ExitCode.OK

    assert items == _sent(posted)
    counted = {
        (stream["object"], entry["code"]): entry["rows"]
        for stream in applied.document["streams"]
        for entry in stream["invalid"]
    }
    assert counted == {record: invalid.count(record) for record in invalid}
