"""`qsync debug`: every prerequisite, whatever else fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qsync.emulator.settings import ApiKey
from qsync.exit_codes import ExitCode
from tests.apply.kit import Said, Team
from tests.cli.kit import Shell, contents, flat, sql

NAMES = [
    "python",
    "qsync",
    "dbt-core",
    "project",
    "manifest",
    "field catalog",
    "profile",
    "adapter",
    "connection",
    "rights",
    "key",
    "key valid",
    "bulk scope",
    "quota",
    "proxies",
]


def _outcomes(said: Said) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in said.document["checks"]}


def _check(said: Said, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in said.document["checks"] if item["name"] == name)
    return found


def test_when_all_is_in_place_every_line_says_ok(team: Team) -> None:
    said = team.qsync("debug")
    assert said.code is ExitCode.OK, said.out
    assert "All is in place." in said.out
    document = team.qsync("debug", "--json")
    assert _outcomes(document) == dict.fromkeys(NAMES, "ok")
    assert document.document["failed"] == 0


def test_the_probes_leave_nothing_behind(team: Team) -> None:
    tables = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
    schemas = "SELECT schema_name FROM information_schema.schemata ORDER BY 1"
    before = (team.sql(tables), team.sql(schemas), contents(team.project))
    said = team.qsync("debug", "--json")
    assert "the schema, which is not there yet" in _check(said, "rights")["said"]
    assert (team.sql(tables), team.sql(schemas), contents(team.project)) == before
    assert team.submitted() == 0
    assert set(team.qualified.account.requests_by_kind()) <= {"fields", "poll"}


def test_a_schema_that_is_there_stays_there(team: Team) -> None:
    team.sql("CREATE SCHEMA qsync")
    said = team.qsync("debug", "--json")
    assert _check(said, "rights")["said"] == "may create tables in schema qsync"
    assert team.sql("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'qsync'")


def test_without_a_key_the_rest_is_checked_and_it_ends_with_1(project: Path, shell: Shell) -> None:
    said = shell("debug", "--json")
    assert said.code is ExitCode.FAILED
    outcomes = _outcomes(said)
    assert outcomes["key"] == "failed"
    assert {outcomes[name] for name in ("key valid", "bulk scope", "quota")} == {"skipped"}
    assert outcomes["rights"] == "ok"
    text = shell("debug")
    assert text.code is ExitCode.FAILED
    assert "To do: Set it to a key of the Qualified Enterprise API." in flat(text.out)
    assert "1 check failed." in text.out


def test_a_key_that_is_wrong_or_may_too_little_is_told(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALIFIED_API_KEY", "canary-of-a-key")
    wrong = team.qsync("debug", "--json")
    assert _outcomes(wrong)["key valid"] == "failed"
    assert _outcomes(wrong)["bulk scope"] == "skipped"
    assert "canary" not in wrong.out + wrong.err
    team.qualified.account.settings.keys["canary-of-a-key"] = ApiKey(scopes=frozenset())  # type: ignore[index]
    poor = team.qsync("debug", "--json")
    assert _outcomes(poor)["key valid"] == "ok"
    assert _outcomes(poor)["bulk scope"] == "failed"
    assert "bulk_job:manage" in _check(poor, "bulk scope")["todo"]
    assert _outcomes(poor)["quota"] == "ok"


def test_a_profile_that_does_not_exist_leaves_the_other_checks_alone(team: Team) -> None:
    said = team.qsync("debug", "--json", "--profile", "nobody")
    assert said.code is ExitCode.FAILED
    outcomes = _outcomes(said)
    assert outcomes["profile"] == "failed"
    assert {outcomes[name] for name in ("adapter", "connection", "rights")} == {"skipped"}
    assert outcomes["key valid"] == "ok"


def test_a_database_that_cannot_be_opened_is_told(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTHWIND_DUCKDB", str(team.project / "no" / "such" / "folder.duckdb"))
    said = team.qsync("debug", "--json")
    outcomes = _outcomes(said)
    assert (outcomes["connection"], outcomes["rights"]) == ("failed", "skipped")


def test_a_project_with_errors_names_the_first_and_how_many_there_are(team: Team) -> None:
    path = team.project / "models" / "marts" / "leads.qsync.yml"
    path.write_text("version: 1\nsyncs:\n  - naem: leads\n")
    said = team.qsync("debug", "--json")
    assert said.code is ExitCode.FAILED
    check = _check(said, "project")
    assert check["said"].startswith("models/marts/leads.qsync.yml:3:")
    assert "`qsync validate`" in check["said"]
    assert _outcomes(said)["key valid"] == "ok"


def test_the_key_is_sent_to_no_address_that_qsync_yml_may_not_name(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_BASE_URL", "https://evil.test")
    said = team.qsync("debug", "--json")
    assert _outcomes(said)["key"] == "ok"
    assert _outcomes(said)["key valid"] == "skipped"


def test_outside_a_dbt_project_versions_and_key_are_checked_still(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = shell("debug", "--json")
    outcomes = _outcomes(said)
    assert said.code is ExitCode.FAILED
    assert (outcomes["python"], outcomes["project"], outcomes["key"]) == ("ok", "failed", "failed")
    assert outcomes["connection"] == "skipped"
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_may_not_apply_is_told(project: Path, shell: Shell) -> None:
    said = shell("debug", "--json", "--target", "dev")
    assert _check(said, "profile")["said"] == "target dev can only plan; prod may apply"


def test_a_proxy_is_named_without_its_password(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_BASE_URL", "https://api.qualified.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@proxy.test:3128")
    said = shell("debug", "--json")
    assert _check(said, "proxies")["said"] == (
        "requests to api.qualified.com go through proxy.test:3128"
    )
    assert "canary" not in said.out
    monkeypatch.setenv("NO_PROXY", "api.qualified.com")
    assert "directly" in _check(shell("debug", "--json"), "proxies")["said"]


def test_other_peoples_tables_in_the_schema_are_left_alone(team: Team) -> None:
    team.sql("CREATE SCHEMA qsync")
    team.sql("CREATE TABLE qsync.theirs AS SELECT 1 AS one")
    team.qsync("debug")
    assert sql(team.project, "SELECT one FROM qsync.theirs") == [(1,)]
