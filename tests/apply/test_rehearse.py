"""`qsync apply --rehearse`: the whole apply, and nothing of it left behind."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from qsync.cli import rehearsing
from qsync.cli.entry import run
from qsync.emulator import Account, EmulatorSettings, LoggedRequest
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.skipping import SkippingClock
from qsync.exit_codes import ExitCode
from qsync.fields import Field, FieldCatalog
from tests.apply.kit import Team, texts_under
from tests.support.fake_stage import FakeStage, context, people

HEADER = "Rehearsal: nothing left this process."


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a key nor any way out of the process."""

    def unreachable(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.delenv("QUALIFIED_API_KEY", raising=False)
    monkeypatch.setattr(socket.socket, "connect", unreachable)
    monkeypatch.setattr(socket.socket, "connect_ex", unreachable)


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """The accounts that rehearsals talk to, which keep what they are asked."""
    made: list[Account] = []

    class Remembering(Account):
        def __init__(self, settings: EmulatorSettings, **more: Any) -> None:
            super().__init__(replace(settings, keep_bodies=True, log_size=1_000), **more)
            made.append(self)

    monkeypatch.setattr(rehearsing, "Account", Remembering)
    return made


def test_it_needs_no_key_and_leaves_everything_as_it_was(team: Team, offline: None) -> None:
    tables, files = _rows(team), _files(team)
    said = team.qsync("apply", "--rehearse", "--json")
    assert said.code is ExitCode.OK, said.err
    document = said.document
    schema = Path(__file__).parents[2] / "schemas" / "run.schema.json"
    jsonschema.validate(document, json.loads(schema.read_text()))
    assert document["rehearsal"] is True
    assert document["ledger"] == {"seed": None, "table": None}
    assert (document["summary"]["succeeded"], document["summary"]["invalid"]) == (4_650, 45)
    assert (_rows(team), _files(team)) == (tables, files)
    assert not (team.project / "target" / "qsync" / "journal").exists()
    assert team.qualified.account.requests() == []


@pytest.mark.slow
def test_what_it_checks_is_what_apply_then_sends_on_every_day(
    team: Team, rehearsed: list[Account]
) -> None:
    account = team.qualified.account
    account.configure(replace(account.settings, keep_bodies=True))
    team.qsync("apply", "--rehearse", "-s", "leads")
    team.apply("-s", "leads")
    first = _items(account.requests())
    assert len(first) == 370 + 2_474
    assert _items(rehearsed[0].requests()) == first

    team.sql(
        "UPDATE prod.dim_leads SET job_title = NULL WHERE email IN "
        "(SELECT email FROM prod.dim_leads WHERE job_title IS NOT NULL ORDER BY email LIMIT 9)"
    )
    before, asked = _rows(team), len(account.requests())
    said = team.qsync("apply", "--rehearse", "-s", "leads")
    assert _rows(team) == before
    assert "cleared" in said.out
    team.apply("-s", "leads")
    second = _items(account.requests()[asked:])
    assert 0 < len(second) < 20
    assert _items(rehearsed[1].requests()) == second


def test_it_shows_the_plan_and_then_says_that_nothing_was_sent(team: Team) -> None:
    said = team.qsync("apply", "--rehearse", "-s", "companies", "--limit", "10", "--full-refresh")
    assert said.code is ExitCode.OK
    plan, run_ = said.out.split(HEADER)
    assert "Plan: 390 to add" in plan
    assert "10 succeeded" in run_
    assert "380 not rehearsed" in run_
    assert run_.count("shows only in an apply") == 1
    assert "Rehearsed: 10 succeeded, 0 rejected, 0 unknown, 380 unsent" in run_
    for claim in ("Applied", "Recorded in", "next run", "have activity"):
        assert claim not in said.out


def test_a_record_that_does_not_fit_the_catalog_is_rejected_with_its_reason(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = rehearsing.emulated_settings

    def stricter(catalog: FieldCatalog) -> EmulatorSettings:
        """As if the plan had let through what the catalog does not have."""
        settings = strict(catalog)
        fields = tuple(
            replace(item, options=item.options[1:]) if item.name == "industry" else item
            for item in settings.fields["company"]
            if item.name != "tier"
        )
        return replace(settings, fields={**settings.fields, "company": fields})

    # Asked once more before it begins, it would notice the field that is gone.
    monkeypatch.setattr("qsync.execution.planner.drift", lambda *_: None)
    monkeypatch.setattr(rehearsing, "emulated_settings", stricter)
    said = team.qsync("apply", "--rehearse", "-s", "companies")
    assert said.code is ExitCode.PARTIAL
    words = " ".join(said.out.split())
    assert "Rejected, by reason: companies (company)" in words
    assert "tier is not a field of company" in words
    assert "industry is not one of the options" in words
    assert "pull the catalog if it is old" in words
    assert "rests" not in words


def test_a_guard_stops_it_as_it_would_stop_the_apply_and_can_be_overridden(team: Team) -> None:
    team.apply("--baseline", "-s", "companies")
    team.sql("UPDATE prod.dim_companies SET region = 'x', tier = 'growth'")
    said = team.qsync("apply", "--rehearse", "-s", "companies")
    assert said.code is ExitCode.FAILED
    assert "max_changed" in said.out
    assert "Rehearsed: 0 succeeded" in said.out
    digest = re.search(r"--override-guards\s+(\w+)", said.out)
    assert digest is not None
    said = team.qsync("apply", "--rehearse", "-s", "companies", "--override-guards", digest[1])
    assert said.code is ExitCode.OK, said.out + said.err
    assert "Rehearsed: 270 succeeded" in said.out


def test_any_target_may_rehearse_and_without_state_everything_is_a_first_load(
    team: Team, offline: None
) -> None:
    settings = team.project / "qsync.yml"
    settings.write_text(settings.read_text().replace("[prod]", "[live]"))
    assert team.apply("-s", "companies").code is ExitCode.FAILED
    said = team.qsync("apply", "--rehearse", "-s", "companies")
    assert said.code is ExitCode.OK
    assert "Rehearsed: 390 succeeded" in said.out


def test_tests_that_apply_would_run_are_announced_and_not_run(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.edit("companies.qsync.yml", "    config:\n", "    config:\n      requires: {tests: run}\n")
    monkeypatch.setattr("qsync.warehouse.dbt_tests.run_dbt_tests", None)
    said = team.qsync("apply", "--rehearse", "-s", "companies")
    assert said.code is ExitCode.OK, said.out
    assert "apply runs" in " ".join(said.out.split())


@pytest.mark.parametrize("words", [("apply", "--auto-approve"), ("apply", "--rehearse")])
def test_a_plan_that_cannot_be_made_is_explained(team: Team, words: tuple[str, ...]) -> None:
    team.sql("ALTER TABLE prod.dim_companies DROP COLUMN tier")
    said = team.qsync(*words, "-s", "companies")
    assert said.code is ExitCode.FAILED
    assert "companies.qsync.yml" in said.err
    assert "tier" in said.err


@pytest.mark.parametrize(
    "words",
    [("--baseline",), ("--max-requests", "10"), ("--max-time", "10m"), ("plan.qsync.json",)],
    ids=lambda words: words[0],
)
def test_it_refuses_what_a_rehearsal_does_not_know(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["apply", "--rehearse", *words]) == ExitCode.USAGE
    named = words[0] if words[0].startswith("--") else "PLAN"
    assert f"leave {named} out" in " ".join(capsys.readouterr().err.split())


def test_what_serves_the_emulator_need_not_be_installed() -> None:
    blocked = "sys.modules.update(dict.fromkeys(('starlette', 'uvicorn')))"
    code = f"import sys; {blocked}; import qsync.cli.rehearsing"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_thousands_of_records_wait_for_nothing_and_are_forgotten() -> None:
    stage = FakeStage(people(5_000))
    catalog = FieldCatalog(lead=(Field("phone", "Phone", "phone"),))

    async def main() -> tuple[DeliveryResult, int]:
        clock = SkippingClock()
        async with rehearsing.emulated_client(catalog, clock) as client:
            result = await deliver(
                stage.stage,
                warehouse=stage.warehouse,
                in_warehouse=stage.in_warehouse,
                api=client,
                clock=clock,
                context=context,
                progress=lambda _: None,
                stop=asyncio.Event(),
            )
            return result, client.tally.requests

    begun = time.monotonic()
    result, requests = asyncio.run(main())
    assert (result.succeeded, result.jobs) == (5_000, 10)
    assert requests <= 25
    # Ten submits and polls of jobs that are read after a quarter of a second at the earliest.
    assert time.monotonic() - begun < 10


def _items(requests: Iterable[LoggedRequest]) -> list[str]:
    """What was submitted, as texts; the run's id is in no item's value."""
    found = []
    for request in requests:
        if (request.method, request.path) == ("POST", "/v2/bulk"):
            items = json.loads(request.body or b"")["items"]
            found += [json.dumps({**item, "request_id": None}) for item in items]
    return sorted(found)


def _rows(team: Team) -> dict[str, int]:
    """Every table with how many rows it has."""
    tables = team.sql(
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
    )
    return {
        f"{schema}.{name}": team.sql(f'SELECT count(*) FROM "{schema}"."{name}"')[0][0]
        for schema, name in tables
    }


def _files(team: Team) -> dict[Path, bytes]:
    """Every file, but for the database's and those that dbt writes when it is asked anything."""
    own = team.project / "target" / "qsync" / "dbt"
    return {
        path: held
        for path, held in texts_under(team.project, (".duckdb", ".wal", ".log")).items()
        if not path.is_relative_to(own)
    }
