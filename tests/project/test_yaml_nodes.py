"""YAML, read safely and with places."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.yaml_nodes import MAX_BYTES, MAX_DEPTH, YamlDocument, parse_yaml, read_yaml
from qsync.yaml_scalars import quote


def _data(text: str) -> Any:
    document, problems = parse_yaml(text.encode(), "f.yml")
    assert problems == []
    assert document is not None
    return document.data


def _code(raw: str | bytes) -> str:
    document, problems = parse_yaml(raw if isinstance(raw, bytes) else raw.encode(), "f.yml")
    assert document is None
    return problems[-1].code


def test_plain_words_are_those_of_yaml_1_2() -> None:
    data = _data(
        "[no, yes, on, true, False, null, ~, 0777, 0o17, 0x1f, 1e3, .5, 1_000, 2020-01-01]"
    )
    assert data == [
        "no",
        "yes",
        "on",
        True,
        False,
        None,
        None,
        777,
        15,
        31,
        1000.0,
        0.5,
        "1_000",
        "2020-01-01",
    ]


def test_quoted_words_are_text() -> None:
    assert _data("[\"1\", 'true', \"null\", '~']") == ["1", "true", "null", "~"]


def test_keys_are_text_as_written() -> None:
    assert _data("{1: a, true: b, null: c}") == {"1": "a", "true": "b", "null": "c"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null"])
def test_a_file_without_content_holds_none(text: str) -> None:
    assert _data(text) is None


def test_a_byte_order_mark_is_no_content() -> None:
    document, _ = parse_yaml(b"\xef\xbb\xbfa: 1", "f.yml")
    assert document is not None
    assert document.data == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("a: &x 1", "QS103"),
        ("a: *x", "QS103"),
        ("*x : 1", "QS103"),
        ("<<: {a: 1}", "QS103"),
        ("a: !!python/object/apply:os.system [x]", "QS103"),
        ("!t {a: 1}", "QS103"),
        ("a: !t", "QS103"),
        ("%TAG ! x:\n---\na: 1", "QS103"),
        ("a: 1\n---\nb: 1", "QS107"),
        ("? [a]\n: b", "QS101"),
        ("a: 'x", "QS101"),
        ("\ta: 1", "QS101"),
        ('"\\U00110000"', "QS101"),
        ("a: \x00", "QS101"),
        (b"\xfe\xff\x00a", "QS102"),
        (b"a: \xff", "QS102"),
        ("[" * (MAX_DEPTH + 1), "QS104"),
        ("{a: " * (MAX_DEPTH + 1), "QS104"),
        ("[" * 200_000, "QS104"),
        (b"a" * (MAX_BYTES + 1), "QS104"),
    ],
)
def test_what_is_dangerous_or_broken_is_refused(raw: str | bytes, code: str) -> None:
    assert _code(raw) == code


def test_a_merge_key_in_quotes_is_a_key() -> None:
    assert _data('"<<": 1') == {"<<": 1}


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    assert _code(bomb) == "QS103"


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yml"
    with path.open("wb") as handle:
        handle.truncate(50 * MAX_BYTES)
    document, (problem,) = read_yaml(path, "big.yml")
    assert document is None
    assert problem.code == "QS104"


def test_of_a_key_that_stands_twice_the_first_counts_and_both_places_are_told() -> None:
    document, (problem,) = parse_yaml(b"x:\n  - a: 1\n    b: {c: 1}\n    a: {d: 2}\n", "f.yml")
    assert document is not None
    assert document.data == {"x": [{"a": 1, "b": {"c": 1}}]}
    assert (problem.code, problem.line, problem.column) == ("QS105", 4, 5)
    assert (problem.path, problem.first) == (("x", 0, "a"), (2, 5))


def test_places_of_keys_and_values_are_those_of_the_file() -> None:
    document, _ = parse_yaml("é: 1\nb:\n  - x\n  -\n  - {c: no, d: }\ne:\n".encode(), "f.yml")
    assert document is not None
    place = {
        (path, key): str(document.position_of(path, key=key))
        for path in [
            ("é",),
            ("b",),
            ("b", 0),
            ("b", 2, "c"),
            ("b", 2, "d"),
            ("e",),
            ("z",),
            ("b", 9),
        ]
        for key in (False, True)
    }
    assert place[("é",), True] == "f.yml:1:1"
    assert place[("é",), False] == "f.yml:1:4"
    assert place[("b",), True] == "f.yml:2:1"
    assert place[("b",), False] == "f.yml:3:3"
    assert place[("b", 0), True] == "f.yml:3:5"
    assert place[("b", 2, "c"), True] == "f.yml:5:6"
    assert place[("b", 2, "c"), False] == "f.yml:5:9"
    assert place[("b", 2, "d"), False] == "f.yml:5:13", "a value left out stands where its key does"
    assert place[("e",), False] == "f.yml:6:1"
    assert place[("z",), False] == "f.yml:1:1", "what is not there: the nearest thing above"
    assert place[("b", 9), False] == "f.yml:3:3"


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
def test_no_bytes_make_the_reader_raise(raw: bytes) -> None:
    document, problems = parse_yaml(raw, "f.yml")
    assert isinstance(document, YamlDocument) or problems


YAMLISH = st.text(alphabet="ab:-?[]{}|>&*!%#'\"\\ \n\t<~,@`0x.", max_size=40)


@given(YAMLISH, st.booleans())
def test_no_soup_of_yamls_signs_makes_the_reader_raise(text: str, lenient: bool) -> None:
    document, problems = parse_yaml(text.encode(), "f.yml", lenient=lenient)
    assert isinstance(document, YamlDocument) or problems


@given(st.text(max_size=30).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_a_quoted_text_reads_back_as_itself(text: str) -> None:
    assert _data(f"- {{a: {quote(text)}, {quote(text)}: b}}")[0]["a"] == text
    assert _data(quote(text)) == text


def test_reading_yaml_needs_no_schema_and_no_dbt() -> None:
    assert "jsonschema" not in _modules("import qsync.yaml_nodes, qsync.project, qsync.fields")
    loaded = _modules("import qsync.project, qsync.artifacts, qsync.fields")
    assert loaded.isdisjoint({"dbt", "ruamel", "orjson", "jsonschema", "httpx", "sqlglot", "click"})


def _modules(code: str) -> set[str]:
    import subprocess

    code += "; import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
