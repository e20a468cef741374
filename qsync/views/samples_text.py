"""Sampled records on a terminal: before and after, a line per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from qsync.planning.samples import FieldSample, Sample
from qsync.views.layout import Part, columns, styled, write

MOST_CHARACTERS = 60
"""Of a value; the rest is left out, which `…` tells."""

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
    after = "null" if item.after is None else shortened(item.after)
    if kind == "added":
        return after
    if item.unknown:
        return f"(unknown) → {after}"
    before = "nothing" if item.before is None else shortened(item.before)
    return f"{before} → {after}"


def shortened(value: str) -> str:
    """A value on one line, not too long. The console's own cleaning takes control characters."""
    flat = " ".join(value.split())
    return flat if len(flat) <= MOST_CHARACTERS else flat[: MOST_CHARACTERS - 1] + "…"
