"""What becomes of given rows: sends, clears, removals, invalid records, companies."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from qsync.artifacts import Node
from qsync.diagnostics import Diagnostic
from qsync.execution.sync_tests import FoundInvalid, Observed, observe
from qsync.fields import read_catalog
from qsync.planning.given import KnownColumns
from qsync.project.loader import load_project
from qsync.project.model import ObjectType
from qsync.warehouse import FixtureWarehouse
from tests.support.shop import shop

LEAD, COMPANY = ObjectType.LEAD, ObjectType.COMPANY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the project goes."""
    return tmp_path


def _observe(
    folder: Path, test: str, known: KnownColumns | None = None
) -> Observed | list[Diagnostic]:
    """Run a test that expects nothing; `test` holds its keys from `sync` on."""
    lines = "".join(f"  {line}\n" for line in test.splitlines())
    shop(folder, f"- name: a\n{lines}  expect: {{}}\n")
    result = load_project(folder)
    assert result.diagnostics == []
    assert result.project is not None
    (read,) = result.project.tests
    sync = result.project.sync(read.sync)
    assert sync is not None
    catalog, _ = read_catalog(folder / "qualified_fields.yml", "qualified_fields.yml")
    assert catalog is not None
    node = Node(f"model.shop.{sync.model.name}", sync.model.name, "shop", "model")
    with closing(FixtureWarehouse(node.unique_id, sync.model.name, project="shop")) as warehouse:
        return observe(read, sync, node, known or KnownColumns(), catalog, warehouse)


def _seen(folder: Path, test: str, known: KnownColumns | None = None) -> Observed:
    seen = _observe(folder, test, known)
    assert isinstance(seen, Observed), seen
    return seen


def _values(seen: Observed) -> Mapping[tuple[str, str], Mapping[str, object]]:
    return {(item.object.value, item.key): item.values for item in seen.items}


def test_a_new_row_sends_what_it_holds_and_a_null_means_what_its_field_says(folder: Path) -> None:
    seen = _seen(folder, "sync: leads\ngiven: [{email: ' Ada@X.example', first_name: Ada}]")
    assert _values(seen) == {
        ("lead", "ada@x.example"): {"first_name": "Ada", "job_title": None, "source": "warehouse"}
    }


def test_a_row_that_equals_the_one_before_is_not_sent_and_one_that_changed_is(
    folder: Path,
) -> None:
    seen = _seen(
        folder,
        "sync: leads\n"
        "before: [{email: a@x.example, title: CEO}, {email: b@x.example, title: CEO}]\n"
        "given: [{email: a@x.example, title: CEO}, {email: b@x.example, title: CTO}]",
    )
    assert _values(seen) == {("lead", "b@x.example"): {"job_title": "CTO", "source": "warehouse"}}
    assert seen.sent_before[LEAD] == {"a@x.example", "b@x.example"}


def test_a_row_that_left_is_cleared_of_what_the_sync_wrote_where_it_says_so(folder: Path) -> None:
    before = "before: [{email: a@x.example, notes: Hi}, {email: b@x.example, notes: Hi}]\n"
    given = "given: [{email: b@x.example, notes: Hi}]"
    seen = _seen(folder, f"sync: leavers\n{before}{given}")
    assert _values(seen) == {("lead", "a@x.example"): {"notes": None}}


def test_a_row_that_left_is_kept_where_nothing_says_otherwise(folder: Path) -> None:
    before = "before: [{email: a@x.example, title: CEO}, {email: b@x.example}]\n"
    assert _seen(folder, f"sync: leads\n{before}given: [{{email: b@x.example}}]").items == ()


def test_rows_of_a_domain_are_one_company_and_what_they_disagree_on_is_left_out(
    folder: Path,
) -> None:
    seen = _seen(
        folder,
        "sync: leads\n"
        "given:\n"
        "  - {email: a@x.example, domain: https://www.X.example/a, company: X, region: EMEA}\n"
        "  - {email: b@x.example, domain: x.example, region: APAC}\n"
        "  - {email: c@x.example}",
    )
    assert _values(seen)["company", "x.example"] == {"company_name": "X"}
    assert [item.object for item in seen.items] == [COMPANY, LEAD, LEAD, LEAD]


def test_an_invalid_record_is_found_with_its_row_its_reason_and_its_field(folder: Path) -> None:
    seen = _seen(
        folder,
        "sync: leads\n"
        "given:\n"
        "  - {email: a@x.example, domain: gmail.com}\n"
        "  - {email: null, domain: GMAIL.com}\n"
        "  - {email: c@x.example, interests: [data, sports]}\n"
        "  - {email: d@x.example}\n"
        "  - {email: D@x.example}",
    )
    assert seen.invalid == (
        FoundInvalid(COMPANY, "gmail.com", (1, 2), "free_mail"),
        FoundInvalid(LEAD, "c@x.example", (3,), "not_among_options", "interests"),
        FoundInvalid(LEAD, "d@x.example", (4,), "duplicate_key"),
        FoundInvalid(LEAD, "d@x.example", (5,), "duplicate_key"),
        FoundInvalid(LEAD, None, (2,), "null_key"),
    )
    assert set(_values(seen)) == {("lead", "a@x.example")}
    assert seen.given == {COMPANY: frozenset(), LEAD: {"a@x.example"}}


def test_a_number_no_json_can_hold_is_invalid_though_sql_lets_it_pass(folder: Path) -> None:
    seen = _seen(folder, "sync: leads\ngiven: [{email: a@x.example, score: '1e999'}]")
    assert seen.items == ()
    assert [(found.rows, found.reason, found.field) for found in seen.invalid] == [
        ((1,), "not_a_number", "product_score")
    ]


@pytest.mark.parametrize(
    ("types", "row", "sent"),
    [
        (
            "seen_at: timestamp, score: 'numeric(12,2)', is_customer: boolean, interests: 'text[]'",
            "seen_at: 2026-11-02 05:00, score: '12.50', is_customer: 't', interests: '[growth]'",
            {
                "last_seen_at": "2026-11-02T05:00:00Z",
                "product_score": Decimal("12.5"),
                "is_customer": True,
                "interests": ["growth"],
            },
        ),
        (
            "seen_at: timestamptz, score: double precision",
            "seen_at: 2026-11-02 05:00+02, score: -0.25, interests: []",
            {
                "last_seen_at": "2026-11-02T03:00:00Z",
                "product_score": Decimal("-0.25"),
                "interests": [],
            },
        ),
        ("seen_at: date", "seen_at: 2026-11-02", {"last_seen_at": "2026-11-02"}),
        (
            "",
            'seen_at: 2026-11-02 05:00, score: -3, is_customer: false, first_name: "é \\u2028"',
            {
                "last_seen_at": "2026-11-02 05:00",
                "product_score": -3,
                "is_customer": False,
                "first_name": "é \u2028",
            },
        ),
    ],
    ids=["told", "zoned", "dates", "as the values are"],
)
def test_a_value_goes_out_as_its_columns_type_is_written(
    folder: Path, types: str, row: str, sent: dict[str, object]
) -> None:
    told = f"types: {{{types}}}\n"
    seen = _seen(folder, f"sync: leads\n{told}given: [{{email: a@x.example, {row}}}]")
    always = {"job_title": None, "source": "warehouse"}
    assert _values(seen)["lead", "a@x.example"] == {**sent, **always}


def test_a_type_of_another_warehouse_that_duckdb_lacks_gives_way_to_that_of_the_values(
    folder: Path,
) -> None:
    types = {"seniority": "mood", "score": "numeric", "seen_at": "USER-DEFINED"}
    known = KnownColumns(types=types, dialect="postgres")
    given = "given: [{email: a@x.example, seniority: vp, score: 0.123456789, seen_at: now}]"
    values = _values(_seen(folder, f"sync: leads\n{given}", known))["lead", "a@x.example"]
    assert values["seniority"] == "vp"
    assert str(values["product_score"]) == "0.123456789"
    assert values["last_seen_at"] == "now"


def test_json_fits_no_field_as_in_the_warehouse(folder: Path) -> None:
    for value in ("{a: 1}", "[1, 2]"):
        found = _observe(folder, f"sync: leads\ngiven: [{{email: a@x.example, title: {value}}}]")
        assert isinstance(found, list)
        assert [item.code for item in found] == ["QS303"]
        assert "column 'title' is JSON" in found[0].message


def test_nothing_outside_can_be_reached_from_a_test(folder: Path) -> None:
    found = _observe(
        folder,
        "sync: leads\ntypes: {title: \"varchar) from read_csv('/etc/hostname') --\"}\n"
        "given: [{email: a@x.example, title: x}]",
    )
    assert isinstance(found, list)
    assert [item.code for item in found] == ["QS512"]
