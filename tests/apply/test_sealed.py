"""`qsync plan --out`, `show` and `apply PLAN`: exactly what was looked at, once, or nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Said, Team
from tests.cli.kit import flat

CANARY = "ada.abara@rookhaven-robotics.example"


def _words(said: Said) -> str:
    return flat(said.err)


def _details(team: Team, run_id: str) -> list[str]:
    rows = team.sql("SELECT details FROM qsync.qsync_runs WHERE run_id = ?", run_id)
    return [str(row[0]) for row in rows]


def _plan(team: Team, *words: str) -> Path:
    path = team.project / "plan.json"
    assert team.qsync("plan", "--out", str(path), *words).code is ExitCode.OK
    return path


def test_a_sealed_plan_is_applied_as_it_is_without_asking_and_only_once(team: Team) -> None:
    said = team.qsync("plan", "--out", "first.json", "-s", "companies")
    assert "qsync apply first.json" in said.err
    path = team.project / "first.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shown = team.qsync("show", "first.json")
    assert shown.out == said.out
    assert team.qsync("show", "first.json", "--markdown").out.startswith("<!-- qsync plan -->")
    # What the file knows is enough: not even a project is needed to look at it.
    assert CANARY.encode() not in path.read_bytes()
    assert b"@" not in path.read_bytes()
    # The plan's target is meant, whatever the default is.
    done = team.qsync("apply", "first.json")
    assert done.code is ExitCode.OK, done.err
    assert team.submitted() == 1
    (row,) = team.ledger()
    assert (row["sync"], row["rows_succeeded"]) == ("companies", "390")
    again = team.qsync("apply", "first.json")
    assert again.code is ExitCode.FAILED
    assert f"This plan was applied before, by run {row['run_id']}" in _words(again)
    assert team.submitted() == 1


@pytest.mark.slow
def test_a_plan_whose_rows_or_state_moved_is_refused_and_says_which(team: Team) -> None:
    team.apply("-s", "companies")
    team.sql("UPDATE prod.dim_companies SET industry = 'retail' WHERE domain LIKE 'a%'")
    path = _plan(team, "-s", "companies")
    submitted = team.submitted()
    # As many rows as before, and one of them with another value.
    one = "domain LIKE 'ashenford-sy%'"
    team.sql(f"UPDATE prod.dim_companies SET industry = 'education' WHERE {one}")
    said = team.qsync("apply", str(path))
    assert said.code is ExitCode.FAILED
    assert "The plan is stale" in said.err
    assert "rows: of companies: as many as before, and others" in _words(said)
    tables = team.sql("SELECT table_name FROM information_schema.tables")
    assert not [name for (name,) in tables if name.startswith("stage_")]

    path = _plan(team, "-s", "companies")
    assert team.apply("-s", "companies").code is ExitCode.OK
    after = team.submitted()
    assert after == submitted + 1
    said = team.qsync("apply", str(path))
    assert "state: of companies: run 2" in _words(said)
    assert team.submitted() == after


def test_a_plan_whose_files_moved_is_refused_before_anything_is_asked_for(
    team: Team,
) -> None:
    path = _plan(team, "-s", "companies")
    requests = len(team.qualified.account.requests())
    team.edit("companies.qsync.yml", "version: 1", "version: 1\n# a comment changes nothing")
    team.edit("companies.qsync.yml", "on_null: clear", "on_null: keep")
    catalog = team.project / "qualified_fields.yml"
    catalog.write_text(catalog.read_text().replace("label: Industry", "label: Trade"))
    said = team.qsync("apply", str(path), "--max-age", "1h")
    assert said.code is ExitCode.FAILED
    assert "sync files: sync companies is declared otherwise" in _words(said)
    assert "field catalog" not in said.err  # a label is no part of what is sent
    assert len(team.qualified.account.requests()) == requests
    team.edit("companies.qsync.yml", "on_null: keep", "on_null: clear")
    said = team.qsync("apply", str(path), "--target", "dev")
    assert "Target 'dev' may not write" in _words(said)
    said = team.qsync("apply", str(path), "--max-age", "0s")
    assert "The plan was made" in said.err
    said = team.qsync("apply", str(path), "--limit", "3")
    assert "PLAN says what is applied" in flat(said.err)
    assert team.submitted() == 0


def test_broken_guards_are_overridden_by_naming_the_plan_and_that_is_recorded(team: Team) -> None:
    team.apply("-s", "companies")
    team.sql("UPDATE prod.dim_companies SET industry = 'retail' WHERE domain LIKE 'a%'")
    team.edit("companies.qsync.yml", "max_invalid: 5%", "max_changed: 1\n        max_invalid: 5%")
    document = team.qsync("plan", "-s", "companies", "--json").document
    digest = document["digest"]
    said = team.qsync("plan", "-s", "companies")
    assert f"qsync apply --target prod --override-guards {digest}" in flat(said.out)
    stopped = team.apply("-s", "companies")
    assert stopped.code is ExitCode.FAILED
    before = team.submitted()
    wrong = team.apply("-s", "companies", "--override-guards", "000000000000")
    assert "and this is another" in _words(wrong)
    # As many records of the same kind, and one of them with another value: not what was meant.
    one = "domain LIKE 'ashenford-sy%'"
    team.sql(f"UPDATE prod.dim_companies SET industry = 'education' WHERE {one}")
    other = team.apply("-s", "companies", "--override-guards", digest)
    assert "and this is another" in _words(other)
    team.sql(f"UPDATE prod.dim_companies SET industry = 'retail' WHERE {one}")
    assert team.submitted() == before
    sent = team.apply("-s", "companies", "--override-guards", digest)
    assert sent.code is ExitCode.OK, sent.err
    assert "Guard max_changed overridden" in flat(sent.out)
    assert team.submitted() == before + 1
    (details,) = _details(team, team.ledger()[-1]["run_id"])
    assert f'"overridden":{{"guards":["max_changed"],"plan":"{digest}"}}' in details


def test_too_many_rejects_stop_their_sync_midway_and_no_other(team: Team) -> None:
    team.edit("leads.qsync.yml", "max_invalid: 2%", "max_rejected: 1\n        max_invalid: 2%")
    said = team.apply("-s", "leads companies")
    assert said.code is ExitCode.FAILED
    assert "guard max_rejected: 3 of 2,474 were rejected" in flat(said.out)
    statuses = {(row["sync"], row["object"]): row["status"] for row in team.ledger()}
    assert statuses["leads", "lead"] == "stopped"
    assert statuses["companies", "company"] == "succeeded"


def test_a_plan_that_was_edited_is_not_applied_though_its_id_was_made_anew(team: Team) -> None:
    from qsync.execution.sealed_file import _id

    path = _plan(team, "-s", "companies")

    def edited(edit: Callable[[dict[str, Any]], None]) -> Said:
        document = orjson.loads(path.read_bytes())
        edit(document)
        document["id"] = _id({key: value for key, value in document.items() if key != "id"})
        other = team.project / "edited.json"
        other.write_bytes(orjson.dumps(document))
        return team.qsync("apply", str(other))

    shown = edited(lambda plan: plan["plan"]["syncs"][0]["streams"][0]["counts"].update(added=1))
    assert "The plan file shows other changes than it seals" in _words(shown)
    assert "it is not as qsync wrote it" in _words(
        edited(lambda plan: plan["options"].update(limit="x"))
    )
    assert "it is not as qsync wrote it" in _words(
        edited(lambda plan: plan["plan"].update(syncs=[{}]))
    )
    fewer = edited(lambda plan: plan["options"].update(limit=3))
    assert "The plan file shows other changes than it seals" in _words(fewer)
    assert team.submitted() == 0


def test_a_plan_of_which_nothing_was_sent_is_not_used_up(team: Team) -> None:
    team.edit("companies.qsync.yml", "max_invalid: 5%", "max_added_rows: 3")
    path = _plan(team, "-s", "companies")
    digest = team.qsync("show", str(path), "--json").document["digest"]
    assert team.qsync("apply", str(path)).code is ExitCode.FAILED
    assert team.submitted() == 0
    said = team.qsync("apply", str(path), "--override-guards", digest)
    assert said.code is ExitCode.OK, said.err
    assert team.submitted() == 1
    assert "applied before" in team.qsync("apply", str(path), "--override-guards", digest).err
