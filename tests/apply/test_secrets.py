"""Nothing personal and no key leaves the warehouse but to Qualified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.emulator.settings import ApiKey
from qsync.exit_codes import ExitCode
from tests.apply.kit import Said, Team, texts_under
from tests.support.log_lines import log_lines

KEY = "canary-key-4711"
EMAIL = "canary.person@canary-host.example"
NAME = "Canarytta"
PHONE = "canary-phone-12"

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("ls",),
    ("plan", "-v"),
    ("plan", "--json"),
    ("apply", "--rehearse", "-v"),
    ("plan", "--markdown", "--annotations", "github"),
    ("plan", "--out", "plan.json", "--quiet"),
    ("show", "plan.json", "--verbose"),
    ("show", "plan.json", "--markdown"),
    ("apply", "plan.json"),
    ("apply", "--auto-approve", "-v", "--log-file", "qsync.log"),
    ("apply", "--auto-approve", "--json", "--log-format", "json"),
    ("status",),
    ("report",),
    ("inspect", "--rejected"),
    ("why", EMAIL),
    ("state", "ls"),
    ("ledger", "pull"),
    ("debug",),
)


@pytest.mark.proves(fault="row rejected", promise="nothing leaks")
@pytest.mark.parametrize("quoting", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_no_key_address_or_value_is_in_any_output_or_file(
    team: Team, monkeypatch: pytest.MonkeyPatch, quoting: bool
) -> None:
    account = team.qualified.account
    account.configure(replace(account.settings, keys={KEY: ApiKey()}, quote_values=quoting))
    monkeypatch.setenv("QUALIFIED_API_KEY", KEY)
    monkeypatch.setenv("DBT_LOG_LEVEL_FILE", "debug")
    team.sql(
        "INSERT INTO prod.dim_leads (email, first_name, phone) VALUES (?, ?, ?), (?, ?, ?)",
        *(EMAIL, NAME, "+1 312 555 0100"),
        *(f"other.{EMAIL}", NAME, PHONE),
    )
    said = [team.qsync(*words) for words in COMMANDS]
    assert {item.code for item in said} <= {ExitCode.OK, ExitCode.PARTIAL}
    assert account.lead(EMAIL) is not None, "the canary was sent"
    assert account.lead(f"other.{EMAIL}") is None, "the other one was rejected"
    assert log_lines((team.project / "qsync.log").read_text()), "the log was searched too"
    _search(said, team)


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="nothing leaks")
def test_what_goes_wrong_quotes_no_value_either(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALIFIED_API_KEY", f"{KEY}\n")
    newline = team.apply()
    monkeypatch.setenv("QUALIFIED_API_KEY", KEY)
    refused = team.apply()
    assert {newline.code, refused.code} == {ExitCode.FAILED}
    _search([newline, refused], team)


def _search(said: list[Said], team: Team) -> None:
    canaries = [text.encode() for text in (KEY, EMAIL, NAME, PHONE, "canary-host")]
    spoken = "".join(item.out + item.err for item in said).encode()
    assert [canary for canary in canaries if canary in spoken] == []
    found = [
        (path.name, canary)
        for path, text in texts_under(team.project, but=[".duckdb", ".wal"]).items()
        for canary in canaries
        if canary in text
    ]
    assert found == []
