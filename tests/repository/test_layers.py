"""The layers between rooms hold, and the linter that keeps them does catch a breach."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")

BREACHES = {
    "layers": ("fields", "import qsync.planning"),
    "warehouse-by-protocol": ("warehouse", "import qsync.execution.remote"),
    "qualified-by-protocol": ("qualified", "import qsync.planning.plan"),
    "emulator-apart": ("emulator", "import qsync.fields.model"),
    "dbt-in-one-room": ("views", "def later():\n    import dbt.adapters.factory"),
    "http-in-one-room": ("emulator", "import httpx"),
    "server-in-one-room": ("qualified", "from starlette.applications import Starlette"),
    "apprise-in-one-room": ("cli", "def later():\n    import apprise"),
    "terminal-on-top": ("planning", "import rich.table"),
}
"""For each contract a room and a line in it that must break it."""


def _contracts(root: Path) -> list[dict[str, str]]:
    config = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, str]] = config["tool"]["importlinter"]["contracts"]
    return contracts


def _copy(root: Path, to: Path) -> Path:
    shutil.copytree(root / "qsync", to / "qsync", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", to)
    return to


def _lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--contract", contract],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_has_a_breach_that_this_module_tries(repository: Path) -> None:
    assert {contract["id"] for contract in _contracts(repository)} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_each_contract_is_caught(
    repository: Path, tmp_path: Path, contract: str
) -> None:
    room, line = BREACHES[contract]
    folder = _copy(repository, tmp_path)
    (folder / "qsync" / room / "breach.py").write_text(f"{line}\n", encoding="utf-8")

    linted = _lint(folder, contract)

    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert f"qsync.{room}.breach" in linted.stdout


def test_a_module_that_has_no_layer_is_caught(repository: Path, tmp_path: Path) -> None:
    folder = _copy(repository, tmp_path)
    (folder / "qsync" / "attic.py").write_text("", encoding="utf-8")

    linted = _lint(folder, "layers")

    assert linted.returncode == 1
    assert "qsync.attic" in linted.stdout + linted.stderr
