"""The dbt package over a ledger in which everything happened, built by dbt on both warehouses."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
from ruamel.yaml import YAML

from qsync.ledger import RunRecord, RunStatus
from qsync.ledger.properties import seed_properties
from qsync.ledger.rows import row_of
from qsync.ledger.seed import write_seed
from tests.support.dbt_project import REPOSITORY, run_dbt
from tests.support.runs import START, a_record
from tests.support.warehouses import PostgresServer

NOW = START + timedelta(hours=30)
"""Everybody's threshold is 26 hours."""

THRESHOLDS = {"patient": {"stale_after_hours": 100}, "strict": {"max_reject_share": 0.001}}

TESTS: dict[str, tuple[str, dict[str, object], int]] = {
    "all_within": ("synced_within", {"hours": 26}, 3),
    "recent_within": ("synced_within", {"hours": 26, "sync": "recent"}, 0),
    "old_within": ("synced_within", {"hours": 26, "sync": "old", "object": "lead"}, 1),
    "absent_within": ("synced_within", {"hours": 26, "sync": "absent"}, 1),
    "elsewhere": ("synced_within", {"hours": 26, "sync": "recent", "target": "dev"}, 1),
    "all_below": ("reject_rate_below", {"share": 0.5}, 0),
    "strict_below": ("reject_rate_below", {"share": 0.005, "sync": "strict"}, 1),
    "quiet_below": ("reject_rate_below", {"share": 0.005, "sync": "recent"}, 0),
}
"""Generic tests of the seed: what they are called, what they are and how many rows they find."""


def _run(
    sync: str, ended: RunStatus, hours_ago: float, name: str = "1", **columns: Any
) -> RunRecord:
    """A run that began so long ago and took two seconds."""
    rows = {
        name: columns.pop(name) for name in ("rows_in_model", "rows_resting") if name in columns
    }
    started = NOW - timedelta(hours=hours_ago)
    seconds = None if ended is RunStatus.RUNNING else 2.0
    record = a_record(
        sync, "lead", ended, run_id=f"{sync}-{name}", started=started, seconds=seconds, **columns
    )
    return replace(record, **{"rows_in_model": 1_000, **rows})


def _ledger() -> list[RunRecord]:
    done, part, dead = RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED
    return [
        _run("recent", done, 1, succeeded=10),
        _run("old", done, 27, succeeded=10),
        _run("patient", done, 27, succeeded=10),
        _run("broken", done, 3, succeeded=10),
        _run("broken", dead, 1, "2", unsent=5),
        _run("refused", part, 1, succeeded=5, rejected=5),
        _run("strict", part, 1, succeeded=5, rejected=5),
        _run("resting", done, 1, succeeded=5, rows_resting=20),
        _run("mended", dead, 2, unsent=5),
        _run("mended", RunStatus.NOTHING_TO_DO, 1, "2"),
        _run("busy", done, 2, succeeded=3),
        _run("busy", RunStatus.RUNNING, 0.1, "2"),
        _run("first", RunStatus.RUNNING, 0.1),
    ]


HEALTH = {
    "recent": "ok",
    "old": "failing",
    "patient": "ok",
    "broken": "failing",
    "refused": "warning",
    "strict": "failing",
    "resting": "failing",
    "mended": "ok",
    "busy": "ok",
    "first": "warning",
}


@dataclass(frozen=True)
class Built:
    """What dbt made of it."""

    folder: Path
    profile: dict[str, Any]
    statuses: dict[str, str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        if self.profile["type"] == "duckdb":
            with duckdb.connect(self.profile["path"], read_only=True) as raw:
                return raw.execute(sql).fetchall()
        port, name = self.profile["port"], self.profile["dbname"]
        raw = psycopg2.connect(host="127.0.0.1", port=port, user="qsync", dbname=name)
        try:
            cursor = raw.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            raw.close()


def _project(folder: Path, profile: dict[str, Any]) -> Built:
    for name in ("seeds", "models"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(REPOSITORY / "dbt_package", folder / "dbt_packages" / "qsync")
    as_of = NOW.strftime("%Y-%m-%d %H:%M:%S")
    settings = {
        "name": "small",
        "version": "1.0.0",
        "profile": "small",
        "vars": {"qsync_as_of": as_of, "qsync_thresholds": THRESHOLDS},
    }
    documents: dict[str, Any] = {
        "dbt_project.yml": settings,
        "packages.yml": {"packages": [{"local": "./dbt_packages/qsync"}]},
        "profiles.yml": {"small": {"target": "prod", "outputs": {"prod": profile}}},
    }
    write_seed(folder / "seeds" / "qsync_runs.csv", [row_of(record) for record in _ledger()])
    properties = YAML(typ="safe").load(seed_properties(adapter=profile["type"]))
    # A warning: an error would keep `dbt build` from building what stands on the seed.
    properties["seeds"][0]["data_tests"] += [
        {f"qsync.{test}": {"name": name, "arguments": given, "config": {"severity": "warn"}}}
        for name, (test, given, _) in TESTS.items()
    ]
    properties["seeds"][0]["data_tests"].append("qsync.every_row_accounted_for")
    documents["seeds/qsync_runs.yml"] = properties
    for name, document in documents.items():
        with (folder / name).open("w") as file:
            YAML(typ="safe").dump(document, file)
    said = run_dbt(folder, "build")
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    assert said.returncode == 0, said.stdout
    return Built(folder, profile, statuses)


@pytest.fixture(
    scope="module",
    params=["duckdb", pytest.param("postgres", marks=[pytest.mark.slow, pytest.mark.postgres])],
)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package, built once on each warehouse."""
    folder = tmp_path_factory.mktemp("package") / "small"
    if request.param == "duckdb":
        profile = {"type": "duckdb", "path": str(folder / "small.duckdb"), "schema": "prod"}
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        profile = {
            "type": "postgres",
            "host": "127.0.0.1",
            "port": server.port,
            "user": "qsync",
            "password": "none",
            "dbname": server.new_database(),
            "schema": "prod",
            "threads": 1,
        }
    return _project(folder, profile)


def test_health_says_of_each_sync_how_it_is_doing(built: Built) -> None:
    assert dict(built.rows("select sync, health from prod.qsync_health")) == HEALTH


def test_health_counts_hours_from_the_end_of_the_last_run_that_came_to_its_end(
    built: Built,
) -> None:
    found = built.rows(
        "select sync, runs, last_run_id, hours_since_last_complete, is_running "
        "from prod.qsync_health where sync in ('broken', 'busy', 'first') order by sync"
    )
    told = [(*row[:3], None if row[3] is None else float(row[3]), row[4]) for row in found]
    assert told == [
        ("broken", 2, "broken-2", 3.0, False),
        ("busy", 2, "busy-1", 2.0, True),
        ("first", 1, "first-1", None, True),
    ]


def test_the_share_of_rejects_is_of_the_records_in_the_model(built: Built) -> None:
    found = dict(built.rows("select sync, reject_share from prod.qsync_health"))
    assert float(found["refused"]) == pytest.approx(0.005)
    assert float(found["resting"]) == pytest.approx(0.02)
    assert float(found["recent"]) == 0


def test_the_staging_model_has_every_row_and_column_of_the_ledger(built: Built) -> None:
    rows = built.rows("select run_id, seconds, is_success, is_complete from prod.stg_qsync__runs")
    assert len(rows) == len(_ledger())
    told = {row[0]: row[1:] for row in rows}
    assert told["recent-1"] == (2, 1, 1)
    assert told["refused-1"] == (2, 0, 1)
    assert told["broken-2"] == (2, 0, 0)
    assert told["first-1"] == (None, 0, 0)


@pytest.mark.parametrize("name", TESTS)
def test_a_generic_test_fails_for_the_syncs_it_is_about(built: Built, name: str) -> None:
    results = json.loads((built.folder / "target" / "run_results.json").read_text())["results"]
    (found,) = (item for item in results if item["unique_id"].split(".")[2] == name)
    failures = TESTS[name][2]
    assert (found["status"], found["failures"]) == ("warn" if failures else "pass", failures)


def test_rows_that_are_not_accounted_for_would_be_found(built: Built) -> None:
    found = [status for name, status in built.statuses.items() if "accounted_for" in name]
    assert found == ["pass", "pass"], "of the seed and of the staging model"
    path = built.folder / "target" / "compiled" / "small" / "seeds"
    (compiled,) = path.rglob("*every_row_accounted_for*.sql")
    sql = compiled.read_text().replace("rows_unsent", "rows_unsent + 1")
    assert len(built.rows(sql)) == len([run for run in _ledger() if run.finished_at])


def test_rejections_are_empty_and_no_error_before_there_is_any_state(built: Built) -> None:
    assert built.rows("select sync, match_key, resting from prod.qsync_rejections") == []


@pytest.mark.slow
def test_runs_are_read_from_a_source_that_has_to_be_named_rightly(built: Built) -> None:
    said: subprocess.CompletedProcess[str] = run_dbt(
        built.folder, "parse", "--vars", "{qsync_runs_from: csv}"
    )
    assert said.returncode != 0
    assert "it must be 'seed' or 'state'" in said.stdout
