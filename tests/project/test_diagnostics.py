"""Every numbered data file: what the loader says about a project, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qsync.project.codes import registry, render_page
from qsync.project.loader import load_project
from tests.project.case_files import DATA, render, write_case

CASES = sorted(DATA.glob("*.txt"))
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_loader_says_exactly_what_the_data_file_expects(case: Path, tmp_path: Path) -> None:
    expected = write_case(case, tmp_path)
    assert render(load_project(tmp_path).diagnostics) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_data_file_triggers_the_code_it_is_numbered_with(case: Path) -> None:
    expected = case.read_text(encoding="utf-8").partition("=== EXPECTED\n")[2]
    assert f"QS{case.stem[:3]} " in expected


def test_every_code_that_the_loader_gives_has_a_data_file() -> None:
    numbered = {f"QS{case.stem[:3]}" for case in CASES}
    wanted = {code for code in registry() if code.startswith(("QS1", "QS50"))}
    assert wanted <= numbered


def test_the_broken_syncs_are_left_out_and_the_others_are_loaded(tmp_path: Path) -> None:
    write_case(DATA / "113_values.txt", tmp_path)
    project = load_project(tmp_path).project
    assert project is not None
    assert [sync.name for sync in project.syncs] == ["ok"]


def test_a_pasted_key_is_never_repeated(tmp_path: Path) -> None:
    write_case(DATA / "140_the_key_itself.txt", tmp_path)
    assert "sk-live" not in render(load_project(tmp_path).diagnostics)


def test_every_code_given_anywhere_in_qsync_is_in_the_registry() -> None:
    given: set[str] = set()
    for file in (ROOT / "qsync").rglob("*.py"):
        if not file.name.startswith("codes"):
            given.update(re.findall(r'"(QS[0-9]{3})"', file.read_text(encoding="utf-8")))
    assert given
    assert given <= set(registry())


def test_the_page_of_diagnostics_is_what_the_registry_says() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert page == render_page(), "run `python -m qsync.project.codes docs/diagnostics.md`"
