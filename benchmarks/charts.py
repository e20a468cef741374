"""A chart per benchmark, drawn from what was measured.

    python benchmarks/charts.py        # redraws docs/pictures from benchmarks/results

A benchmark keeps its numbers with `keep`, which draws its charts as well. Redrawing needs nothing
but the files, so a picture and its numbers cannot part.

The drawing is bars as SVG and nothing else. No library: those that draw bars bring fonts, scripts
or fixed colours, and none writes a picture that follows its reader into the dark.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PICTURES = ROOT / "docs" / "pictures"

Row = tuple[str, float, str]
"""A bar: what it stands under, how long it is, and the group whose colour it has."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of bars.

    Attributes:
        picture: The file's name in `docs/pictures`.
        title: What is compared, as a sentence without a full stop.
        unit: Of the values; it stands under the title.
        rows: Bars in order; those of one label stand together. One group has no legend.
        limit: A value to be held, as a line, and its words.
        digits: After the decimal point, in the values written out.
    """

    picture: str
    title: str
    unit: str
    rows: Sequence[Row]
    limit: tuple[float, str] | None = None
    digits: int = 1


def keep(name: str, measured: Any, charts: Sequence[Chart]) -> None:
    """Write `results/NAME.json`, with what was measured and its charts, and draw them."""
    RESULTS.mkdir(exist_ok=True)
    drawn = [
        {
            "picture": chart.picture,
            "title": chart.title,
            "unit": chart.unit,
            "digits": chart.digits,
            "limit": chart.limit,
            "rows": [list(row) for row in chart.rows],
        }
        for chart in charts
    ]
    written = json.dumps({"charts": drawn, "measured": measured}, indent=1, sort_keys=True)
    (RESULTS / f"{name}.json").write_text(written + "\n", encoding="utf-8")
    for chart in charts:
        draw(chart)


def draw(chart: Chart) -> None:
    """Write a chart's picture."""
    bars(
        *(PICTURES / chart.picture, chart.title, chart.unit, chart.rows),
        limit=chart.limit,
        digits=chart.digits,
    )


def redraw() -> list[str]:
    """Draw every chart of every file of results; the names of the pictures."""
    drawn = []
    for path in sorted(RESULTS.glob("*.json")):
        for told in json.loads(path.read_text(encoding="utf-8"))["charts"]:
            rows = [(str(label), float(value), str(group)) for label, value, group in told["rows"]]
            limit = told["limit"]
            chart = Chart(
                told["picture"],
                told["title"],
                told["unit"],
                rows,
                None if limit is None else (float(limit[0]), str(limit[1])),
                told["digits"],
            )
            draw(chart)
            drawn.append(chart.picture)
    return drawn


_WIDTH = 720
_EDGE, _BAR, _GAP, _BETWEEN = 20, 20, 4, 14
_LETTER = 7.4
"""A letter's width at the size of labels, generously."""

_COLOURS = (
    ("#2563a8", "#6cb6ff"),
    ("#b45309", "#f0a050"),
    ("#4d7c0f", "#9ad06a"),
    ("#7c3aed", "#c4a5ff"),
    ("#6b7280", "#a0a8b4"),
)
"""A group's colour by day and by night; told apart by brightness too."""

_STYLE = """\
text {{ font: 13px ui-sans-serif, system-ui, sans-serif; fill: #24292f }}
.title {{ font-size: 16px; font-weight: 600 }}
.unit {{ fill: #57606a }}
.page {{ fill: #ffffff; stroke: #d0d7de }}
.limit {{ stroke: #cf222e; stroke-dasharray: 4 3 }}
{day}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.unit {{ fill: #9198a1 }}
.page {{ fill: #151b23; stroke: #3d444d }}
.limit {{ stroke: #ff7b72 }}
{night}
}}"""


def bars(
    path: Path,
    title: str,
    unit: str,
    rows: Sequence[Row],
    *,
    limit: tuple[float, str] | None = None,
    digits: int = 1,
) -> None:
    """Draw bars, one under the other, into an SVG file.

    It has a page of its own colour, light or dark as the reader's system is, and words for those
    who cannot see it.

    Args:
        path: The file.
        title: What is compared.
        unit: Of the values.
        rows: Label, value and group of each bar.
        limit: A value drawn as a line, and its words.
        digits: After the decimal point, in the values written out.

    Raises:
        ValueError: No bar, one below zero, or more groups than there are colours.
    """
    groups = list(dict.fromkeys(group for _, _, group in rows))
    labels = list(dict.fromkeys(label for label, _, _ in rows))
    most = max([value for _, value, _ in rows] + ([limit[0]] if limit else []), default=0.0)
    if not rows or min(value for _, value, _ in rows) < 0 or len(groups) > len(_COLOURS):
        raise ValueError(f"cannot be drawn: {title}")
    left = _EDGE + _LETTER * max(len(label) for label in labels) + 10
    widest = max(len(_told(value, digits)) for _, value, _ in rows)
    scale = (_WIDTH - _EDGE - left - _LETTER * widest - 10) / (most or 1.0)

    drawn: list[str] = []
    top = 72.0
    if len(groups) > 1:
        at = float(_EDGE)
        for place, group in enumerate(groups):
            drawn += [
                f'<rect class="g{place}" x="{at:.0f}" y="62" width="12" height="12" rx="2"/>',
                _text(at + 18, 73, group),
            ]
            at += 18 + _LETTER * len(group) + 22
        top = 92.0
    if limit is not None:
        top += 18
    first = top
    for label in labels:
        mine = [(value, group) for name, value, group in rows if name == label]
        height = len(mine) * _BAR + (len(mine) - 1) * _GAP
        drawn.append(_text(left - 10, top + height / 2 + 4.5, label, anchor="end"))
        for value, group in mine:
            length = max(1.0, value * scale)
            drawn += [
                (
                    f'<rect class="g{groups.index(group)}" x="{left:.0f}" y="{top:.0f}" '
                    f'width="{length:.1f}" height="{_BAR}" rx="2"/>'
                ),
                _text(left + length + 6, top + 14.5, _told(value, digits)),
            ]
            top += _BAR + _GAP
        top += _BETWEEN - _GAP
    bottom = top - _BETWEEN
    if limit is not None:
        across = left + limit[0] * scale
        drawn += [
            (
                f'<line class="limit" x1="{across:.1f}" x2="{across:.1f}" '
                f'y1="{first - 4:.0f}" y2="{bottom + 4:.0f}"/>'
            ),
            _text(across, first - 9, limit[1], anchor="end"),
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _page(title, unit, _words(rows, unit, limit, digits), drawn, bottom + _EDGE),
        encoding="utf-8",
    )


def _page(title: str, unit: str, words: str, drawn: Sequence[str], height: float) -> str:
    day, night = (
        "\n".join(f".g{place} {{ fill: {pair[time]} }}" for place, pair in enumerate(_COLOURS))
        for time in (0, 1)
    )
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
            f'viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-labelledby="title desc">'
        ),
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(words)}</desc>',
        f"<style>\n{_STYLE.format(day=day, night=night)}\n</style>",
        f'<rect class="page" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1:.0f}" rx="6"/>',
        _text(_EDGE, 30, title, style="title"),
        _text(_EDGE, 50, unit, style="unit"),
        *drawn,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _text(x: float, y: float, words: str, *, anchor: str = "start", style: str = "") -> str:
    styled = f' class="{style}"' if style else ""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{anchored}{styled}>{escape(words)}</text>'


def _told(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _words(rows: Sequence[Row], unit: str, limit: tuple[float, str] | None, digits: int) -> str:
    several = len({group for _, _, group in rows}) > 1
    told = [
        f"{label}{f', {group}' if several else ''}: {_told(value, digits)}"
        for label, value, group in rows
    ]
    line = "" if limit is None else f" The line at {limit[0]:g}: {limit[1]}."
    return f"Bars ({unit}). {'; '.join(told)}.{line}"


if __name__ == "__main__":
    for picture in redraw():
        print(f"docs/pictures/{picture}", file=sys.stderr)
