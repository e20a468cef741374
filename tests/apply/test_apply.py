"""`qsync apply`, from the command line to Qualified and back into the ledger."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from qsync.emulator.settings import DEFAULT_KEY, ApiKey
from qsync.exit_codes import ExitCode
from tests.apply.kit import Team


def test_the_first_apply_sends_every_valid_record_and_accounts_for_the_others(team: Team) -> None:
    said = team.apply()
    assert said.code is ExitCode.PARTIAL
    assert len(team.qualified.account.leads()) == 2_471 + 26  # users in no lead row
    assert len(team.qualified.account.companies()) == 390 + 4  # domains only leads name
    rows = {(row["sync"], row["object"]): row for row in team.ledger()}
    leads = rows["leads", "lead"]
    assert (leads["status"], leads["rows_in_model"], leads["rows_invalid"]) == (
        "partial",
        "2500",
        "26",
    )
    assert (leads["rows_planned"], leads["rows_succeeded"], leads["rows_rejected"]) == (
        "2474",
        "2471",
        "3",
    )
    assert "only once they have activity" in " ".join(said.out.split())
    assert "3  phone is invalid: …" in said.out


@pytest.mark.proves(fault="row rejected", promise="no row lost")
def test_a_second_apply_sends_only_the_rejects_once_more_and_a_third_nothing(team: Team) -> None:
    team.apply()
    before = team.submitted()
    second = team.apply()
    assert "3 rejected before are sent once more" in second.out
    # Three leads' phones, and one user's interests, which are another sync's.
    assert [job.total for job in team.qualified.account.jobs()[before:]] == [3, 1]
    assert second.code is ExitCode.PARTIAL
    third = team.apply()
    assert team.submitted() == before + 2
    assert "No changes." in third.out
    assert "3 resting" in third.out
    assert third.code is ExitCode.OK, "resting records alone are no failure"


def test_one_changed_row_is_one_job_with_one_item(team: Team) -> None:
    team.apply()
    team.apply()
    before = team.submitted()
    team.sql(
        "UPDATE prod.dim_leads SET job_title = 'Chief of Staff' WHERE email = "
        "(SELECT min(email) FROM prod.dim_leads WHERE job_title IS NOT NULL AND email LIKE 'a%')"
    )
    said = team.apply("--json")
    assert said.code is ExitCode.OK
    assert [job.total for job in team.qualified.account.jobs()[before:]] == [1]
    assert team.counts(said)["leads", "lead"]["changed"] == 1


def test_adding_a_field_sends_only_the_records_that_have_a_value_for_it(team: Team) -> None:
    team.apply()
    team.apply()
    before = team.submitted()
    team.edit(
        "leads.qsync.yml",
        "      country: country\n",
        "      country: country\n      notes: notes\n",
    )
    team.sql("ALTER TABLE prod.dim_leads ADD COLUMN notes VARCHAR")
    team.sql(
        "UPDATE prod.dim_leads SET notes = 'met at the fair' WHERE email IN "
        "(SELECT email FROM prod.dim_leads WHERE email LIKE '%.test' ORDER BY 1 LIMIT 7)"
    )
    team.apply()
    # And the three rejects: another mapping is a reason to try them again.
    assert [job.total for job in team.qualified.account.jobs()[before:]] == [7 + 3]


def test_a_limit_sends_so_many_and_the_record_says_what_stayed(team: Team) -> None:
    said = team.apply("--limit", "10", "--json", "-s", "leads")
    counts = team.counts(said)["leads", "lead"]
    assert (counts["planned"], counts["succeeded"], counts["unsent"]) == (2_474, 10, 2_464)
    assert len(team.qualified.account.leads()) == 10
    assert "+ 2,464 added" in team.qsync("plan", "-s", "leads").out


def test_anything_but_yes_declines_and_keeps_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return "y\n"

    monkeypatch.setattr("sys.stdin", Terminal())
    said = team.qsync("apply")
    assert said.code is ExitCode.DECLINED
    assert "nothing was sent" in said.err
    assert team.submitted() == 0
    stages = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'stage_%'"
    assert team.sql(stages) == []
    assert team.ledger() == []


def test_without_a_terminal_or_approval_it_fails_before_doing_anything(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    said = team.qsync("apply")
    assert said.code is ExitCode.FAILED
    assert "no terminal to ask at" in said.err
    assert "--auto-approve" in said.err
    assert team.qualified.account.requests() == []


def test_a_target_that_may_not_write_is_refused(team: Team) -> None:
    said = team.apply("--target", "dev")
    assert said.code is ExitCode.FAILED
    assert "Target 'dev' may not write" in said.err
    assert team.qualified.account.requests() == []


def test_a_plan_for_another_target_than_dbt_ran_for_stops(team: Team) -> None:
    said = team.qsync("plan", "--target", "dev")
    assert said.code is ExitCode.FAILED
    assert "QS215" in said.err
    assert "dbt run --target dev" in " ".join(said.err.split())


def test_a_baseline_records_everything_and_sends_nothing(team: Team) -> None:
    said = team.apply("--baseline")
    assert said.code is ExitCode.OK
    assert team.submitted() == 0
    assert {row["status"] for row in team.ledger()} == {"baselined"}
    assert "No changes." in team.qsync("plan").out


def test_a_full_refresh_sends_every_valid_record_again(team: Team) -> None:
    team.apply("-s", "companies")
    before = team.submitted()
    said = team.apply("-s", "companies", "--full-refresh", "--json")
    assert team.counts(said)["companies", "company"]["planned"] == 390
    assert team.submitted() == before + 1


@pytest.mark.proves(fault="bad input", promise="ends cleanly")
def test_another_account_is_noticed_before_anything_is_sent(team: Team) -> None:
    team.apply("-s", "companies")
    team.qualified.account.reset()
    said = team.apply("-s", "companies", "--full-refresh")
    assert said.code is ExitCode.FAILED
    assert "another Qualified account" in " ".join(said.err.split())
    assert team.submitted() == 0


@pytest.mark.proves(fault="bad input", promise="ends cleanly")
def test_a_field_that_is_gone_stops_its_sync_and_no_other(team: Team) -> None:
    account = team.qualified.account
    settings = account.settings
    fewer = tuple(field for field in settings.fields["company"] if field.name != "tier")
    account.configure(replace(settings, fields={**settings.fields, "company": fewer}))
    said = team.apply()
    assert said.code is ExitCode.FAILED
    rows = {(row["sync"], row["object"]): row["status"] for row in team.ledger()}
    assert rows["companies", "company"] == "stopped"
    assert rows["product_usage", "lead"] == "partial"
    assert "'tier'" in said.out
    assert "catalog pull" in " ".join(said.out.split())


@pytest.mark.proves(fault="bad input", promise="ends cleanly")
def test_an_empty_model_stops_its_sync_and_no_other(team: Team) -> None:
    team.apply()
    team.sql("DELETE FROM prod.dim_companies")
    said = team.apply()
    assert said.code is ExitCode.FAILED
    rows = {(row["sync"], row["object"]): row for row in team.ledger()}
    assert rows["companies", "company"]["status"] == "stopped"
    assert team.sql("SELECT count(*) FROM prod.dim_companies") == [(0,)]
    assert len(team.qualified.account.companies()) == 390 + 4


@pytest.mark.proves(fault="bad input", promise="ends cleanly")
def test_a_broken_guard_stops_its_sync_and_says_by_how_much(team: Team) -> None:
    team.apply("-s", "companies")
    team.sql("UPDATE prod.dim_companies SET region = 'x', tier = 'growth'")
    before = team.submitted()
    said = team.apply("-s", "companies")
    assert said.code is ExitCode.FAILED
    assert team.submitted() == before
    assert "max_changed" in said.out


@pytest.mark.proves(fault="401 or 403", promise="ends cleanly")
def test_a_bad_key_stops_at_once_and_says_what_to_do(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALIFIED_API_KEY", "not-a-key-anybody-made")
    said = team.apply()
    assert said.code is ExitCode.FAILED
    assert "QUALIFIED_API_KEY" in said.err
    assert "not-a-key-anybody-made" not in said.err + said.out
    assert len(team.qualified.account.requests()) == 1


@pytest.mark.proves(fault="401 or 403", promise="ends cleanly")
def test_a_key_without_the_bulk_scope_stops_at_once_and_names_the_scope(team: Team) -> None:
    account = team.qualified.account
    keys = {DEFAULT_KEY: ApiKey(scopes=frozenset({"lead:view"}))}
    account.configure(replace(account.settings, keys=keys))
    said = team.apply()
    assert said.code is ExitCode.FAILED
    assert "bulk_job:manage" in said.err
    assert team.submitted() == 0
    refused = [request for request in account.requests() if request.status == 403]
    assert len(refused) <= 5, "no stream after the first is tried"
    assert {row["status"] for row in team.ledger()} == {"failed", "stopped"}
    assert "+ 390 added" in team.qsync("plan", "-s", "companies").out
