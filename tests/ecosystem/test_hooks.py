"""The hooks for pre-commit: what they run, and for which files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.ecosystem.kit import check_command_line
from tests.support.github_actions import read_yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in read_yaml(ROOT / ".pre-commit-hooks.yaml")
}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_runs_a_command_that_qsync_takes_once_for_all_files(hook: dict[str, Any]) -> None:
    program, name, *options = hook["entry"].split()
    assert program == "qsync"
    check_command_line([name, *options, "--project-dir", "."])
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert hook["require_serial"] is True


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
@pytest.mark.parametrize(
    "path",
    ["models/leads.qsync.yml", "transform/models/a/b.qsync.yaml", "qsync.yml", "a/dbt_project.yml"],
)
def test_a_change_of_a_sync_or_its_settings_runs_every_hook(
    hook: dict[str, Any], path: str
) -> None:
    assert re.search(hook["files"], path)


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("qualified_fields.yml", ["qsync-validate"]),
        ("transform/.dbtignore", ["qsync-validate"]),
        ("models/qsync_exposures.yml", ["qsync-exposures"]),
        ("models/marts/_marts.yml", []),
        ("models/dim_leads.sql", []),
        ("my_qsync.yml", []),
        ("models/leads.qsync.yml.bak", []),
        ("seeds/qsync_runs.csv", []),
    ],
)
def test_other_files_run_only_what_reads_them(path: str, ids: list[str]) -> None:
    assert [name for name, hook in HOOKS.items() if re.search(hook["files"], path)] == ids


def test_the_page_names_every_hook() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert [name for name in HOOKS if f"- id: {name}\n" not in page] == []
