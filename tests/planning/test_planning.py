"""Fingerprints, guards and drift: small pure things, each as a sentence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.fields import FieldCatalog
from qsync.planning import ChangeCounts, ChangeSet, FieldChange, compile_sync
from qsync.planning.drift import drift
from qsync.planning.fingerprint import state_column, stream_id
from qsync.planning.guards import breaches
from qsync.project.model import Guards, Limit
from tests.planning.kit import CATALOG, COLUMNS, NODE, a_sync, mapped


def _stream(*mappings: object, catalog: FieldCatalog = CATALOG) -> object:
    compiled = compile_sync(a_sync(*mappings), NODE, COLUMNS, catalog).compiled  # type: ignore[arg-type]
    assert compiled is not None
    return compiled.streams[0]


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=30))
def test_fields_never_share_a_state_column_even_where_case_is_ignored(names: list[str]) -> None:
    columns = [state_column(name) for name in names]
    assert len({column.lower() for column in columns}) == len(names)
    assert all(len(column.encode()) <= 63 for column in columns)


def test_a_field_named_like_anothers_column_gets_one_of_its_own() -> None:
    assert state_column(state_column("Tier").partition("_")[2]) != state_column("Tier")


def test_the_order_of_fields_means_nothing_and_their_columns_do() -> None:
    one = _stream(mapped("first_name"), mapped("job_title"))
    other = _stream(mapped("job_title"), mapped("first_name"))
    assert one == other
    moved = _stream(mapped("first_name", "email"), mapped("job_title"))
    assert moved.fingerprint != one.fingerprint  # type: ignore[attr-defined]
    # Equal values from another column are nothing to send.
    assert moved.hash_prefix == one.hash_prefix  # type: ignore[attr-defined]


def test_another_option_wakes_rejects_and_is_no_change_of_the_mapping() -> None:
    from qsync.fields import FieldOption

    picklist = CATALOG.of("lead")["seniority"]
    wider = replace(picklist, options=(*picklist.options, FieldOption("cxo", "CxO")))
    catalog = replace(
        CATALOG, lead=tuple(wider if item is picklist else item for item in CATALOG.lead)
    )
    before, after = (
        _stream(mapped("seniority", "first_name"), catalog=known) for known in (CATALOG, catalog)
    )
    assert before.fingerprint == after.fingerprint  # type: ignore[attr-defined]
    assert before.meaning != after.meaning  # type: ignore[attr-defined]


def test_a_stream_is_another_for_another_destination_project_sync_or_object() -> None:
    base = ("host", "shop", "leads", "lead")
    others = {
        stream_id(*base[:place], "other", *base[place + 1 :])  # type: ignore[misc]
        for place in range(4)
    }
    assert len(others | {stream_id(*base)}) == 5


SHARE = Limit(share=Fraction(1, 10))


def _changes(**counts: int) -> ChangeSet:
    invalid = {"null_key": counts.pop("invalid", 0)}
    cleared = counts.pop("cleared", 0)
    fields = (FieldChange("job_title", cleared=cleared),)
    return ChangeSet(ChangeCounts(state_rows=100, in_model=100, invalid=invalid, **counts), fields)


@pytest.mark.parametrize(
    ("guard", "count"),
    [
        ("max_changed", "changed"),
        ("max_removed", "removed"),
        ("max_cleared", "cleared"),
        ("max_invalid", "invalid"),
    ],
)
@pytest.mark.parametrize("limit", [SHARE, Limit(rows=10)])
def test_a_guard_allows_its_limit_and_nothing_more(guard: str, count: str, limit: Limit) -> None:
    guards = Guards(**{guard: limit})
    ask = {"first_load": False, "full_refresh": False}
    assert breaches(guards, _changes(**{count: 10}), **ask) == ()
    (breach,) = breaches(guards, _changes(**{count: 11}), **ask)
    assert (breach.guard, breach.count, breach.base) == (guard, 11, 100)


def test_a_first_load_asks_only_for_the_number_added() -> None:
    guards = Guards(SHARE, SHARE, SHARE, SHARE, max_added_rows=50)
    change_set = _changes(added=51, changed=99, invalid=99)
    (breach,) = breaches(guards, change_set, first_load=True, full_refresh=False)
    assert breach.guard == "max_added_rows"


def test_a_full_refresh_was_asked_for_so_many_changes_are_no_surprise() -> None:
    guards = Guards(max_changed=SHARE)
    assert breaches(guards, _changes(changed=100), first_load=False, full_refresh=True) == ()


def test_a_careful_first_send_leaves_few_in_state_and_breaks_no_guard_by_that() -> None:
    few = ChangeSet(ChangeCounts(state_rows=10, in_model=2_500, invalid={"null_key": 26}))
    assert breaches(Guards(max_invalid=SHARE), few, first_load=False, full_refresh=False) == ()


def test_a_mapped_field_that_is_gone_or_of_another_type_is_drift_and_others_are_not() -> None:
    stream = _stream(mapped("first_name"))
    assert drift([stream], CATALOG) is None  # type: ignore[list-item]
    without = replace(CATALOG, lead=CATALOG.lead[1:])
    gone = drift([stream], without)  # type: ignore[list-item]
    assert gone is not None
    assert "'first_name' any more" in gone
    retyped = replace(CATALOG, lead=(replace(CATALOG.lead[0], type="text"), *CATALOG.lead[1:]))
    changed = drift([stream], retyped)  # type: ignore[list-item]
    assert changed is not None
    assert "is text now, the catalog says name" in changed
    assert drift([stream], replace(CATALOG, lead=CATALOG.lead[:2])) is None  # type: ignore[list-item]
