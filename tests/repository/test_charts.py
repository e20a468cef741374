"""The charts of the documentation are drawn from the numbers that lie beside them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import charts

_SVG = "{http://www.w3.org/2000/svg}"


def test_redrawing_changes_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a chart shows is what was measured: its picture is made of the kept numbers alone."""
    kept = charts.PICTURES
    monkeypatch.setattr(charts, "PICTURES", tmp_path)
    drawn = charts.redraw()
    assert drawn
    for name in drawn:
        assert (tmp_path / name).read_bytes() == (kept / name).read_bytes(), name


def test_a_chart_says_in_words_what_it_shows(tmp_path: Path) -> None:
    """Who cannot see the bars is told the title, every label, group and value, and the limit."""
    path = tmp_path / "a.svg"
    rows = [("first & only", 12.34, "qsync"), ("first & only", 1_000.0, "plain")]
    charts.bars(path, "Loads", "seconds", rows, limit=(20, "at most 20"))
    root = ET.parse(path).getroot()
    assert root.findtext(f"{_SVG}title") == "Loads"
    said = root.findtext(f"{_SVG}desc") or ""
    assert "first & only, qsync: 12.3; first & only, plain: 1,000.0." in said
    assert "The line at 20: at most 20." in said
    assert root.get("aria-labelledby") == "title desc"


def test_bars_are_as_long_as_their_values(tmp_path: Path) -> None:
    """Twice the value is twice the length, and nothing leaves the picture."""
    path = tmp_path / "a.svg"
    charts.bars(path, "Loads", "seconds", [("a", 50, "x"), ("b", 100, "x")])
    root = ET.parse(path).getroot()
    drawn = [bar for bar in root.iter(f"{_SVG}rect") if bar.get("class") == "g0"]
    short, long = (float(bar.get("width") or 0) for bar in drawn)
    assert long == pytest.approx(2 * short, abs=0.2)
    assert all(
        float(bar.get("x") or 0) + float(bar.get("width") or 0) < float(root.get("width") or 0)
        for bar in drawn
    )


def test_a_chart_follows_its_reader_into_the_dark_and_fetches_nothing(tmp_path: Path) -> None:
    """Every colour has one for the dark, and no address but SVG's own name is in it."""
    path = tmp_path / "a.svg"
    charts.bars(path, "Loads", "seconds", [("a", 1, "x"), ("a", 2, "y")])
    written = path.read_text()
    assert "prefers-color-scheme: dark" in written
    assert set(re.findall(r"https?://[^\"\s]+", written)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("rows", [[], [("a", -1.0, "x")], [("a", 1.0, str(n)) for n in range(9)]])
def test_what_cannot_be_drawn_is_refused(rows: list[charts.Row], tmp_path: Path) -> None:
    """No bars, bars below zero, more groups than colours."""
    with pytest.raises(ValueError, match="cannot be drawn"):
        charts.bars(tmp_path / "a.svg", "Loads", "seconds", rows)
