"""A month of a team with four syncs: the ledger's records, what stands rejected, the project."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qsync.execution.ports import RejectSummary
from qsync.fields import read_catalog
from qsync.ledger.record import RunRecord, RunStatus
from qsync.project import load_project
from qsync.project.model import Project
from qsync.views.report_document import ReportInputs, report_document
from tests.support.dbt_project import EXAMPLE

NOW = datetime(2026, 11, 30, 9, 12, tzinfo=UTC)
RUNS = 30

FOURTH = """\
version: 1
syncs:
  - name: churn_scores
    description: Accounts at risk, for the customer success team
    model: ref('dim_companies')
    object: company
    match: {domain: domain}
    fields:
      churn_risk: {value: tracked}
    config: {owner: success, tags: [daily]}
"""
"""A sync that the example does not have; its field is in no catalog."""

ACTUAL = "Industry is not included in the list"
REASONS = (
    "Phone is not a valid phone number",
    "Seniority is not included in the list",
    ACTUAL,
)


def project(folder: Path) -> Project:
    """The example with a fourth sync."""
    import shutil

    ignored = shutil.ignore_patterns("target", "logs", "*.duckdb*")
    shutil.copytree(EXAMPLE, folder, ignore=ignored, dirs_exist_ok=True)
    (folder / "models" / "marts" / "churn.qsync.yml").write_text(FOURTH, encoding="utf-8")
    loaded = load_project(folder)
    assert loaded.project is not None
    return loaded.project


def month(seed: int = 7, days: int = RUNS) -> list[RunRecord]:
    """Daily runs: rejects most days, failures, a stop, a sync that nobody applies any more."""
    dice = random.Random(seed)
    records: list[RunRecord] = []
    people, companies = 2_340, 380
    for day in range(days):
        started = NOW - timedelta(days=RUNS - 1 - day, hours=3, minutes=51 + dice.randrange(4))
        run_id = f"{started:%Y%m%dT%H%M%S}-{dice.randrange(16**6):06x}"
        wave = 4 if day in {12, 13} else 1
        people += dice.randrange(9)
        companies += dice.randrange(3)
        at = started
        for sync, object_name, size, moving in (
            ("companies", "company", companies, 14),
            ("churn_scores", "company", companies, 8),
            ("leads", "lead", people, 120),
            ("leads", "company", companies, 10),
            ("product_usage", "lead", people // 2, 210),
        ):
            if sync == "churn_scores" and day > 25:
                continue  # nobody applied it lately
            record = _record(dice, run_id, sync, object_name, at, size, moving * wave, day)
            records.append(record)
            assert record.finished_at is not None
            at = record.finished_at
    return records


def _record(
    dice: random.Random,
    run_id: str,
    sync: str,
    object_name: str,
    at: datetime,
    size: int,
    moving: int,
    day: int,
) -> RunRecord:
    invalid = dice.randrange(3) + (24 if sync == "leads" and object_name == "lead" else 0)
    base: dict[str, Any] = {
        "run_id": run_id,
        "sync": sync,
        "object": object_name,
        "target": "prod",
        "started_at": at,
        "rows_in_model": size,
        "rows_invalid": invalid,
        "git_commit": "4f1c2d9",
        "qsync_version": "0.1.0",
    }
    details: dict[str, Any] = {"invalid": {"malformed_key": invalid}} if invalid else {}
    if sync == "product_usage" and day in {17, 28, 29}:
        message = "Qualified answered 503 for longer than it is waited for"
        details["error"] = {"message": message, "hint": "run `qsync apply` again"}
        return RunRecord(
            **base,
            status=RunStatus.FAILED,
            finished_at=at + timedelta(seconds=308),
            rows_changed=moving,
            rows_planned=moving,
            rows_succeeded=moving // 3,
            rows_unsent=moving - moving // 3,
            rows_unchanged=size - moving - invalid,
            jobs=1,
            requests=17,
            retries=14,
            details=details,
        )
    if sync == "companies" and day == 13:
        details["error"] = {"message": "max_changed: 56 of 386 rows would change, allowed: 10%"}
        return RunRecord(
            **base,
            status=RunStatus.STOPPED,
            finished_at=at + timedelta(seconds=1),
            rows_changed=moving,
            rows_planned=moving,
            rows_unsent=moving,
            details=details,
        )
    planned = 0 if dice.random() < (0.35 if sync == "churn_scores" else 0.04) else moving
    planned = planned and max(1, int(planned * (0.6 + dice.random())))
    rejected = min(planned, dice.randrange(1 + max(1, planned // 25))) if sync == "leads" else 0
    if rejected:
        cut = dice.randrange(rejected + 1)
        shares = {REASONS[0]: cut, REASONS[1]: rejected - cut}
        details["rejects"] = {reason: rows for reason, rows in shares.items() if rows}
    jobs = -(-planned // 500)
    status = RunStatus.PARTIAL if rejected else RunStatus.SUCCEEDED
    return RunRecord(
        **base,
        status=status if planned else RunStatus.NOTHING_TO_DO,
        finished_at=at + timedelta(seconds=1 + planned * (0.05 + dice.random() / 40)),
        rows_added=planned // 8,
        rows_changed=planned - planned // 8,
        rows_unchanged=size - planned - invalid,
        rows_planned=planned,
        rows_succeeded=planned - rejected,
        rows_rejected=rejected,
        jobs=jobs,
        requests=3 * jobs + (2 if planned else 0),
        retries=int(dice.random() < 0.1),
        details=details,
    )


def standing() -> tuple[RejectSummary, ...]:
    """What the warehouse holds of rejects."""
    return (
        RejectSummary("leads", "lead", REASONS[0], 14, 11),
        RejectSummary("leads", "lead", REASONS[1], 5, 5),
        RejectSummary("leads", "company", "not_an_option:region", 2, 0),
    )


def document(declared: Project, **given: Any) -> dict[str, Any]:
    """A report's document, of that month unless something else is given."""
    catalog, _ = read_catalog(EXAMPLE / "qualified_fields.yml", "qualified_fields.yml")
    inputs = {
        "records": month(),
        "rejects": standing(),
        "now": NOW,
        "source": "warehouse",
        "target": "prod",
        "catalog": catalog,
        "column_types": {
            "leads": {"email": "varchar", "last_seen_at": "timestamp", "is_customer": "boolean"}
        },
        "version": "0.1.0",
        **given,
    }
    return report_document(
        ReportInputs(project=declared, destination="api.qualified.com", **inputs)
    )
