"""A comparison as text, Markdown and JSON: as kept, within its limits, telling the same numbers."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import example, given, settings

from qsync.planning.comparison import (
    Comparison,
    FieldComparison,
    FieldCounts,
    Mapped,
    Records,
    Reworded,
)
from qsync.views.comparison_document import comparison_document
from qsync.views.comparison_markdown import MARKER, markdown_both, markdown_comparison
from qsync.views.comparison_text import render_comparison
from qsync.views.documents import JsonObject, plan_document
from qsync.views.layout import clean
from qsync.views.plan_markdown import LIMIT
from tests.support import plans
from tests.support.comparisons import a_comparison, a_stream, a_sync, column, everything
from tests.support.golden import matches_golden, numbers_in, numbers_of, rendered
from tests.views.test_plan_markdown import NASTY, TAGS, Page

SCHEMA = orjson.loads(
    (Path(__file__).parents[2] / "schemas" / "comparison.schema.json").read_bytes()
)


def text_of(document: JsonObject, verbose: bool = False) -> str:
    return rendered(lambda console: render_comparison(document, console, verbose))


@pytest.mark.parametrize(
    ("name", "comparison"), [("everything", everything()), ("nothing", a_comparison(alike=3))]
)
def test_every_kind_of_change_is_told_as_kept(name: str, comparison: Comparison) -> None:
    document = comparison_document(comparison)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    matches_golden(f"comparison_{name}", text_of(document))
    matches_golden(f"comparison_{name}_markdown", markdown_comparison(document))


def test_the_schema_names_every_key_and_allows_no_other() -> None:
    found = [schema for schema in _schemas(SCHEMA) if "properties" in schema]
    assert len(found) > 8
    for schema in found:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def _schemas(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _schemas(child)


def test_no_line_but_the_last_is_wider_than_a_terminal() -> None:
    *lines, last = text_of(comparison_document(everything())).splitlines()
    assert max(map(len, lines)) <= 80
    assert last.startswith("Compared: 1 added, 1 removed, 6 changed, 3 alike. ")


def test_text_and_markdown_tell_no_number_that_the_document_does_not() -> None:
    document = comparison_document(everything())
    known = numbers_in(document)
    assert numbers_of(text_of(document, verbose=True)) <= known
    # `&#8288;` and the like are no numbers, and `###` is a heading.
    markdown = html.unescape(markdown_comparison(document)).replace("### ", "")
    assert numbers_of(markdown) <= known


def test_what_is_affected_is_what_is_not_alike() -> None:
    document = comparison_document(everything())
    records = [stream["records"] for sync in document["syncs"] for stream in sync["streams"]]
    told = [item for item in records if item is not None]
    for item in told:
        parts = ("differing", "newly_sent", "no_longer_sent")
        assert item["affected"] == sum(item[part] for part in parts)
    assert document["summary"]["affected"] == sum(item["affected"] for item in told) == 4_071


def named(name: str) -> Comparison:
    """A comparison in which everything that has a name has this one."""
    mapped, fixed = column(name), Mapped("string", None, name, "keep")
    stream = a_stream(
        FieldComparison(name, ("remapped",), mapped, fixed, None, FieldCounts(1, set=1)),
        FieldComparison(name, ("dropped",), mapped, None, f"the column {name} is gone"),
        records=Records(differing=5, invalid={f"not_an_option:{name}": 1}),
        base_match=name,
    )
    word = Reworded(name, name, name)
    sync = a_sync(stream, name=name, former=name, models=(name, f"{name}2"), policy=(word,))
    return a_comparison(sync, base=name, settings=(word,))


@given(NASTY)
@example("a|b`c\\|d</code></td><img src=x onerror=y>@somebody #12")
@example("`` \\`| x")
@settings(max_examples=60)
def test_whatever_a_name_is_it_is_only_a_name(name: str) -> None:
    page = Page(markdown_comparison(comparison_document(named(name))))
    assert page.tags <= TAGS
    assert page.attributes <= {"open", "style"}
    assert sorted(page.rows) == [2, 2, 2, 2, 2, 2, 3, 3, 3, 6, 6]
    if name.strip():
        assert page.codes.count(clean(name)) + page.codes.count(clean(name).strip()) >= 5


def test_what_does_not_fit_is_left_out_whole_and_it_is_said() -> None:
    (sync, *_) = everything().syncs
    syncs = [replace(sync, name=f"sync_{place}") for place in range(400)]
    text = markdown_comparison(comparison_document(a_comparison(*syncs)))
    assert len(text.encode()) <= LIMIT
    shown = text.count("<details")
    assert shown == text.count("</details>") > 5
    *_, last = text.splitlines()
    assert last.startswith("Left out here, because a comment has a limit: ")
    assert f"the details of {400 - shown} syncs." in last


def test_beside_its_plan_both_fit_in_one_comment_and_both_can_be_found() -> None:
    (sync, *_) = everything().syncs
    syncs = [replace(sync, name=f"sync_{place}") for place in range(400)]
    many = [replace(plans.second_day().syncs[0]) for _ in range(400)]
    document = plan_document(plans.a_plan(*many), a_comparison(*syncs))
    text = markdown_both(document["comparison"], document)
    assert len(text.encode()) <= LIMIT
    lines = text.splitlines()
    assert lines[0] == MARKER == "<!-- qsync compare -->"
    assert lines.count("<!-- qsync plan -->") == 1
    assert text.count("<details") == text.count("</details>")


def test_a_plan_without_a_comparison_has_no_word_of_one() -> None:
    assert "comparison" not in plan_document(plans.second_day())
