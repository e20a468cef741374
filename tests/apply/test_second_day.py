"""The day after: only what changed goes, and the ledger comes back into dbt."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.support.dbt_project import run_dbt

# What the example's generator does overnight, worked out from its own code, not from qsync's.
ADDED_LEADS = 25 + 1 + 3  # new people, a mended address, and three that were rejected on day one
CHANGED_LEADS = 60
REMOVED_LEADS = 15


def _streams(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (sync["name"], stream["object"]): stream
        for sync in document["syncs"]
        for stream in sync["streams"]
    }


def test_the_second_day_sends_what_changed_overnight_and_dbt_can_query_it(team: Team) -> None:
    team.apply()
    subprocess.run(
        [sys.executable, "scripts/make_data.py", "--day", "2", "--into", "seeds"],
        cwd=team.project,
        check=True,
    )
    built = run_dbt(team.project, "build", "--target", "prod", "--exclude", "qsync_runs+")
    assert built.returncode == 0, built.stdout

    planned = team.qsync("plan", "--json", "--detailed-exitcode")
    assert planned.code is ExitCode.CHANGES
    streams = _streams(planned.document)
    leads = streams["leads", "lead"]
    assert leads["counts"]["added"] == ADDED_LEADS
    assert leads["counts"]["changed"] == CHANGED_LEADS
    assert leads["counts"]["removed"] == REMOVED_LEADS
    assert leads["counts"]["retried"] == 2
    fields = {entry["field"]: entry for entry in leads["fields"]}
    assert (fields["job_title"]["changed"] + fields["job_title"]["set"]) == 28
    assert fields["job_title"]["cleared"] == 4
    companies = streams["companies", "company"]["counts"]
    assert (companies["added"], companies["changed"], companies["removed"]) == (2, 4, 1)

    applied = team.apply("--json")
    assert applied.code is ExitCode.PARTIAL
    counts = team.counts(applied)
    assert counts["leads", "lead"]["planned"] == ADDED_LEADS + CHANGED_LEADS
    assert counts["leads", "lead"]["rejected"] == 2
    assert counts["companies", "company"]["planned"] == 6

    selected = ["--select", "qsync_runs+", "qsync_rejections"]
    loaded = run_dbt(team.project, "build", "--target", "prod", *selected)
    assert loaded.returncode == 0, loaded.stdout
    health = team.sql("SELECT sync, object, health FROM prod.qsync_health ORDER BY 1, 2")
    assert [row[:2] for row in health] == [
        ("companies", "company"),
        ("leads", "company"),
        ("leads", "lead"),
        ("product_usage", "lead"),
    ]
    assert team.sql("SELECT count(*) FROM prod.qsync_runs") == [(8,)]
    rejections = team.sql(
        "SELECT sync, object, field, attempts, resting, match_key LIKE '%@%', "
        "last_at >= first_at FROM prod.qsync_rejections WHERE sync = 'leads'"
    )
    assert rejections == [("leads", "lead", "phone", 2, True, True, True)] * 2
