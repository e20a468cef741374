"""The main job on PostgreSQL, through dbt, as on DuckDB."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from qsync.emulator.server import EmulatorServer
from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.support.dbt_project import EXAMPLE, run_dbt
from tests.support.dbt_small import write_small_project
from tests.support.warehouses import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A small project, built by dbt on PostgreSQL."""
    output = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": postgres_server.port,
        "user": "qsync",
        "password": "none",
        "dbname": postgres_server.new_database(),
        "schema": "prod",
        "threads": 1,
    }
    catalog = (EXAMPLE / "qualified_fields.yml").read_text()
    folder = write_small_project(tmp_path / "small", output, catalog)
    said = run_dbt(folder, "build")
    assert said.returncode == 0, said.stdout + said.stderr
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(folder))
    return folder


def test_the_main_job_runs_on_postgresql_as_it_does_on_duckdb(
    team: Team, qualified: EmulatorServer, project: Path
) -> None:
    planned = team.qsync("plan")
    assert planned.code is ExitCode.OK, planned.err
    assert "2 added" in planned.out
    rehearsed = team.qsync("apply", "--rehearse")
    assert rehearsed.code is ExitCode.OK, rehearsed.out + rehearsed.err
    assert "Rehearsed: 5 succeeded" in rehearsed.out
    assert "Plan: 5 to add" in team.qsync("plan").out, "and there is still no state"
    first = team.apply()
    assert first.code is ExitCode.OK, first.out + first.err

    account = qualified.account
    assert {lead.email for lead in account.leads()} == {
        "ada@acme.example",
        "bo@acme.example",
        "dee@beta.example",
    }
    ada = account.lead("ada@acme.example")
    assert ada is not None
    assert ada.values == {
        "first_name": "Ada",
        "product_score": 12.5,
        "seats_used": 3,
        "is_customer": True,
        "last_seen_at": "2026-11-02T05:00:00Z",
        "source": "warehouse",
    }
    bo = account.lead("bo@acme.example")
    assert bo is not None
    assert bo.values["last_seen_at"] == "2026-11-02T05:00:00.250000Z"
    assert {company.domain: company.values for company in account.companies()} == {
        "acme.example": {"region": "EMEA"},
        "beta.example": {"region": "APAC"},
    }

    assert "No changes." in team.qsync("plan").out
    people = project / "seeds" / "people.csv"
    people.write_text(people.read_text().replace("Ada,12.50", "Ada,13.00"))
    # With tests that qsync runs itself, between its own statements.
    (project / "models" / "_models.yml").write_text(
        "models:\n  - name: dim_leads\n    columns:\n      - name: region\n"
        "        data_tests: [not_null: {config: {severity: warn}}]\n"
    )
    sync = project / "models" / "leads.qsync.yml"
    sync.write_text(f"{sync.read_text()}    config: {{requires: {{tests: run}}}}\n")
    assert run_dbt(project, "build", "--select", "people+").returncode == 0
    before = team.submitted()
    assert team.apply().code is ExitCode.OK
    assert [job.total for job in account.jobs()[before:]] == [1]

    ledger = team.ledger()
    assert [(row["sync"], row["object"], row["status"]) for row in ledger] == [
        ("leads", "company", "succeeded"),
        ("leads", "lead", "succeeded"),
        ("leads", "company", "nothing_to_do"),
        ("leads", "lead", "succeeded"),
    ]
    assert run_dbt(project, "seed", "--select", "qsync_runs").returncode == 0


@pytest.mark.proves(fault="lock lost or rival run", promise="no row lost")
@pytest.mark.slow
def test_a_run_that_loses_its_lock_stops_and_the_next_one_settles_what_it_sent(
    team: Team, qualified: EmulatorServer, postgres_server: PostgresServer, project: Path
) -> None:
    assert team.apply().code is ExitCode.OK
    people = project / "seeds" / "people.csv"
    original = people.read_text()
    people.write_text(original.replace("Ada,12.50", "Ada,13.00"))
    assert run_dbt(project, "build", "--select", "people+").returncode == 0

    account = qualified.account
    account.configure(replace(account.settings, job_concurrency=0))
    profile = YAML(typ="safe").load(project / "profiles.yml")["small"]["outputs"]["prod"]
    with (
        contextlib.closing(postgres_server.raw(profile["dbname"])) as raw,
        ThreadPoolExecutor(1) as pool,
    ):

        def steal() -> None:
            while not account.jobs()[2:]:
                time.sleep(0.02)
            raw.cursor().execute("UPDATE qsync.qsync_lock SET epoch = epoch + 1")
            account.configure(replace(account.settings, job_concurrency=None))

        stolen = pool.submit(steal)
        said = team.apply()
        stolen.result()
        assert said.code is ExitCode.FAILED
        assert "lock was lost" in said.err
        raw.cursor().execute("UPDATE qsync.qsync_lock SET lock_id = NULL")

    # Meanwhile the row went back: only what the dead run sent makes it go again.
    people.write_text(original)
    assert run_dbt(project, "build", "--select", "people+").returncode == 0
    ada = account.lead("ada@acme.example")
    assert ada is not None
    assert ada.values["product_score"] == 13
    again = team.apply("--json")
    assert again.code is ExitCode.OK, again.err
    assert ada.values["product_score"] == 12.5
    assert [row["status"] for row in team.ledger()].count("interrupted") == 1
