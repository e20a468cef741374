"""Laws: whatever happens to a model, a mapping and the answers, runs converge and add up."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.planning.compiled import CompiledStream
from qsync.project.model import OnNull, OnRemoved
from tests.support.warehouses import DirectConnection, PostgresServer, duckdb_connection
from tests.warehouse.kit import Desk, field, stream

KEYS = ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]
SPELLINGS = [*KEYS, "A@x.example", " b@x.example ", "broken", None]
VALUES = st.sampled_from([None, "", "1", "2", "12"])

Row = tuple[str | None, str | None, str | None]

ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(st.sampled_from(SPELLINGS), VALUES, VALUES), max_size=6
)
OUTCOMES = st.sampled_from(["ok", "ok", "rejected", "lost", "arrived"])
"""The last two have no answer: one never reached Qualified, one did."""


def _mappings(removed: st.SearchStrategy[OnRemoved]) -> st.SearchStrategy[CompiledStream]:
    return st.builds(
        lambda first, second, both, gone: stream(
            field("first", "x", on_null=first),
            *([field("second", "y", on_null=second)] if both else []),
            on_removed=gone,
        ),
        *(st.sampled_from([OnNull.KEEP, OnNull.CLEAR]) for _ in range(2)),
        st.booleans(),
        removed,
    )


@dataclass(frozen=True)
class Day:
    """What happens between two runs, and how the second one goes."""

    rows: list[Row]
    mapping: CompiledStream
    outcomes: dict[str, str]


def _days(removed: st.SearchStrategy[OnRemoved]) -> st.SearchStrategy[list[Day]]:
    outcomes = st.fixed_dictionaries(dict.fromkeys(KEYS, OUTCOMES))
    return st.lists(st.builds(Day, ROWS, _mappings(removed), outcomes), min_size=1, max_size=5)


DAYS = st.one_of(_days(st.sampled_from(OnRemoved)), _days(st.just(OnRemoved.CLEAR)))


@dataclass
class Qualified:
    """What Qualified would hold: only the fields sent are written."""

    leads: dict[str, dict[str, str | None]] = attribute(default_factory=dict)

    def write(self, key: str, sent: dict[str, str | None]) -> None:
        self.leads.setdefault(key, {}).update(sent)


def _valid(rows: list[Row]) -> dict[str, tuple[str | None, str | None]]:
    """The model's valid records by folded key."""
    folded = [(None if key is None else key.strip().lower(), x, y) for key, x, y in rows]
    found = {}
    for key, x, y in folded:
        alone = sum(other == key for other, _, _ in folded) == 1
        if key is not None and "@" in key and alone:
            found[key] = (x, y)
    return found


def _run_day(desk: Desk, qualified: Qualified, day: Day) -> None:
    desk.load(*day.rows)
    mapping = day.mapping
    planned = desk.plan(mapping)
    counts = planned.counts
    assert counts.in_model == (
        counts.added + counts.changed + counts.unchanged + counts.resting + counts.invalid_total
    )
    assert counts.deferred == counts.suppressed == 0
    assert counts.in_model == len(day.rows)
    stage, staged = desk.stage(mapping)
    assert staged == planned, "what is shown before apply is what plan showed"
    desk.warehouse.drop_stage(stage)

    sent = desk.run(
        mapping,
        reject=[key for key, outcome in day.outcomes.items() if outcome == "rejected"],
        unknown=[key for key, outcome in day.outcomes.items() if outcome in {"lost", "arrived"}],
    )
    assert [row.number for row in sent] == list(range(1, len(sent) + 1))
    assert len(sent) == counts.added + counts.changed + counts.clearing
    valid = _valid(day.rows)
    for row in sent:
        assert row.clearing or row.key in valid, "nothing invalid is ever sent"
        written = {
            spec.name: value
            for place, (spec, value) in enumerate(zip(mapping.fields, row.values, strict=True))
            if place not in row.left_out
            and (value is not None or row.clearing or spec.on_null is OnNull.CLEAR)
        }
        if day.outcomes[row.key] in {"ok", "arrived"}:
            qualified.write(row.key, written)


def _settle(desk: Desk, qualified: Qualified, day: Day) -> None:
    """Run until nothing is left to do, with everything succeeding."""
    good = Day(day.rows, day.mapping, dict.fromkeys(KEYS, "ok"))
    for _ in range(2):
        _run_day(desk, qualified, good)
    counts = desk.plan(day.mapping).counts
    assert (counts.added, counts.changed, counts.removed, counts.rehashed) == (0, 0, 0, 0)


def _check_law(desk: Desk, days: list[Day]) -> None:
    qualified = Qualified()
    for day in days:
        _run_day(desk, qualified, day)
    last = days[-1]
    _settle(desk, qualified, last)
    resting = {
        str(row[0]) for row in desk.sql("SELECT key FROM qsync.qsync_rejects WHERE attempts >= 2")
    }
    # A field that was not mapped for a while keeps what it has: another may have written it.
    always = [spec for spec in last.mapping.fields if all(_maps(day, spec.name) for day in days)]
    valid = _valid(last.rows)
    for key, (x, y) in valid.items():
        if key in resting:
            continue
        held = qualified.leads.get(key, {})
        for spec in last.mapping.fields:
            value = x if spec.name == "first" else y
            if value is not None:
                assert held[spec.name] == value
            elif spec.on_null is OnNull.CLEAR and spec in always:
                assert held.get(spec.name) is None
    if all(day.mapping.on_removed is OnRemoved.CLEAR for day in days):
        present = {None if key is None else key.strip().lower() for key, _, _ in last.rows}
        for key in qualified.leads.keys() - present:
            assert [qualified.leads[key].get(spec.name) for spec in always] == [None] * len(always)


def _maps(day: Day, name: str) -> bool:
    return any(spec.name == name for spec in day.mapping.fields)


@pytest.mark.proves(fault="row rejected", promise="newest value wins")
@settings(max_examples=12)
@given(days=DAYS)
def test_runs_converge_and_every_record_is_accounted_for_on_duckdb(days: list[Day]) -> None:
    _check_on_duckdb(days)


@pytest.mark.slow
@settings(max_examples=100)
@given(days=DAYS)
def test_runs_converge_however_long_one_looks_for_a_counterexample(days: list[Day]) -> None:
    _check_on_duckdb(days)


def _check_on_duckdb(days: list[Day]) -> None:
    connection = duckdb_connection()
    try:
        _check_law(Desk(connection, "email text, x text, y text"), days)
    finally:
        connection.raw.close()


@pytest.mark.proves(fault="row rejected", promise="newest value wins")
@pytest.mark.postgres
@settings(max_examples=4)
@given(days=DAYS)
def test_runs_converge_and_every_record_is_accounted_for_on_postgresql(
    postgres_server: PostgresServer, days: list[Day]
) -> None:
    connection = postgres_server.connection()
    try:
        _check_law(Desk(connection, "email text, x text, y text"), days)
    finally:
        connection.raw.close()


def test_two_syncs_state_does_not_mix(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, x text, y text")
    desk.load(("a@x.example", "1", "2"))
    one = stream(field("first", "x"), sync="one")
    two = stream(field("second", "y"), sync="two")
    desk.run(one)
    assert desk.plan(two).counts.added == 1
    assert desk.plan(one).counts.added == 0
