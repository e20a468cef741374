"""Gates on dbt's tests, with dbt itself: shown by plan, enforced by apply."""

from __future__ import annotations

from pathlib import Path

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.cli.kit import flat

RUNS = "    config:\n      requires: {tests: run}\n"
PASSED = "    config:\n      requires: {tests: passed, max_age: 7d}\n"


def test_a_failing_test_stops_its_sync_before_anything_is_written_and_the_others_run(
    team: Team, project: Path
) -> None:
    own = [project / "target" / name for name in ("run_results.json", "manifest.json")]
    before = [path.read_bytes() for path in own]
    for name, requires in (("leads", RUNS), ("companies", RUNS), ("product_usage", PASSED)):
        team.edit(f"{name}.qsync.yml", "    config:\n", requires)
    team.sql("UPDATE prod.dim_leads SET lead_id = (SELECT min(lead_id) FROM prod.dim_leads)")

    said = team.apply()
    assert said.code is ExitCode.FAILED
    words = flat(said.out)
    reason = "`requires: {tests: run}`: test 'unique_dim_leads_lead_id' failed (1 row, models/marts"
    assert f"Blocked: {reason}/_marts.yml) in `dbt test` of" in words
    assert "which is allowed, in `dbt test` of" in words, "those of companies"
    assert "which is allowed, in `dbt build` of" in words, "those of product_usage"
    assert "Running dbt's tests of" in flat(said.err)
    assert {(row["sync"], row["status"]) for row in team.ledger()} == {
        ("companies", "succeeded"),
        ("leads", "stopped"),
        ("product_usage", "partial"),
    }
    tables = {str(name) for (name,) in team.sql("SELECT table_name FROM duckdb_tables()")}
    assert not {name for name in tables if name.startswith(("state_leads", "stage_"))}
    assert [path.read_bytes() for path in own] == before, "dbt's own files are the user's"
