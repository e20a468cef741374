"""The plan as Markdown: inert whatever the names are, within GitHub's limit, as kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qsync.planning.changes import ChangeCounts, FieldChange
from qsync.planning.plan import GuardBreach, OrphanState, Plan
from qsync.views.documents import plan_document
from qsync.views.layout import clean
from qsync.views.markdown import code, prose
from qsync.views.plan_markdown import LIMIT, MARKER, markdown_plan, no_plan
from tests.support import plans
from tests.support.any_plan import all_plans
from tests.support.golden import matches_golden

TAGS = {"h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"}
TAGS |= {"details", "summary"}
NASTY = st.text("`|\\<>&@#*_[]()!:$~\"'=-+. \t\n\r1aZé\u202e", max_size=24)
PLANS: dict[str, Callable[[], Plan]] = {
    "first_load": plans.first_load,
    "second_day": plans.second_day,
    "nothing_new": plans.nothing_new,
    "stopped": plans.stopped,
    "unknown_baseline": plans.unknown_baseline,
    "careful": plans.careful,
    "causes": plans.causes,
    "companies": plans.companies,
}


class Page(HTMLParser):
    """What a browser sees: tags with their attributes, the texts of code, cells by row."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.codes: list[str] = []
        self.rows: list[int] = []
        self.text = ""
        self._in_code = False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in_code = self._in_code or tag == "code"
        if tag == "code":
            self.codes.append("")
        elif tag == "tr":
            self.rows.append(0)
        elif tag in {"td", "th"}:
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.codes[-1] += data
        else:
            self.text += data


def named(name: str) -> Plan:
    """A plan in which everything that has a name has this one."""
    counts = ChangeCounts(
        state_rows=9,
        in_model=9,
        changed=5,
        unchanged=4,
        invalid={f"not_an_option:{name}": 1},
        conflicts={name: 2},
    )
    stream = plans.a_stream_plan(
        counts,
        (FieldChange(name, changed=5),),
        sync=name,
        mapped=(plans.a_field(name),),
        breaches=(GuardBreach("max_changed", "20%", 5, 9),),
    )
    sync = plans.a_sync_plan(stream, name=name, model=name, blocked=f"model '{name}' is odd")
    plan = plans.a_plan(sync, orphans=(OrphanState("id", name, "lead", 3),))
    return replace(plan, target=name, destination=name)


@given(NASTY)
@example("a|b`c\\|d</code></td><img src=x onerror=y>@somebody #12")
@example("``")
@example("\\`| x")
@settings(max_examples=150)
def test_whatever_a_name_is_it_is_only_a_name(name: str) -> None:
    page = Page(markdown_plan(plan_document(named(name))))
    assert page.tags <= TAGS
    assert page.attributes <= {"open", "style"}
    assert sorted(page.rows) == [3, 3, 4, 4, 10, 10]
    if name.strip():
        assert page.codes.count(clean(name)) + page.codes.count(clean(name).strip()) >= 5


@given(NASTY)
@settings(max_examples=100)
def test_prose_calls_nobody_and_points_nowhere(name: str) -> None:
    page = Page(f"- {prose(f'say {name} now')}")
    assert page.tags <= {"ul", "li", "code", "p"}
    for sign in "@#":
        assert all(not part[:1].isalnum() for part in page.text.split(sign)[1:])
    assert "$" not in prose(name.replace("`", ""))


def test_a_link_an_emoji_and_a_person_lose_their_meaning_and_not_their_look() -> None:
    said = prose("see https://x.example or www.x.example, @me, #7 and :tada:")
    assert said == (
        "see https:&#8288;//x.example or www&#8288;.x.example, @&#8288;me, \\#&#8288;7 and "
        ":&#8288;tada:"
    )
    assert code("@me") == "`@me`"


def test_its_first_line_is_the_marker_by_which_a_comment_is_found_again() -> None:
    for text in (markdown_plan(plan_document(plans.nothing_new())), no_plan(["a: b"])):
        assert text.splitlines()[0] == MARKER == "<!-- qsync plan -->"


@given(all_plans)
@settings(max_examples=30)
def test_it_is_well_formed_whatever_the_plan(plan: Plan) -> None:
    text = markdown_plan(plan_document(plan))
    assert len(text.encode()) <= LIMIT
    assert text.count("<details") == text.count("</details>") == len(plan.syncs)
    assert Page(text).tags <= TAGS


def many(count: int) -> Plan:
    """Many syncs: the last one is stopped, only the one before it changes anything."""
    quiet = ChangeCounts(state_rows=9, in_model=9, unchanged=9)
    busy = replace(quiet, unchanged=4, changed=5)
    syncs = []
    for place in range(count):
        last = count - 1 - place
        stream = plans.a_stream_plan(quiet if last > 1 else busy, sync=f"sync_{place}")
        blocked = None if last else "its model is empty"
        syncs.append(plans.a_sync_plan(stream, name=f"sync_{place}", blocked=blocked))
    orphans = tuple(OrphanState(str(at), f"gone_{at}", "lead", at) for at in range(count))
    return plans.a_plan(*syncs, orphans=orphans)


def test_what_does_not_fit_is_left_out_whole_the_quiet_syncs_first_and_it_is_said() -> None:
    text = markdown_plan(plan_document(many(900)))
    assert len(text.encode()) <= LIMIT
    assert text.count("<details") == text.count("</details>") > 50
    assert "<details open><summary><code>sync_899</code>" in text
    assert "<summary><code>sync_898</code>" in text
    *_, last = text.splitlines()
    left = 900 - text.count("<details")
    assert last.startswith("Left out here, because a comment has a limit: ")
    assert f"the details of {left} of 900 syncs. `qsync plan --verbose` shows" in last
    assert f"{900 - text.count('| `sync_')} lines of the table" in last
    assert f"{901 - text.count('State without a sync')} notes" in last


def test_many_fields_of_one_sync_are_cut_and_it_is_said() -> None:
    changes = tuple(FieldChange(f"field_{place}", changed=1) for place in range(5_000))
    counts = ChangeCounts(state_rows=9, in_model=9, changed=9)
    plan = plans.a_plan(plans.a_sync_plan(plans.a_stream_plan(counts, changes)))
    text = markdown_plan(plan_document(plan))
    assert text.count("| `field_") == 50
    assert "And more: `qsync plan --verbose` shows them all." in text


def test_a_long_list_of_problems_is_cut_and_it_is_said() -> None:
    text = no_plan([f"models/a.qsync.yml:{line}:1: QS101: wrong" for line in range(3_000)])
    assert len(text.encode()) <= LIMIT
    assert "more problems: `qsync validate` shows them all." in text


@pytest.mark.parametrize("name", PLANS)
def test_the_markdown_of_a_plan_is_as_kept(name: str) -> None:
    matches_golden(f"plan_{name}_markdown", markdown_plan(plan_document(PLANS[name]())))
