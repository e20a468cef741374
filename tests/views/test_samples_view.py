"""Sampled records on a terminal: what differs is to be seen."""

from __future__ import annotations

import pytest

from qsync.planning.samples import FieldSample, Sample
from qsync.views.samples_text import MOST_CHARACTERS, render_samples
from tests.support.golden import rendered


def _line(before: str | None, after: str | None, kind: str = "changed") -> str:
    sample = Sample(kind, "a@x.example", (FieldSample("title", before, after),))
    text = rendered(lambda console: render_samples({"leads": [sample]}, console))
    return text.splitlines()[-1].partition("title:")[2].strip()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("CEO", "CTO", "CEO → CTO"),
        (None, "CTO", "nothing → CTO"),
        ("CEO", None, "CEO → null"),
        ("Acme  Widgets", "Acme Widgets", "'Acme  Widgets' → Acme Widgets"),
        ("CEO", "CEO ", "CEO → 'CEO '"),
        ("a\nb", "a b", r"a\nb → a b"),
        ("a", "a\x1b[31m", r"a → a\u001b[31m"),
    ],
)
def test_blanks_breaks_and_control_characters_are_told_apart(
    before: str | None, after: str | None, told: str
) -> None:
    assert _line(before, after) == told


def test_long_values_are_shown_where_they_part() -> None:
    same = "x" * 200
    told = _line(f"{same}1 and more", f"{same}2 and more")
    assert "xxx1 and more → …" in told
    assert "xxx2 and more" in told
    assert max(map(len, told.split(" → "))) <= MOST_CHARACTERS


def test_of_an_added_record_what_is_sent_is_shown_null_too() -> None:
    assert _line(None, None, "added") == "null"
    assert _line(None, "CEO", "added") == "CEO"
