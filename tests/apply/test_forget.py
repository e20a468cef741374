"""Whom somebody forgot is never sent again while the model has the row; Qualified deletes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from qsync.emulator.settings import ALL_SCOPES, DEFAULT_KEY, ApiKey
from qsync.exit_codes import ExitCode
from tests.apply.kit import Said, Team, texts_under
from tests.support.typing_in import standard_input, terminal

JANE = "jane.canary@canary-host.example"
DOMAIN = "canary-host.example"
NAME = "Canarytta"
GOOD, BAD = "+1 312 555 0100", "canary-phone-12"


def _forget(team: Team, keys: str, *words: str, answer: str | None = None) -> Said:
    approve = ["--auto-approve"] if answer is None else []
    with standard_input(keys), terminal(answer):
        return team.qsync("forget", *approve, *words)


def _flat(said: Said) -> str:
    return " ".join((said.out + said.err).replace("│", " ").split())


def _jane(team: Team, phone: str = GOOD) -> None:
    """She is a row of the model, under a spelling of her own; nobody else is of her company."""
    team.sql(
        "INSERT INTO prod.dim_leads (email, first_name, phone, company_domain, company_region) "
        "VALUES (?, ?, ?, ?, 'EMEA')",
        *(f" {JANE.upper()} ", NAME, phone, f"https://www.{DOMAIN}/"),
    )


def _counts(team: Team, kind: str = "lead") -> dict[str, Any]:
    document = team.qsync("plan", "--json", "-s", "leads").document
    (sync,) = document["syncs"]
    (found,) = (item for item in sync["streams"] if item["object"] == kind)
    counts: dict[str, Any] = found["counts"]
    return counts


def _held_back(team: Team) -> None:
    """Everything that sends is tried."""
    for words in ("apply", "apply --full-refresh", "retry", "state rm leads", "apply"):
        command, *rest = words.split()
        only = [] if command == "state" else ["-s", "leads"]
        said = team.qsync(command, *rest, *only, "--auto-approve")
        assert said.code in {ExitCode.OK, ExitCode.PARTIAL}, words + said.err


def test_a_forgotten_lead_is_never_sent_again_whatever_is_asked_for(team: Team) -> None:
    _jane(team)
    team.apply("-s", "leads")
    account = team.qualified.account
    assert account.lead(JANE) is not None
    said = _forget(team, JANE, "--gdpr", answer="1")
    assert said.code is ExitCode.OK, said.err
    assert "Forgot 1 lead: purged from state (1 record), rejects (0), stages (0)" in said.out
    assert "Qualified has taken the request to delete 1 lead." in said.out
    assert "This cannot be undone" in _flat(said)
    assert account.lead(JANE) is None
    assert account.company(DOMAIN) is not None, "her company was not asked about"
    team.sql("UPDATE prod.dim_leads SET job_title = 'New' WHERE email LIKE '%CANARY%'")
    counts = _counts(team)
    assert (counts["suppressed"], counts["changed"], counts["removed"]) == (1, 0, 0)
    assert counts["added"] == counts["retried"]
    assert "1 is suppressed (forgotten with `qsync forget`) and never sent." in _flat(
        team.qsync("plan")
    )
    _held_back(team)
    assert account.lead(JANE) is None
    assert _counts(team)["suppressed"] == 1
    assert '"suppressed":1' in team.ledger()[-1]["details"]


def test_a_forgotten_reject_is_not_tried_again_when_its_row_is_mended(team: Team) -> None:
    _jane(team, BAD)
    team.apply("-s", "leads")
    said = _forget(team, JANE)
    assert "purged from state (0 records), rejects (1), stages (0)" in said.out
    team.sql("UPDATE prod.dim_leads SET phone = ? WHERE email LIKE '%CANARY%'", GOOD)
    _held_back(team)
    assert team.qualified.account.lead(JANE) is None


def test_a_forgotten_company_is_not_sent_and_its_people_are(team: Team) -> None:
    _jane(team)
    said = _forget(team, DOMAIN, "--object", "company")
    assert "Forgot 1 company" in said.out
    counts = _counts(team, "company")
    assert (counts["suppressed"], counts["in_model"]) == (1, 374)
    _held_back(team)
    assert team.qualified.account.company(DOMAIN) is None
    assert team.qualified.account.lead(JANE) is not None


@pytest.mark.parametrize("answer", ["yes", "2", "1 ,", ""])
def test_only_the_number_of_people_lets_qualified_delete_them(team: Team, answer: str) -> None:
    said = _forget(team, JANE, "--gdpr", answer=answer)
    assert said.code is ExitCode.DECLINED
    assert "Declined: nothing was changed." in said.err
    requests = team.qualified.account.requests()
    assert {request.method for request in requests} == {"GET"}


def test_where_qualified_refuses_what_was_purged_stays_purged_and_trying_again_helps(
    team: Team,
) -> None:
    _jane(team)
    team.apply("-s", "leads")
    account = team.qualified.account
    poor = ApiKey(scopes=ALL_SCOPES - {"gdpr:manage"})
    account.configure(replace(account.settings, keys={DEFAULT_KEY: poor}))
    said = _forget(team, JANE, "--gdpr")
    assert said.code is ExitCode.FAILED
    assert "Forgot 1 lead: purged from state (1 record)" in said.out
    assert "Qualified was not seen to take the deletion request" in _flat(said)
    assert "gdpr:manage" in _flat(said)
    assert "What was purged stays purged and suppressed" in _flat(said)
    assert account.lead(JANE) is not None
    assert _counts(team)["suppressed"] == 1
    account.configure(replace(account.settings, keys={DEFAULT_KEY: ApiKey()}))
    again = _forget(team, JANE, "--gdpr")
    assert again.code is ExitCode.OK
    assert "suppressed before" in again.out
    assert account.lead(JANE) is None
    noted = team.sql("SELECT SUM(requests) FROM qsync.qsync_requests WHERE run_id LIKE 'forget%'")
    assert noted[0][0] >= 2, "they count against the team's quota"


def test_with_another_accounts_key_nobody_is_deleted_or_purged(team: Team) -> None:
    _jane(team)
    team.apply("-s", "leads")
    team.qualified.account.reset()
    said = _forget(team, JANE, "--gdpr")
    assert said.code is ExitCode.FAILED
    assert "This key belongs to another Qualified account" in _flat(said)
    assert _counts(team)["suppressed"] == 0


def test_a_forgotten_key_is_in_no_output_no_file_and_no_table_of_qsync(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_LOG_LEVEL_FILE", "debug")
    _jane(team)
    account = team.qualified.account
    account.configure(replace(account.settings, quote_values=True))
    said = [team.apply("-s", "leads")]
    said += [
        _forget(team, "", JANE),
        _forget(team, "", f"--{JANE}"),
        _forget(team, f"{JANE}\n{JANE} {NAME}\n"),
        _forget(team, JANE, "--gdpr", answer="no"),
    ]
    assert _counts(team)["suppressed"] == 0
    poor = ApiKey(scopes=ALL_SCOPES - {"gdpr:manage"})
    account.configure(replace(account.settings, keys={DEFAULT_KEY: poor}))
    said.append(_forget(team, JANE, "--gdpr", "--log-format", "json"))
    account.configure(replace(account.settings, keys={DEFAULT_KEY: ApiKey()}))
    said += [
        _forget(team, f"{JANE}\n", "--gdpr"),
        team.qsync("plan", "-v"),
        team.apply("-v", "-s", "leads"),
        team.qsync("status"),
        team.qsync("ledger", "pull"),
    ]
    assert [item.code for item in said[-5:]] == [ExitCode.OK] * 2 + [ExitCode.PARTIAL] + [
        ExitCode.OK
    ] * 2
    words = [text.lower() for text in (JANE, "jane.canary", NAME)]
    spoken = "".join(item.out + item.err for item in said).lower()
    assert [word for word in words if word in spoken] == []
    kept = {
        path.name: text.lower()
        for path, text in texts_under(team.project, but=[".duckdb", ".wal"]).items()
    }
    assert [name for name, text in kept.items() if any(w.encode() in text for w in words)] == []
    for (table,) in team.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'qsync'"):
        rows = str(team.sql(f'SELECT * FROM qsync."{table}"')).lower()
        assert [word for word in words if word in rows] == [], table
