"""Status, state, listing and catalog: tables from documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from qsync.diagnostics import Position
from qsync.execution.ports import RejectSummary, StateSummary
from qsync.fields.diff import diff_catalogs
from qsync.fields.model import Field, FieldCatalog, FieldOption
from qsync.ledger import RunStatus
from qsync.planning.plan import OrphanState
from qsync.project.model import (
    CompanyBlock,
    FieldMapping,
    ModelRef,
    ObjectType,
    OnNull,
    Sync,
    SyncConfig,
)
from qsync.views.catalog_text import (
    catalog_diff_document,
    catalog_document,
    render_catalog,
    render_catalog_diff,
)
from qsync.views.entries import JsonObject, ago_words, duration_words
from qsync.views.listing_text import listing_document, render_listing
from qsync.views.status_text import render_state, render_status, state_document, status_document
from tests.support.golden import matches_golden, numbers_in, numbers_of, rendered
from tests.support.runs import START, a_record, mixed_run

PLACE = Position("models/marts/leads.qsync.yml", 4, 5)
NOW = START + timedelta(hours=3, minutes=20)


def status() -> JsonObject:
    """The last run with trouble in it, and an older sync."""
    older = [
        a_record("imports", run_id="older", started=START - timedelta(days=12), succeeded=5),
        a_record(run_id="older", started=START - timedelta(days=12), succeeded=5),
    ]
    return status_document(
        [*mixed_run(), *older],
        now=NOW,
        rejects=[
            RejectSummary("leads", "lead", "phone: is not a phone number", 8, 3),
            RejectSummary("usage", "lead", "first_name: is too long", 1, 0),
        ],
        orphans=[OrphanState("old_lead", "old_leads", "lead", 2_300)],
    )


def states() -> JsonObject:
    """State of two projects."""
    moment = "2026-11-03 05:00:12"
    return state_document(
        [
            StateSummary("s1", "api.qualified.com", "shop", "leads", "lead", 2_484, 21, moment),
            StateSummary("s2", "api.qualified.com", "shop", "companies", "company", 394, 0, moment),
            StateSummary("s3", "127.0.0.1:8765", "shop", "leads", "lead", 7, 0, moment),
        ]
    )


def a_mapping(field: str, column: str | None = None, on_null: OnNull = OnNull.KEEP) -> FieldMapping:
    """A field from a column, or the constant `warehouse`."""
    return FieldMapping(field, column, None if column else "warehouse", on_null, PLACE, PLACE)


def listing() -> JsonObject:
    """A leads sync with a company block, and one that is switched off."""

    def a_sync(name: str, company: CompanyBlock | None, config: SyncConfig) -> Sync:
        return Sync(
            name=name,
            model=ModelRef("dim_leads", version="2"),
            object=ObjectType.LEAD,
            match_column="email_address",
            fields=(a_mapping("job_title", "title", OnNull.CLEAR), a_mapping("source")),
            company=company,
            config=config,
            position=PLACE,
            model_position=PLACE,
            match_position=PLACE,
            description="Product-qualified leads for the sales team",
        )

    block = CompanyBlock("company_domain", (a_mapping("employees", "headcount"),), PLACE, PLACE)
    return listing_document(
        [
            a_sync("leads", block, SyncConfig(owner="growth-eng", tags=("hourly", "sales"))),
            a_sync("product_usage", None, SyncConfig(enabled=False)),
        ]
    )


INDUSTRIES = tuple(
    FieldOption(value, value.title())
    for value in ("retail", "banking", "health", "energy", "media", "it", "law")
)
OLD = FieldCatalog(
    lead=(Field("job_title", "Job Title", "string"), Field("score", "Score", "decimal")),
    company=(Field("industry", "Industry", "picklist", INDUSTRIES),),
)
NEW = FieldCatalog(
    lead=(Field("job_title", "Role", "text"), Field("moon", "Moon Phase", "phase")),
    company=(Field("industry", "Industry", "picklist", (*INDUSTRIES[1:], FieldOption("x", "X"))),),
)

VIEWS: dict[str, tuple[Callable[[], JsonObject], Callable[[JsonObject, Console], None]]] = {
    "status": (status, render_status),
    "status_empty": (lambda: status_document([], now=NOW), render_status),
    "state": (states, render_state),
    "state_empty": (lambda: state_document([]), render_state),
    "listing": (listing, render_listing),
    "listing_verbose": (listing, lambda document, console: render_listing(document, console, True)),
    "listing_empty": (lambda: listing_document([]), render_listing),
    "catalog": (lambda: catalog_document(NEW), render_catalog),
    "catalog_verbose": (
        lambda: catalog_document(NEW),
        lambda document, console: render_catalog(document, console, True),
    ),
    "catalog_diff": (lambda: catalog_diff_document(diff_catalogs(OLD, NEW)), render_catalog_diff),
    "catalog_same": (lambda: catalog_diff_document(diff_catalogs(OLD, OLD)), render_catalog_diff),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_as_kept_within_80_columns_and_all_its_numbers_are_in_its_document(
    name: str,
) -> None:
    make, render = VIEWS[name]
    document = make()
    text = rendered(lambda console: render(document, console))
    matches_golden(name, text)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert numbers_of(text) <= numbers_in(document)
    assert json.loads(json.dumps(document)) == document


def test_status_shows_the_newest_record_of_each_sync_and_object_only() -> None:
    shown = [(run["sync"], run["object"], run["run_id"]) for run in status()["runs"]]
    assert len({run[:2] for run in shown}) == len(shown)
    assert ("leads", "lead", "older") not in shown
    assert shown[-1] == ("imports", "lead", "older")


def test_a_long_sync_name_is_broken_and_its_numbers_stay_aligned() -> None:
    name = "salesforce_product_qualified_leads_of_the_northern_region"
    document = status_document(
        [a_record(name, status=RunStatus.PARTIAL, succeeded=1_000_000, rejected=1)], now=NOW
    )
    lines = rendered(lambda console: render_status(document, console)).splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.split()[0] for line in lines[2:]]
    assert "".join(rows) == name
    assert "1,000,001" in lines[2]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, None),
        (0.0, "0 s"),
        (59.9, "59.9 s"),
        (60.0, "1 min"),
        (75.4, "1 min 15 s"),
        (3_600.0, "1 h"),
        (11_100.0, "3 h 5 min"),
        (187_200.0, "2 d 4 h"),
    ],
)
def test_a_duration_in_words(seconds: float | None, words: str | None) -> None:
    assert duration_words(seconds) == words


@given(st.integers(-100, 10_000_000))
def test_how_long_ago_is_never_in_the_future(seconds: int) -> None:
    words = ago_words(START, START + timedelta(seconds=seconds))
    assert words == "just now" if seconds < 60 else words.endswith(" ago")
