"""Text, Markdown and JSON of a plan tell the same numbers, whatever the plan."""

from __future__ import annotations

import html
import re

from hypothesis import given, settings

from qsync.planning.plan import Plan
from qsync.views.documents import JsonObject, plan_document
from qsync.views.plan_counts import COUNTS, hidden_counts
from qsync.views.plan_markdown import markdown_plan
from qsync.views.plan_notes import gate_notes
from qsync.views.plan_text import render_plan, summary_line
from tests.support.any_plan import all_plans
from tests.support.golden import numbers_in, numbers_of, rendered

BY_SYMBOL = {count.symbol: count.name for count in COUNTS}
COUNT = re.compile(r"(?:(?<=\s)|^)([-+~_=!z>x]) ([0-9,]+) ([a-z]+)(?=\s|$)")
COLUMNS = ("added", "changed", "cleared", "removed", "unchanged", "invalid", "resting")


def texts_of(document: JsonObject) -> tuple[str, str]:
    """The plan as text and as Markdown, the latter as it is read."""
    text = rendered(lambda console: render_plan(document, console))
    return text, html.unescape(markdown_plan(document, limit=10_000_000))


def streams_of(document: JsonObject) -> list[tuple[JsonObject, JsonObject]]:
    return [(sync, stream) for sync in document["syncs"] for stream in sync["streams"]]


def whole(number: str) -> int:
    return int(number.replace(",", ""))


def shown(stream: JsonObject) -> dict[str, int]:
    """What a line of counts has to tell of a stream."""
    hidden = hidden_counts(stream)
    counts = {count.name: stream["counts"][count.name] for count in COUNTS}
    return {name: count for name, count in counts.items() if count and name not in hidden}


@given(all_plans)
@settings(max_examples=40)
def test_every_number_of_the_markdown_stands_in_the_document(plan: Plan) -> None:
    document = plan_document(plan)
    _, markdown = texts_of(document)
    assert numbers_of(markdown.replace("### ", "")) <= numbers_in(document)


@given(all_plans)
@settings(max_examples=40)
def test_the_summary_is_the_same_line_in_both_and_its_numbers_are_the_documents(
    plan: Plan,
) -> None:
    document = plan_document(plan)
    text, markdown = texts_of(document)
    summary = summary_line(document)
    assert text.splitlines()[-1] == summary
    assert f"**{summary}**" in markdown.splitlines()
    total = document["summary"]
    if summary.endswith(("request.", "requests.")):
        names = ("to_add", "to_change", "removed", "unchanged", "invalid", "jobs", "requests")
        assert [whole(found) for found in re.findall(r"[0-9][0-9,]*(?= )", summary)] == [
            total[name] for name in names
        ]


@given(all_plans)
@settings(max_examples=40)
def test_the_text_tells_every_count_of_every_stream_as_the_document_does(plan: Plan) -> None:
    document = plan_document(plan)
    text, _ = texts_of(document)
    told = [
        (BY_SYMBOL[symbol], whole(number))
        for line in text.splitlines()
        for symbol, number, word in COUNT.findall(line)
        if word == BY_SYMBOL[symbol]
    ]
    expected = [item for _, stream in streams_of(document) for item in shown(stream).items()]
    assert told == expected


@given(all_plans)
@settings(max_examples=40)
def test_the_markdown_has_a_line_per_stream_with_the_documents_numbers(plan: Plan) -> None:
    document = plan_document(plan)
    _, markdown = texts_of(document)
    lines = markdown.splitlines()
    rows = (
        lines[lines.index(next(line for line in lines if line.startswith("| sync"))) + 2 :]
        if (streams_of(document))
        else []
    )
    for line, (sync, stream) in zip(rows, streams_of(document), strict=False):
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        hidden = hidden_counts(stream)
        counts = ["?" if name in hidden else f"{stream['counts'][name]:,}" for name in COLUMNS]
        sends = "stopped" if sync["stopped"] else f"{stream['to_send']:,}"
        assert cells == [f"`{sync['name']}`", stream["object"], *counts, sends]


@given(all_plans)
@settings(max_examples=40)
def test_both_forms_tell_what_every_gate_says(plan: Plan) -> None:
    document = plan_document(plan)
    text, markdown = (" ".join(form.split()) for form in texts_of(document))
    for sync in document["syncs"]:
        for note in gate_notes(sync):
            assert note.text in text
            assert note.text in markdown


@given(all_plans)
@settings(max_examples=40)
def test_causes_sum_up_to_the_changed_records_and_both_forms_tell_them(plan: Plan) -> None:
    document = plan_document(plan)
    text, markdown = texts_of(document)
    flat = " ".join(text.split())
    for _, stream in streams_of(document):
        known = [item["records"] for item in stream["causes"] if item["records"] is not None]
        assert sum(known) == stream["counts"]["changed"]
        for records in known:
            assert f" {records:,} " in flat
            assert f" {records:,} " in markdown
