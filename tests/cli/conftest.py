"""What the commands' tests stand on: the built example, an account, the example applied."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest

from qsync.cli.entry import run
from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from qsync.exit_codes import ExitCode
from tests.apply.conftest import qualified, team
from tests.cli.kit import Shell
from tests.support.dbt_project import built_project, project

__all__ = ["built_project", "project", "qualified", "team"]


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    """Somebody who types commands, in whichever folder is the current one."""
    return Shell(capfd)


@pytest.fixture(scope="session")
def applied_once(built_project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example after its first apply, and the address of an account that is no more."""
    return _apply(built_project, tmp_path_factory.getbasetemp() / "applied" / "northwind")


@pytest.fixture
def applied(
    applied_once: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of it, which is the current folder. Its account cannot be reached, and need not be."""
    built, address = applied_once
    copied = tmp_path / "northwind"
    shutil.copytree(built, copied)
    monkeypatch.chdir(copied)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(copied))
    monkeypatch.setenv("QSYNC_BASE_URL", address)
    return copied


@functools.cache
def _apply(built: Path, folder: Path) -> tuple[Path, str]:
    shutil.copytree(built, folder)
    with (
        EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(folder)
        patch.setenv("DBT_PROFILES_DIR", str(folder))
        patch.setenv("QSYNC_BASE_URL", server.base_url)
        patch.setenv("QUALIFIED_API_KEY", DEFAULT_KEY)
        assert run(["apply", "--target", "prod", "--auto-approve"]) is ExitCode.PARTIAL
        return folder, server.base_url
