"""The field catalog's lock file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.diagnostics import Severity
from qsync.fields import (
    CatalogDiff,
    Field,
    FieldAddress,
    FieldCatalog,
    FieldChange,
    FieldOption,
    diff_catalogs,
    read_catalog,
    render_catalog,
    write_catalog,
)

A = "{name: a, label: A, type: x}"

CATALOG = FieldCatalog(
    lead=(
        Field("seniority", "Seniority", "picklist", (FieldOption("c_level", "C-Level"),), id="f1"),
        Field("email_ok", "E-mail: ok?", "boolean"),
    ),
)

TEXT = """\
# Qualified's field definitions, written by `qsync catalog pull`. Commit this file; do not edit it.
version: 1
lead:
  - name: email_ok
    label: "E-mail: ok?"
    type: boolean
  - name: seniority
    label: Seniority
    type: picklist
    options:
      - {value: c_level, label: C-Level}
company: []
"""


def test_the_file_is_sorted_readable_and_without_ids(tmp_path: Path) -> None:
    assert render_catalog(CATALOG) == TEXT
    path = tmp_path / "qualified_fields.yml"
    write_catalog(path, CATALOG)
    assert path.read_bytes() == TEXT.encode()
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_reading_gives_fields_and_the_lines_they_stand_in(tmp_path: Path) -> None:
    path = tmp_path / "qualified_fields.yml"
    path.write_text(TEXT, encoding="utf-8")
    catalog, problems = read_catalog(path)
    assert problems == []
    assert catalog is not None
    assert [field.name for field in catalog.lead] == ["email_ok", "seniority"]
    assert catalog.lines == {("lead", "email_ok"): 4, ("lead", "seniority"): 7}


def test_the_line_for_editors_is_written_and_kept_by_the_next_pull(tmp_path: Path) -> None:
    path = tmp_path / "qualified_fields.yml"
    write_catalog(path, FieldCatalog(), schema=".qsync/schemas/catalog.schema.json")
    write_catalog(path, CATALOG)
    first = "# yaml-language-server: $schema=.qsync/schemas/catalog.schema.json\n"
    assert path.read_text(encoding="utf-8") == first + TEXT


@pytest.mark.parametrize("severity", list(Severity))
def test_a_missing_catalog_weighs_what_the_command_says(tmp_path: Path, severity: Severity) -> None:
    catalog, (problem,) = read_catalog(tmp_path / "qualified_fields.yml", missing=severity)
    assert catalog is None
    assert (problem.code, problem.severity) == ("QS401", severity)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2\n", "QS402 qualified_fields.yml:1:10"),
        ("", "QS403 qualified_fields.yml:1:1"),
        ("lead: []\n", "QS403 qualified_fields.yml:1:1"),
        ("version: 1\nlead:\n  - {name: a, label: A, typ: x}\n", "QS403 qualified_fields.yml:3:25"),
        ("version: 1\ncontact: []\n", "QS403 qualified_fields.yml:2:1"),
        (
            f"version: 1\nlead: [{A},\n  {A}]\ncompany: [{A}]\n",
            "QS404 qualified_fields.yml:3:10",
        ),
        ("version: 1\nlead: &a []\n", "QS103 qualified_fields.yml:2:7"),
        ("version: 1\nversion: 1\n", "QS105 qualified_fields.yml:2:1"),
        ("<<<<<<< ours\nversion: 1\n", "QS101 qualified_fields.yml:1:1"),
    ],
)
def test_a_broken_catalog_is_no_catalog(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "qualified_fields.yml"
    path.write_text(text, encoding="utf-8")
    catalog, problems = read_catalog(path)
    assert catalog is None
    assert [f"{item.code} {item.position}" for item in problems] == [expected]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "yes",
        "no",
        "1",
        "1e3",
        "null",
        "~",
        "a: b",
        "a #b",
        "- x",
        "{x}",
        "'",
        '"',
        "a\nb",
        " a ",
        "\t",
    ]
)
NAMES = WORDS.filter(bool)
OPTIONS = st.lists(st.builds(FieldOption, WORDS, WORDS), max_size=3).map(tuple)
FIELDS = st.lists(
    st.builds(Field, NAMES, WORDS, NAMES, OPTIONS), max_size=4, unique_by=lambda field: field.name
).map(lambda fields: tuple(sorted(fields, key=lambda field: field.name)))


@given(st.builds(FieldCatalog, FIELDS, FIELDS))
def test_what_is_written_reads_back_the_same(tmp_path: Path, catalog: FieldCatalog) -> None:
    path = tmp_path / "qualified_fields.yml"
    write_catalog(path, catalog)
    assert read_catalog(path) == (catalog, [])


@given(st.builds(FieldCatalog, FIELDS, FIELDS))
def test_a_catalog_does_not_differ_from_itself(catalog: FieldCatalog) -> None:
    assert not diff_catalogs(catalog, catalog)


def test_a_diff_names_what_came_went_and_changed() -> None:
    old = FieldCatalog(
        lead=(
            Field("gone", "Gone", "string"),
            Field("tier", "Tier", "picklist", (FieldOption("a", "A"), FieldOption("b", "B"))),
        ),
        company=(Field("size", "Size", "string", id="1"),),
    )
    new = FieldCatalog(
        lead=(
            Field("come", "Come", "string"),
            Field("tier", "Level", "picklist", (FieldOption("b", "B"), FieldOption("c", "C"))),
        ),
        company=(Field("size", "Size", "decimal", id="2"),),
    )
    tier, size = FieldAddress("lead", "tier"), FieldAddress("company", "size")
    found = diff_catalogs(old, new)
    assert found == CatalogDiff(
        added=(FieldAddress("lead", "come"),),
        removed=(FieldAddress("lead", "gone"),),
        changed=(
            FieldChange(tier, "label", "Tier", "Level"),
            FieldChange(tier, "options", "a (A)", "c (C)"),
            FieldChange(size, "type", "string", "decimal"),
        ),
    )
    assert found
