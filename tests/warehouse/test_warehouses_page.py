"""The page on warehouses names what the code knows, and how far each is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.cli.telling import say_by_text
from qsync.errors import UserError
from qsync.warehouse.dialects import DIALECTS, dialect_of


def test_the_page_says_of_each_adapter_how_it_is_tested(repository: Path) -> None:
    page = (repository / "docs" / "warehouses.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`dbt-" in line]
    told = {line.split("`dbt-")[1].split("`")[0]: "by text only" in line for line in rows}

    assert {name: told.get(name) for name in DIALECTS} == {
        name: dialect.by_text for name, dialect in DIALECTS.items()
    }


def test_an_unknown_warehouse_hears_which_there_are_and_how_to_ask() -> None:
    with pytest.raises(UserError, match="does not speak 'oracle' yet") as refused:
        dialect_of("oracle")

    assert refused.value.hint is not None
    assert all(name in refused.value.hint for name in DIALECTS)
    assert "issue" in refused.value.hint


def test_who_uses_a_warehouse_by_text_only_hears_of_it_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, dialect in sorted(DIALECTS.items()):
        say_by_text(name, by_text=dialect.by_text)
    heard = capsys.readouterr()

    assert heard.out == ""
    assert [line.split()[3] for line in heard.err.splitlines()] == [
        name for name, dialect in sorted(DIALECTS.items()) if dialect.by_text
    ]
