"""The mapping of a sync as a picture: where each box, line and text of it stands.

Columns of the model stand on the left, Qualified's objects on the right. Lengths are CSS pixels;
texts are set in a monospaced face, so that their width is known without a browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from qsync.views.entries import JsonObject

_SIGN = 7.6
"""The width of a letter; a little more than it is in the usual faces."""

_ROW, _HEAD, _PAD, _GAP, _BETWEEN = 30, 38, 14, 190, 18
_LONGEST = 34


class Row(NamedTuple):
    """A column or a field: its text, whole and cut, what stands beside it, and its middle."""

    text: str
    whole: str
    note: str
    kind: str
    y: int


class Box(NamedTuple):
    """A model or an object of Qualified."""

    title: str
    kind: str
    x: int
    y: int
    width: int
    height: int
    rows: tuple[Row, ...]


class Edge(NamedTuple):
    """A line from a column to a field, and the mark at its end if a null is not left alone."""

    path: str
    kind: str
    mark: str | None
    x: int
    y: int
    mark_width: int


class Picture(NamedTuple):
    """All of it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def picture_of(mapping: JsonObject) -> Picture:
    """Set the mapping of one sync."""
    lines = list(_lines(mapping))
    sources: dict[str, Row] = {}
    for line in lines:
        if line["source"] not in sources:
            y = _HEAD + len(sources) * _ROW + _ROW // 2
            note, kind = line["note"], line["kind"]
            sources[line["source"]] = Row(cut(line["shown"]), line["shown"], note, kind, y)
    left = _box(str(mapping["model"]), "model", 0, 0, tuple(sources.values()))
    right = left.width + _GAP
    objects: list[Box] = []
    below = 0
    for stream in mapping["streams"]:
        rows = tuple(
            Row(cut(item["field"]), item["field"], item["type"], item["kind"], y)
            for item, y in _placed(stream, below)
        )
        objects.append(_box(f"Qualified {stream['object']}", stream["object"], right, below, rows))
        below += objects[-1].height + _BETWEEN
    wide = max(box.width for box in objects)
    targets = [row for box in objects for row in box.rows]
    return Picture(
        width=right + wide,
        height=max(left.height, below - _BETWEEN),
        boxes=(left, *(box._replace(width=wide) for box in objects)),
        edges=tuple(
            _edge(left.width, sources[line["source"]].y, right, row.y, line)
            for line, row in zip(lines, targets, strict=True)
        ),
    )


def cut(text: str) -> str:
    """The text, or its beginning when it is too long for a box."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _lines(mapping: JsonObject) -> Iterator[dict[str, Any]]:
    """Every pair of a source and a field, in the order of the fields."""
    for stream in mapping["streams"]:
        match = stream["match"]
        yield {
            "source": f"column {match['column']}",
            "shown": match["column"],
            "note": match["column_type"] or "",
            "kind": "key",
            "on_null": None,
        }
        for field in stream["fields"]:
            constant = field["column"] is None
            yield {
                "source": f"{'constant' if constant else 'column'} "
                f"{field['constant'] if constant else field['column']}",
                "shown": field["constant"] if constant else field["column"],
                "note": "constant" if constant else field["column_type"] or "",
                "kind": "constant" if constant else "plain",
                "on_null": field["on_null"],
            }


def _placed(stream: JsonObject, top: int) -> Iterator[tuple[Mapping[str, str], int]]:
    key = {"field": stream["match"]["field"], "type": "match key", "kind": "key"}
    fields = [
        {
            "field": field["field"],
            "type": field["type"] or "not in the catalog",
            "kind": "plain" if field["type"] else "unknown",
        }
        for field in stream["fields"]
    ]
    for place, item in enumerate((key, *fields)):
        yield item, top + _HEAD + place * _ROW + _ROW // 2


def _box(title: str, kind: str, x: int, y: int, rows: tuple[Row, ...]) -> Box:
    """A box as wide as its widest row."""
    widest = max(len(row.text) + (len(row.note) + 3 if row.note else 0) for row in rows)
    width = round(max(widest, len(title) + 4) * _SIGN) + 2 * _PAD
    return Box(title, kind, x, y, max(width, 200), _HEAD + len(rows) * _ROW + 8, rows)


def _edge(start: int, y: int, end: int, to: int, line: Mapping[str, Any]) -> Edge:
    bend = (end - start) // 2
    path = f"M{start} {y}C{start + bend} {y} {end - bend} {to} {end} {to}"
    mark = None if line["on_null"] in {None, "keep"} else f"null: {line['on_null']}"
    width = 0 if mark is None else round(len(mark) * 6.4) + 14
    return Edge(path, str(line["kind"]), mark, end - 12 - width, to - 9, width)
