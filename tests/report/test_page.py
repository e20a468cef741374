"""The page is one file that needs and allows nothing else, and no text of it becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from copy import deepcopy
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from qsync.project.model import Project
from qsync.views.report import report_page
from qsync.views.report.page import FOLDER, VENDOR, policy, vendored
from qsync.views.report.picture import picture_of
from qsync.views.report.words import health_line, share
from tests.report import kit

HOSTILE = "</script><img src=x onerror=alert(1)>\"'`&{{7*7}}\u202e\x1b[31m"


class Tags(HTMLParser):
    """What a page is made of: its tags with their attributes, and the texts of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")
            self._in = tag

    def handle_endtag(self, tag: str) -> None:
        self._in = None if tag == self._in else self._in

    def handle_data(self, data: str) -> None:
        if self._in is not None:
            self.raw[self._in][-1] += data


@pytest.fixture(scope="session")
def page(document: dict[str, Any]) -> str:
    return report_page(document)


@pytest.fixture(scope="session")
def tags(page: str) -> Tags:
    return Tags(page)


def test_its_policy_allows_its_own_scripts_and_style_by_digest_and_nothing_else(
    tags: Tags,
) -> None:
    (allowed,) = [
        attributes["content"]
        for tag, attributes in tags.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    data, library, script = tags.raw["script"]
    assert allowed == policy(scripts=(library, script), style=tags.raw["style"][0])
    assert allowed.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in allowed
    assert data.startswith("{")


def test_nothing_is_fetched_and_no_attribute_holds_code_or_style(tags: Tags) -> None:
    fetching = {"src", "srcset", "action", "data", "poster", "style", "background", "ping"}
    for tag, attributes in tags.tags:
        assert not fetching & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "img"}
    assert not re.search(r"@import|url\(", tags.raw["style"][0])


def test_a_hostile_text_is_a_text_wherever_it_stands(document: dict[str, Any]) -> None:
    def poisoned(value: Any, path: tuple[str, ...] = ()) -> Any:
        if isinstance(value, dict):
            return {key: poisoned(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [poisoned(item, path) for item in value]
        free = {"name", "sync", "reason", "message", "hint", "description", "owner", "tags"}
        free |= {"column", "constant", "field", "label", "type", "column_type", "model"}
        free |= {"project", "destination", "blocked", "why", "path", "git_commit", "run_id"}
        return HOSTILE if isinstance(value, str) and path[-1] in free else value

    clean, dirty = Tags(report_page(document)), Tags(report_page(poisoned(deepcopy(document))))
    assert [tag for tag, _ in dirty.tags if tag in {"img", "script"}] == ["script"] * 3
    assert {name for _, held in dirty.tags for name in held} <= {
        name for _, held in clean.tags for name in held
    }
    text = report_page(poisoned(deepcopy(document)))
    assert "onerror=alert(1)&gt;" in text
    assert "\u202e" not in text.replace(tags_of(dirty), "")
    assert "\x1b" not in text


def tags_of(page: Tags) -> str:
    """The page's data for its script, in which JSON escapes what markup cannot hold."""
    return page.raw["script"][0]


def test_the_chart_library_is_the_one_that_is_named_and_its_licences_come_with_it(
    page: str,
) -> None:
    known = vendored()
    library = (VENDOR / known["file"]).read_bytes()
    licences = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(library).hexdigest() == known["sha256"]
    assert len(library) == known["bytes"]
    assert f'version="{known["version"]}"' in library.decode()
    algorithm, _, digest = known["npm_integrity"].partition("-")
    assert (algorithm, len(base64.b64decode(digest))) == ("sha512", 64)
    assert known["license"] == "Apache-2.0"
    for words in ("Apache License", "The Apache Software Foundation", "BSD 3-Clause", "Baidu"):
        assert words in licences
        assert words in page
    assert b"</script" not in library.lower()


def test_the_page_stays_below_a_megabyte_for_a_month(page: str) -> None:
    assert len(page.encode()) < 1_000_000


def test_headings_go_down_one_step_at_a_time_and_every_table_has_a_named_place(tags: Tags) -> None:
    steps = [int(tag[1]) for tag, _ in tags.tags if re.fullmatch(r"h[1-6]", tag)]
    assert steps[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(steps))
    regions = [held for tag, held in tags.tags if held.get("role") == "region"]
    assert all(held.get("aria-label") and held.get("tabindex") == "0" for held in regions)


def test_every_line_of_the_picture_leads_from_a_column_to_its_field(
    document: dict[str, Any],
) -> None:
    for sync in document["syncs"]:
        picture = picture_of(sync["mapping"])
        model, *objects = picture.boxes
        targets = [(box.x, row.y) for box in objects for row in box.rows]
        sources = {row.whole: row.y for row in model.rows}
        wanted = []
        for stream in sync["mapping"]["streams"]:
            wanted.append(stream["match"]["column"])
            wanted += [field["column"] or field["constant"] for field in stream["fields"]]
        for edge, target, source in zip(picture.edges, targets, wanted, strict=True):
            assert edge.path.startswith(f"M{model.width} {sources[source]}C")
            assert edge.path.endswith(f" {target[0]} {target[1]}")
        for box in picture.boxes:
            assert all(box.y < row.y < box.y + box.height for row in box.rows)
            assert box.x + box.width <= picture.width
        for above, below in pairwise(objects):
            assert above.y + above.height < below.y


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),  # noqa: RUF001 - a dash
        (0, "0%"),
        (0.0001, "under 0.1%"),
        (0.0064, "0.6%"),
        (0.02, "2%"),
        (0.126, "13%"),
        (0.99951, "over 99.9%"),
        (1, "100%"),
    ],
)
def test_a_share_never_reads_as_none_or_all_when_it_is_not(value: float, words: str) -> None:
    assert share(value) == words


def test_the_verdict_names_the_gravest_first() -> None:
    none = dict.fromkeys(("failing", "late", "rejecting", "ok", "never_run", "disabled"), 0)
    assert health_line(none, 0) == "No sync is declared"
    assert health_line({**none, "ok": 3}, 3) == "All 3 syncs are healthy"
    assert health_line({**none, "ok": 1, "disabled": 1}, 2) == "The sync is healthy"
    assert health_line({**none, "never_run": 2}, 2) == "None of 2 syncs has run yet"
    assert health_line({**none, "failing": 2, "late": 1}, 3) == (
        "Of 3 syncs, 2 are failing and 1 is late"
    )


def test_an_empty_project_and_one_that_has_not_run_have_words_for_it(declared: Project) -> None:
    page = report_page(kit.document(declared, records=[], rejects=()))
    assert "No run yet." in page
    assert "No record stands rejected." in page
    assert 'id="chart-rows"' not in page


def test_the_plan_in_it_says_what_stops_each_sync(document: dict[str, Any], page: str) -> None:
    stopped = [sync for sync in document["plan"]["syncs"] if sync["stopped"]]
    assert len(stopped) == document["plan"]["summary"]["stopped"] == 2
    blocked = [sync for sync in stopped if sync["blocked"]]
    assert [f"{sync['name']} is stopped." in page for sync in blocked] == [True]
    assert "Stopped by max_changed: 780 rows of 2,500" in page


def test_the_pictures_in_the_documentation_are_small(repository: Path) -> None:
    pictures = list((repository / "docs" / "pictures").glob("report-*.png"))
    assert len(pictures) == 3
    assert max(path.stat().st_size for path in pictures) <= 200_000


def test_templates_and_assets_are_beside_the_code() -> None:
    assert {path.name for path in (FOLDER / "assets").iterdir()} == {"report.css", "report.js"}
