"""The report's document says what the ledger says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from qsync.ledger.record import RunRecord, RunStatus
from qsync.project.model import Project
from qsync.schema_check import load_schema
from tests.report import kit

COUNTS = ("planned", "succeeded", "rejected", "unknown", "invalid_late", "unsent", "invalid")


def _schema(name: str) -> dict[str, Any]:
    folder = Path(__file__).parents[2] / "schemas"
    schema: dict[str, Any] = json.loads((folder / f"{name}.schema.json").read_text("utf-8"))
    return schema


def _check(document: dict[str, Any]) -> None:
    Draft7Validator(_schema("report")).validate(json.loads(json.dumps(document)))
    run = _schema("run")
    stream = Draft7Validator({"$ref": "#/definitions/stream", "definitions": run["definitions"]})
    for entry in document["runs"]:
        for item in entry["streams"]:
            stream.validate(item)
    if document["plan"] is not None:
        Draft7Validator(load_schema("plan")).validate(document["plan"])


def _summed(records: Sequence[RunRecord]) -> dict[str, int]:
    return {name: sum(getattr(item, f"rows_{name}") for item in records) for name in COUNTS}


def test_it_fits_its_schema_with_and_without_runs_warehouse_and_catalog(
    document: dict[str, Any], declared: Project
) -> None:
    _check(document)
    _check(kit.document(declared, records=[], rejects=(), catalog=None))
    _check(kit.document(declared, rejects=None, source="seed", target=None))


def test_its_numbers_are_the_ledgers_in_sum_by_run_and_by_sync(document: dict[str, Any]) -> None:
    records = kit.month()
    assert document["summary"]["counts"] == _summed(records)
    assert document["summary"]["requests"] == sum(record.requests for record in records)
    assert len(document["runs"]) == document["summary"]["runs"] == kit.RUNS
    for run in document["runs"]:
        of_run = [record for record in records if record.run_id == run["run_id"]]
        assert run["counts"] == _summed(of_run)
        assert len(run["streams"]) == len(of_run)
        for part in run["syncs"]:
            own = [record for record in of_run if record.sync == part["sync"]]
            assert part["counts"] == _summed(own)
            assert part["requests"] == sum(record.requests for record in own)
    assert sum(day["requests"] for day in document["quota"]["days"]) == sum(
        record.requests for record in records
    )


def test_each_health_word_comes_from_the_runs(document: dict[str, Any]) -> None:
    assert {sync["name"]: sync["health"] for sync in document["syncs"]} == {
        "churn_scores": "late",
        "companies": "ok",
        "leads": "rejecting",
        "product_usage": "failing",
    }
    assert document["summary"]["health"] == {
        "failing": 1,
        "late": 1,
        "rejecting": 1,
        "ok": 1,
        "never_run": 0,
        "disabled": 0,
    }


def test_what_has_never_run_or_is_disabled_is_told_as_such(declared: Project) -> None:
    off, *others = declared.syncs
    off = replace(off, config=replace(off.config, enabled=False))
    project = replace(declared, syncs=(off, *others))
    found = kit.document(project, records=[], rejects=())
    assert [sync["health"] for sync in found["syncs"]] == ["disabled"] + ["never_run"] * 3
    assert found["quota"]["busiest_day"] is None
    assert found["rejects"]["standing"] == []


@pytest.mark.parametrize(("hours", "health"), [(3.9, "ok"), (4.1, "late")])
def test_a_sync_is_late_exactly_when_its_last_complete_run_is_longer_ago(
    declared: Project, hours: float, health: str
) -> None:
    began = max(item.started_at for item in kit.month() if item.sync == "companies")
    now = began + timedelta(hours=hours)
    found = kit.document(declared, now=now, late_after=4 * 3_600)
    assert {sync["name"]: sync["health"] for sync in found["syncs"]}["companies"] == health


def test_a_run_that_is_under_way_does_not_hide_how_the_last_one_ended(declared: Project) -> None:
    records = kit.month()
    last = max((item for item in records if item.sync == "companies"), key=lambda i: i.started_at)
    running = replace(
        last, run_id="now", status=RunStatus.RUNNING, started_at=kit.NOW, finished_at=None
    )
    found = kit.document(declared, records=[*records, running])
    companies = next(sync for sync in found["syncs"] if sync["name"] == "companies")
    assert companies["health"] == "ok"
    assert companies["last_run"]["status"] == companies["strip"][-1]["status"] == "running"
    assert found["runs"][-1]["seconds"] is None


def test_one_failed_object_makes_its_syncs_run_a_failed_one(declared: Project) -> None:
    records = kit.month()
    last = max(
        (item for item in records if (item.sync, item.object) == ("leads", "company")),
        key=lambda item: item.started_at,
    )
    changed = [replace(item, status=RunStatus.FAILED) if item is last else item for item in records]
    found = kit.document(declared, records=changed)
    assert {sync["name"]: sync["health"] for sync in found["syncs"]}["leads"] == "failing"


@settings(max_examples=12)
@given(shown=st.integers(1, 40), order=st.randoms(use_true_random=False))
def test_whatever_the_order_the_newest_runs_are_shown_and_the_others_counted(
    declared: Project, document: dict[str, Any], shown: int, order: Any
) -> None:
    records = kit.month()
    order.shuffle(records)
    found = kit.document(declared, records=records, runs=shown)
    assert found["runs"] == document["runs"][-shown:]
    assert found["summary"]["runs_left_out"] == max(0, kit.RUNS - shown)
    # Health is of all runs, shown or not.
    assert found["syncs"] == document["syncs"]


def test_without_the_warehouse_rejects_are_those_of_each_syncs_last_run(declared: Project) -> None:
    found = kit.document(declared, rejects=None, source="seed")["rejects"]
    newest = max(item.run_id for item in kit.month())
    expected = {
        (item.sync, item.object, reason): rows
        for item in kit.month()
        if item.run_id == newest
        for reason, rows in item.details.get("rejects", {}).items()
    }
    assert expected
    assert found["now"] is False
    assert {
        (item["sync"], item["object"], item["reason"]): item["rows"] for item in found["standing"]
    } == expected


def test_a_sync_of_the_ledger_that_nobody_declares_is_named(declared: Project) -> None:
    fewer = replace(declared, syncs=declared.syncs[1:])
    assert kit.document(fewer)["undeclared"] == [declared.syncs[0].name]


def test_the_mapping_has_types_the_match_key_constants_and_nulls(document: dict[str, Any]) -> None:
    leads = next(sync for sync in document["syncs"] if sync["name"] == "leads")["mapping"]
    lead, company = leads["streams"]
    fields = {field["field"]: field for field in lead["fields"]}
    assert (lead["match"]["column"], lead["match"]["column_type"]) == ("email", "varchar")
    assert (fields["job_title"]["type"], fields["job_title"]["on_null"]) == ("string", "clear")
    assert (fields["source"]["column"], fields["source"]["constant"]) == (None, '"warehouse"')
    assert fields["lifecycle_stage"]["options"] > 3
    assert company["match"] == {"field": "domain", "column": "company_domain", "column_type": None}
    churn = next(sync for sync in document["syncs"] if sync["name"] == "churn_scores")
    assert churn["mapping"]["streams"][0]["fields"][0]["type"] is None
