"""The plan's text says what the plan's document says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.planning.changes import ChangeCounts
from qsync.planning.cost import Cost, WindowUse
from qsync.planning.plan import Plan
from qsync.views.cost_text import cost_sentence
from qsync.views.documents import plan_document
from qsync.views.entries import rough_words
from qsync.views.plan_text import render_plan, summary_line
from tests.support import plans
from tests.support.any_plan import all_plans
from tests.support.golden import matches_golden, numbers_in, numbers_of, rendered

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text(encoding="utf-8")
)

PLANS: dict[str, Callable[[], Plan]] = {
    "first_load": plans.first_load,
    "second_day": plans.second_day,
    "nothing_new": plans.nothing_new,
    "stopped": plans.stopped,
    "gated": plans.gated,
    "unknown_baseline": plans.unknown_baseline,
    "careful": plans.careful,
    "causes": plans.causes,
    "companies": plans.companies,
    "of_hours": plans.of_hours,
    "of_days": plans.of_days,
}


def text_of(plan: Plan, verbose: bool = False) -> str:
    """The plan as a pipe gets it."""
    return rendered(lambda console: render_plan(plan_document(plan), console, verbose))


@given(all_plans)
@settings(max_examples=40)
def test_every_plans_document_follows_the_schema_and_is_json(plan: Plan) -> None:
    document = plan_document(plan)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert json.loads(json.dumps(document)) == document


@given(all_plans, st.booleans())
@settings(max_examples=40)
def test_every_number_of_the_text_stands_in_the_document(plan: Plan, verbose: bool) -> None:
    assert numbers_of(text_of(plan, verbose)) <= numbers_in(plan_document(plan))


@given(all_plans, st.booleans())
@settings(max_examples=40)
def test_no_line_is_longer_than_80_but_the_summary_which_is_never_broken(
    plan: Plan, verbose: bool
) -> None:
    *lines, last = text_of(plan, verbose).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert last == summary_line(plan_document(plan))


@given(all_plans)
@settings(max_examples=40)
def test_no_changes_is_said_exactly_when_the_plan_has_none(plan: Plan) -> None:
    assert ("No changes." in text_of(plan).splitlines()) is not plan.has_changes


@pytest.mark.parametrize("name", PLANS)
def test_the_text_of_a_plan_is_as_kept(name: str) -> None:
    matches_golden(f"plan_{name}", text_of(PLANS[name]()))


@pytest.mark.parametrize("name", ["first_load", "second_day", "of_hours", "causes", "stopped"])
def test_the_verbose_text_of_a_plan_is_as_kept(name: str) -> None:
    matches_golden(f"plan_{name}_verbose", text_of(PLANS[name](), verbose=True))


def test_the_summary_line_has_its_fixed_form() -> None:
    counts_given = ChangeCounts(
        added=2_500, changed=12, removed=3, unchanged=2_431, invalid={"null_key": 14}
    )
    document = plan_document(plans.a_plan(plans.a_sync_plan(plans.a_stream_plan(counts_given))))
    assert summary_line(document) == (
        "Plan: 2,500 to add, 12 to change, 3 removed, 2,431 unchanged, 14 invalid. "
        "6 jobs, 12 requests."
    )


def test_a_stopped_sync_counts_in_the_plan_but_not_in_its_jobs() -> None:
    document = plan_document(plans.stopped())
    assert document["summary"]["to_change"] == 781
    assert document["summary"]["jobs"] == 1
    assert document["summary"]["stopped_syncs"] == ["leads", "usage"]


def test_a_name_in_square_brackets_or_with_escape_codes_cannot_style_or_steer_the_terminal() -> (
    None
):
    counts_given = ChangeCounts(in_model=1, added=1)
    name = "[red]a\x1b[31mb\u202ec"
    text = text_of(plans.a_plan(plans.a_sync_plan(plans.a_stream_plan(counts_given), name=name)))
    assert "[red]a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c" in text
    assert "\x1b" not in text


def cost_line(
    *uses: tuple[int, int, int],
    requests: int = 12,
    expected: int | None = None,
    seconds: float | None = None,
    at_least: bool = False,
) -> str:
    """The line about a cost with these windows: limit, spent and planned of each."""
    given_windows = tuple(
        WindowUse(name, *use) for name, use in zip(("15m", "1h", "24h"), uses, strict=True)
    )
    cost = Cost(requests, expected, given_windows, seconds, at_least)
    document = plan_document(replace(plans.second_day(), cost=cost))
    return " ".join(cost_sentence(document["cost"]))


UNTOUCHED = ((6_300, 0, 0), (108_000, 0, 0))
ROOMY = ((6_300, 0, 12), (108_000, 0, 12))


def test_a_small_send_tells_its_requests_its_share_of_the_tightest_window_and_its_time() -> None:
    line = cost_line((1_800, 0, 22), *ROOMY, expected=22, seconds=4.2)
    assert line == "Cost: about 22 requests, 1% of what 15 minutes allow; about 4 s."


def test_without_a_measured_pace_it_is_told_at_best_and_without_a_time() -> None:
    assert cost_line((1_800, 0, 12), *ROOMY) == (
        "Cost: 12 requests at best, 1% of what 15 minutes allow."
    )


def test_what_was_spent_before_is_told_with_the_share_it_is_part_of() -> None:
    assert cost_line((1_800, 900, 12), *ROOMY) == (
        "Cost: 12 requests at best; with 900 spent before, 51% of what 15 minutes allow."
    )


def test_a_full_window_is_named_with_its_limit() -> None:
    line = cost_line(
        (1_800, 0, 1_800),
        (6_300, 0, 6_300),
        (108_000, 0, 40_002),
        requests=40_002,
        seconds=22_500.0,
        at_least=True,
    )
    assert line == (
        "Cost: 40,002 requests at best, more than an hour allows (6,300); at least 6.2 h."
    )


def test_an_almost_full_window_is_not_called_full_nor_a_touched_one_empty() -> None:
    assert "99% of what 15 minutes" in cost_line((10_000, 0, 9_999), *ROOMY)
    assert "1% of what 15 minutes" in cost_line((1_000_000, 0, 100), *UNTOUCHED)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (42.4, "42 s"),
        (89.4, "89 s"),
        (89.5, "1 min"),
        (1_500.0, "25 min"),
        (5_370.0, "1.5 h"),
        (11_520.0, "3.2 h"),
        (129_600.0, "1.5 days"),
        (302_400.0, "3.5 days"),
        (864_000.0, "10 days"),
    ],
)
def test_a_time_is_told_in_the_unit_people_think_in(seconds: float, words: str) -> None:
    assert rough_words(seconds) == words


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


def test_the_schema_names_every_key_and_allows_no_other() -> None:
    found = list(_objects(SCHEMA))
    assert len(found) > 8
    for schema in found:
        assert schema["additionalProperties"] is False
        # A comparison is there only when one was asked for.
        assert set(schema["required"]) == set(schema["properties"]) - {"comparison"}
