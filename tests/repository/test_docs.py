"""The documentation builds, reaches every page, and says what the code says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.conftest import schema_for
from docs.generated import PAGES
from qsync.exit_codes import ExitCode
from qsync.fields.model import FieldType


def _build(docs: Path, output: Path) -> subprocess.CompletedProcess[str]:
    options = ["--fail-on-warning", "--keep-going", "--quiet", "-d", str(output / "doctrees")]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(docs), str(output / "html")],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_says_what_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run `make pages`"


def test_every_exit_code_is_on_its_page(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")

    assert all(f"| `{code.value}` | {code.name.lower()} |" in page for code in ExitCode)


def test_every_field_type_is_on_its_page(repository: Path) -> None:
    page = (repository / "docs" / "field-types.md").read_text(encoding="utf-8")

    assert all(f"| `{field_type.value}` | " in page for field_type in FieldType)


def test_the_documentation_builds_without_a_warning(repository: Path, tmp_path: Path) -> None:
    built = _build(repository / "docs", tmp_path)

    assert built.returncode == 0, built.stderr
    assert (tmp_path / "html" / "reference" / "exit-codes.html").exists()


def test_a_page_that_no_table_of_contents_reaches_fails_the_build(
    repository: Path, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    for name in ("docs", "qsync"):
        ignored = shutil.ignore_patterns("_build", "__pycache__")
        shutil.copytree(repository / name, tmp_path / name, ignore=ignored)
    shutil.copy(repository / "CHANGELOG.md", tmp_path)
    (docs / "attic").mkdir()
    (docs / "attic" / "lost.md").write_text("# Lost\n", encoding="utf-8")

    built = _build(docs, tmp_path / "out")

    assert built.returncode != 0
    assert "lost.md: " in built.stderr
    assert "toctree" in built.stderr


def test_no_page_is_hidden_from_that_check(repository: Path) -> None:
    pages = [page for page in (repository / "docs").rglob("*.md") if "_build" not in page.parts]

    assert pages
    assert [page.name for page in pages if "orphan:" in page.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("first_line", "schema"),
    [
        ("# qsync.yml", "project.schema.json"),
        ("# models/marts/leads.qsync.yml", "sync.schema.json"),
        ("# qualified_fields.yml", "catalog.schema.json"),
        ("# models/marts/_marts.yml", None),
        ("version: 1", None),
    ],
)
def test_a_yaml_example_is_checked_against_the_schema_of_the_file_it_names(
    first_line: str, schema: str | None
) -> None:
    assert schema_for(first_line) == schema
