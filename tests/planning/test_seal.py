"""What a sealed plan stands on, held against what there is when it is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from qsync.planning.changes import Cause, ChangeCounts, FieldChange
from qsync.planning.seal import (
    Base,
    Ground,
    Seal,
    StreamSeal,
    SyncSeal,
    base_moved,
    numbers_of,
    streams_moved,
)

SYNC = SyncSeal("declared", "model", "db.prod.dim_leads")
BASE = Base("1.0", "shop", "prod", "api.qualified.com", "s", "c", {"leads": SYNC})
STREAM = StreamSeal("leads", "run_1", {"added": 3, "changed": 2}, "digest", stopped=False)
SEAL = Seal(BASE, {"id": STREAM}, keyed=True)


def _told(**other: Any) -> list[str]:
    return [str(item) for item in base_moved(BASE, replace(BASE, **other))]


def test_what_stands_still_is_told_nothing_of() -> None:
    assert base_moved(BASE, BASE) == []
    assert streams_moved(SEAL, SEAL) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"version": "1.1"}, "qsync's version: 1.0 when the plan was made, 1.1 now"),
        ({"project": "store"}, "project: shop when the plan was made, store now"),
        ({"target": "dev"}, "target: prod when the plan was made, dev now"),
        (
            {"destination": "api.eu"},
            "destination: api.qualified.com when the plan was made, api.eu now",
        ),
        ({"settings": "t"}, "qsync.yml: its settings are others"),
        ({"catalog": "d"}, "field catalog: its definitions are others"),
        ({"syncs": {}}, "sync files: sync leads is no longer declared and enabled"),
        ({"syncs": {"leads": SYNC, "new": SYNC}}, "sync files: sync new is new"),
        (
            {"syncs": {"leads": replace(SYNC, declaration="other")}},
            "sync files: sync leads is declared otherwise",
        ),
        (
            {"syncs": {"leads": replace(SYNC, model="other")}},
            "manifest: the model of sync leads is another",
        ),
        (
            {"syncs": {"leads": replace(SYNC, relation="db.dev.dim_leads")}},
            "manifest: sync leads read db.prod.dim_leads, its model is db.dev.dim_leads now",
        ),
    ],
)
def test_everything_a_plan_stands_on_is_named_when_it_moves(
    other: dict[str, Any], told: str
) -> None:
    assert _told(**other) == [told]


def _streams(after: StreamSeal, *, keyed: bool = True) -> list[str]:
    then = replace(SEAL, keyed=keyed)
    return [str(item) for item in streams_moved(then, replace(SEAL, streams={"id": after}))]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (replace(STREAM, rows="other"), ["rows: of leads: as many as before, and others"]),
        (
            replace(STREAM, numbers={"added": 4, "removed": 1}, rows="other"),
            ["rows: of leads: added 3 → 4; changed 2 → 0; removed 0 → 1"],
        ),
        (
            replace(STREAM, rows="other", state="run_2"),
            ["state: of leads: run run_2 wrote it since"],
        ),
        (replace(STREAM, rows=None, state=None), ["state: of leads: it is gone"]),
        (replace(STREAM, state="run_2"), []),
        (
            replace(STREAM, stopped=True),
            ["gates and guards: leads was not stopped in the plan and is now"],
        ),
    ],
)
def test_a_change_of_what_would_happen_is_told_as_the_rows_or_the_states_doing(
    after: StreamSeal, told: list[str]
) -> None:
    assert _streams(after) == told


def test_what_the_plan_would_have_stopped_is_not_sent_though_nothing_stops_it_now() -> None:
    then = replace(SEAL, streams={"id": replace(STREAM, stopped=True)})
    (moved,) = streams_moved(then, SEAL)
    assert moved.detail == "leads was stopped in the plan and is not now"


def test_before_there_is_a_secret_numbers_are_compared() -> None:
    assert _streams(replace(STREAM, rows="first digest"), keyed=False) == []
    assert _streams(replace(STREAM, numbers={"added": 4}, rows="x"), keyed=False) != []


def test_a_stream_that_came_or_went_is_the_sync_files_doing() -> None:
    for then, now in ((SEAL, replace(SEAL, streams={})), (replace(SEAL, streams={}), SEAL)):
        (moved,) = streams_moved(then, now)
        assert (moved.ground, moved.detail) == (Ground.SYNC_FILES, "leads has another stream")


def test_what_changes_in_which_field_is_compared() -> None:
    """Counts and digest come of statements of their own: a model may be rebuilt between them."""
    assert numbers_of(ChangeCounts(), (FieldChange("phone", changed=3, cleared=1),)) == {
        "field phone: changed": 3,
        "field phone: cleared": 1,
    }


def test_every_count_of_a_stream_is_compared() -> None:
    counts = ChangeCounts(
        added=1, invalid={"null_key": 2}, causes={Cause.MAPPING: 3}, conflicts={"region": 4}
    )
    assert numbers_of(counts) == {
        "added": 1,
        "invalid: null_key": 2,
        "causes: mapping": 3,
        "conflicts: region": 4,
    }
