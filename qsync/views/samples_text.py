"""Sampled records on a terminal: before and after, a line per field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console

from qsync.planning.samples import FieldSample, Sample
from qsync.views.layout import Part, columns, styled, write

MOST_CHARACTERS = 60
"""Of a value; the rest is left out, which `…` tells."""

_LEAD = 12
"""Characters shown before the place where two long values part."""

_KINDS = (
    ("added", "+", "green"),
    ("changed", "~", "yellow"),
    ("cleared", "_", "red"),
    ("removed", "-", "red"),
)


def render_samples(samples: Mapping[str, Sequence[Sample]], console: Console) -> None:
    """Write the samples of each stream, by its label; nothing for one without any."""
    for label, found in samples.items():
        if not found:
            continue
        write(console)
        write(console, styled(f"{label}, some of the records:", "bold"))
        for kind, symbol, style in _KINDS:
            for sample in (item for item in found if item.kind == kind):
                write(console, styled(f"  {symbol} {shortened(sample.key)}  {kind}", style))
                rows: list[list[Part]] = [
                    [f"{item.name}:", _change(item, kind)] for item in sample.fields
                ]
                if rows:
                    columns(console, rows, indent=6)


def _change(item: FieldSample, kind: str) -> str:
    if kind == "added":
        return _told(item.after)
    if item.unknown:
        return f"(unknown) → {_told(item.after)}"
    start = _first_difference(item.before or "", item.after or "")
    return f"{_told(item.before, start, 'nothing')} → {_told(item.after, start)}"


def _first_difference(before: str, after: str) -> int:
    """Where two values part, with a little of what they share before it."""
    pairs = zip(before, after, strict=False)
    shared = next((place for place, (old, new) in enumerate(pairs) if old != new), len(before))
    return max(0, shared - _LEAD) if shared > MOST_CHARACTERS // 2 else 0


def _told(value: str | None, start: int = 0, absent: str = "null") -> str:
    return absent if value is None else shortened(value, start)


def shortened(value: str, start: int = 0) -> str:
    """A value on one line and not too long, from a place on, with blanks and breaks to be seen."""
    told = json.dumps(value[start:], ensure_ascii=False)[1:-1]
    if told != told.strip() or "  " in told or not told:
        told = f"'{told}'"
    before = "…" if start else ""
    room = MOST_CHARACTERS - len(before)
    return before + (told if len(told) <= room else told[: room - 1] + "…")
