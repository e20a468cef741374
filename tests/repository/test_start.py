"""The benchmark of start-up tells parts that add up."""

from __future__ import annotations

from benchmarks.big_project import Size
from benchmarks.spans import Spans
from benchmarks.start import Started, charts, least, section

VALIDATE = Started("validate", {"import": 0.25, "manifest": 0.5, "other": 0.001}, 130)
PLAN = Started("plan", {"import": 1.0, "dbt": 4.0, "warehouse": 3.0, "sql": 2.0}, 800)


def test_the_table_has_a_line_for_each_part_that_took_any_time_and_their_sum() -> None:
    text = section([VALIDATE, PLAN], Size(5_000, 300), 76_044_584)
    assert "5,000 models, whose `manifest.json` has 76 MB, and 300 syncs" in text
    assert "| Python modules | 0.25 | 1.00 |" in text
    assert "| dbt: project and profile | 0.00 | 4.00 |" in text
    assert "| **all** | **0.75** | **10.00** |" in text
    assert "| MB at the peak | 130 | 800 |" in text
    assert "everything else" not in text


def test_the_chart_sets_dbt_and_the_warehouse_apart() -> None:
    (chart,) = charts([PLAN], Size(5_000, 300))
    assert chart.rows == [("plan", 3.0, "qsync itself"), ("plan", 7.0, "dbt and the warehouse")]


def test_of_several_runs_the_one_that_took_the_least_counts() -> None:
    assert least([PLAN, VALIDATE, PLAN]) is VALIDATE


def test_a_part_inside_another_is_not_counted_twice() -> None:
    spans = Spans()
    inner = spans.wrapped("yaml", lambda: sum(range(200_000)))
    spans.wrapped("compile", inner)()
    spans.switch(None)
    assert set(spans.seconds) == {"other", "compile", "yaml"}
    assert spans.seconds["yaml"] > spans.seconds["compile"] >= 0
    assert spans.calls == {"yaml": 1, "compile": 1}
