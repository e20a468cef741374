"""The page in a browser: it draws what the ledger says, for everybody, in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from qsync.project.model import Project
from qsync.views.report import report_page
from tests.report import kit
from tests.report.chromium import Looked, looking

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.chromium


def _silent(looked: Looked, file: Path) -> None:
    assert looked.complaints == []
    assert looked.requests == [file.as_uri()]


def _faults(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]


def test_its_charts_and_tables_have_the_ledgers_numbers(browser: Browser, written: Path) -> None:
    records = kit.month()
    ids = sorted({item.run_id for item in records})

    def per_run(sync: str | None, *names: str) -> list[int]:
        return [
            sum(
                getattr(item, f"rows_{name}")
                for item in records
                if item.run_id == run_id and sync in {None, item.sync}
                for name in names
            )
            for run_id in ids
        ]

    with looking(browser, written) as looked:
        assert looked.chart("rows") == [
            per_run(None, "succeeded"),
            per_run(None, "rejected"),
            per_run(None, "unknown", "invalid_late", "unsent"),
        ]
        assert looked.chart("rejects") == [per_run(None, "rejected"), per_run(None, "invalid")]
        (requests,) = looked.chart("requests")
        assert sum(requests) == sum(item.requests for item in records)
        complete, others = looked.chart("duration")
        assert len([value for value in others if value is not None]) == 4  # three failed, a stop
        assert all(
            (one is None) != (two is None) for one, two in zip(complete, others, strict=True)
        )
        # The words on the page, and the table behind the chart.
        confirmed = sum(item.rows_succeeded for item in records)
        tiles = looked.page.locator("#health .tile dd").all_text_contents()
        assert tiles[1] == f"{confirmed:,}"
        table = looked.table("Records sent as a table")
        assert sum(int(row[4].replace(",", "")) for row in table) == confirmed
        assert len(table) == len({(item.run_id, item.sync) for item in records})
        # One sync alone.
        looked.page.get_by_label("Charts of").select_option("product_usage")
        assert looked.chart("rows")[0] == per_run("product_usage", "succeeded")
        # They are drawn, too.
        for name in ("rows", "rejects", "duration", "requests"):
            bars = looked.page.locator(f"#chart-{name} svg path")
            assert bars.count() > 10
        _silent(looked, written)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_no_fault_and_nothing_sticks_out(
    browser: Browser,
    document: dict[str, Any],
    declared: Project,
    tmp_path: Path,
    scheme: Literal["light", "dark"],
) -> None:
    file = tmp_path / "report.html"
    # Axe looks at every cell: two runs have all kinds of them.
    short = kit.document(declared, plan=document["plan"], runs=2)
    file.write_text(report_page(short), encoding="utf-8")
    with looking(browser, file, scheme=scheme) as looked:
        looked.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        for width in (1280, 400):
            looked.page.set_viewport_size({"width": width, "height": 900})
            if width == 1280:
                found = Axe().run(looked.page).response
                assert _faults(found) == []
                assert len(found["passes"]) > 20
            assert looked.page.evaluate("document.documentElement.scrollWidth") == width
        _silent(looked, file)


def test_the_theme_follows_the_system_and_the_switch_by_keyboard(
    browser: Browser, written: Path
) -> None:
    def ground(looked: Looked) -> str:
        color: str = looked.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return color

    def focused(looked: Looked) -> str:
        said: str = looked.page.evaluate(
            "(({ activeElement: at }) => at.value ?? at.textContent.trim())(document)"
        )
        return said

    with looking(browser, written, scheme="dark") as looked:
        dark = ground(looked)
        looked.page.emulate_media(color_scheme="light")
        assert ground(looked) != dark
        keys = looked.page.keyboard
        keys.press("Tab")
        assert focused(looked) == "Skip to the report"
        for _ in range(6):
            keys.press("Tab")
        assert focused(looked) == "auto"
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        assert focused(looked) == "dark"
        assert ground(looked) == dark
        bar = looked.page.locator("#chart-rows svg path[fill='var(--good)']").first
        assert bar.evaluate("(one) => getComputedStyle(one).fill") == "rgb(76, 196, 154)"
        # On: the filter of the charts, then the table behind the first.
        keys.press("Tab")
        assert focused(looked) == "*"
        keys.press("Tab")
        assert focused(looked) == "Records sent as a table"
        keys.press("Enter")
        assert looked.page.get_by_role("region", name="Records sent as a table").is_visible()
        _silent(looked, written)


@pytest.mark.slow
def test_it_prints_in_light_with_its_charts_on_the_paper(browser: Browser, written: Path) -> None:
    with looking(browser, written, scheme="dark") as looked:
        looked.page.emulate_media(media="print")
        white = looked.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert white == "rgb(255, 255, 255)"
        paper = looked.page.pdf(prefer_css_page_size=True, print_background=True)
        assert paper.startswith(b"%PDF")
        # Printing is over: the charts have the window's size again.
        looked.page.emulate_media(media="screen")
        looked.page.wait_for_function(
            "document.querySelector('#chart-rows svg').getAttribute('viewBox') === null"
        )
        _silent(looked, written)


@pytest.mark.slow
def test_without_a_run_it_says_so_and_is_as_silent(
    browser: Browser, declared: Project, tmp_path: Path
) -> None:
    file = tmp_path / "empty.html"
    file.write_text(report_page(kit.document(declared, records=[], rejects=())), "utf-8")
    with looking(browser, file) as looked:
        assert looked.page.get_by_role("heading", level=1).text_content() == "northwind_saas"
        assert looked.page.locator("#theme").is_visible()
        assert _faults(Axe().run(looked.page).response) == []
        _silent(looked, file)


@pytest.mark.slow
def test_a_single_run_of_syncs_with_hostile_names_breaks_nothing(
    browser: Browser, declared: Project, tmp_path: Path
) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    first, *others = declared.syncs
    project = replace(declared, syncs=(replace(first, name=hostile), *others))
    records = [
        replace(item, sync=hostile) if item.sync == first.name else item
        for item in kit.month(days=1)
    ]
    file = tmp_path / "one.html"
    file.write_text(report_page(kit.document(project, records=records)), encoding="utf-8")
    with looking(browser, file) as looked:
        looked.page.get_by_label("Charts of").select_option(hostile)
        assert looked.chart("rows")[0] == [
            sum(item.rows_succeeded for item in records if item.sync == hostile)
        ]
        _silent(looked, file)


@pytest.mark.slow
def test_a_first_load_is_cut_off_and_named_so_that_it_hides_no_other_run(
    browser: Browser, declared: Project, tmp_path: Path
) -> None:
    first, *rest = kit.month()
    load = replace(first, rows_planned=60_000, rows_succeeded=60_000, rows_rejected=0)
    file = tmp_path / "load.html"
    document = kit.document(declared, records=[load, *rest])
    file.write_text(report_page(document), encoding="utf-8")
    counts = document["runs"][0]["counts"]
    with looking(browser, file) as looked:
        ends = looked.page.evaluate(
            "echarts.getInstanceByDom(document.getElementById('chart-rows')).getOption().yAxis[0].max"
        )
        others = [run["counts"]["planned"] for run in document["runs"][1:]]
        assert max(others) <= ends <= 2 * max(others)
        said = looked.page.locator("#cut-rows").text_content()
        assert said == f"; cut off: {counts['planned']:,}"
        # The numbers are whole all the same.
        assert looked.chart("rows")[0][0] == counts["succeeded"]
        looked.page.get_by_label("Charts of").select_option("leads")
        assert looked.page.locator("#cut-rows").text_content() == ""
        _silent(looked, file)
