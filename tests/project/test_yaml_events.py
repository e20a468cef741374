"""The quick reader of YAML says what the careful one says, or leaves the text to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml import YAMLError

from qsync.yaml_events import events, quick_events
from qsync.yaml_nodes import _Builder, _RefusedError, parse_yaml

_PIECES = (
    *("a", "b: ", "- ", "\n", "  ", " ", ":", "#", " #c", '"', "'", "{", "}", "[", "]", ", "),
    *("?", "? ", "|", ">", "|\n", ">-\n", "&x ", "*x", "!t ", "---\n", "...\n", "%", "\\", "\\/"),
    *("x: y\n", "- z\n", "é", "1", "no", "<<: ", "key: {a: b, c: d}\n", "http://x", '"q": 1\n'),
)

ORDINARY = "version: 1\nsyncs:\n  - {name: leads, fields: [a, 'b']} # said\n    \n"


def _built(stream: object, lenient: bool) -> tuple[object, ...]:
    builder = _Builder(lenient=lenient)
    builder.consume(stream)  # type: ignore[arg-type]
    return repr(builder.data), builder.root, builder.problems


@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join), st.booleans())
def test_what_the_quick_reader_takes_means_the_same_to_the_careful_one(
    text: str, lenient: bool
) -> None:
    stream = quick_events(text)
    if stream is None:
        return
    try:
        quick = _built(stream, lenient)
    except (YAMLError, _RefusedError, ValueError):  # what it refuses is read again
        return
    assert quick == _built(events(text), lenient)


def test_an_ordinary_file_is_read_quickly() -> None:
    assert quick_events(ORDINARY) is not None


@pytest.mark.parametrize(
    "text", ["a:\tb", "a: \x85b", "a: \u2028", "a: 😀", "? a", "a: &x b", "a: |\n # b", "--- a"]
)
def test_what_the_two_may_tell_apart_is_left_to_the_careful_reader(text: str) -> None:
    assert quick_events(text) is None


def test_what_is_wrong_is_said_in_the_careful_readers_words() -> None:
    _, problems = parse_yaml(b"a: [1\nb: 2\n", "a.yml")
    assert [(item.code, item.line) for item in problems] == [("QS101", 2)]
