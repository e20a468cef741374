"""Reading a project for a command: what was declared, and every problem of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qsync.cli.options import CommonOptions
from qsync.diagnostics import Diagnostic, Severity
from qsync.errors import UserError
from qsync.project import load_project
from qsync.project.model import Project
from qsync.project.paths import CATALOG_FILE, SETTINGS_FILE


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project as read.

    Attributes:
        project: What was declared.
        diagnostics: Every problem of its files.
        project_dir: Its folder.
        target_path: Where dbt's artifacts are.
    """

    project: Project
    diagnostics: tuple[Diagnostic, ...]
    project_dir: Path
    target_path: Path

    @property
    def manifest_path(self) -> Path:
        """dbt's manifest."""
        return self.target_path / "manifest.json"

    @property
    def catalog_path(self) -> Path:
        """The field catalog."""
        return self.project_dir / CATALOG_FILE

    @property
    def seed_path(self) -> Path:
        """The ledger's seed."""
        return self.project_dir / self.project.settings.ledger_seed

    @property
    def own_path(self) -> Path:
        """Where qsync keeps what may be lost; readable by its owner only."""
        return self.target_path / "qsync"


class InvalidProjectError(UserError):
    """The project's files have errors; they have been shown."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("The project's files have errors", hint="mend them and run this again")
        self.diagnostics = diagnostics


def load(common: CommonOptions, *, overridden: bool = True) -> Loaded:
    """Read the project; the problems are in the result.

    Args:
        common: Where it is.
        overridden: Let QSYNC_BASE_URL stand in for what qsync.yml says.

    Raises:
        InvalidProjectError: `dbt_project.yml` cannot be used at all.
    """
    project_dir = common.project_dir
    result = load_project(
        project_dir,
        base_url=(os.environ.get("QSYNC_BASE_URL") or None) if overridden else None,
        allowed_hosts=allowed_hosts(),
        target_path=None if common.target_path is None else str(common.target_path),
        environ=os.environ,
    )
    if result.project is None:
        raise InvalidProjectError(tuple(result.diagnostics))
    # Like dbt: a path from the command line is from here, one from dbt_project.yml from there.
    target = common.target_path or project_dir / result.project.target_path
    return Loaded(result.project, tuple(result.diagnostics), project_dir, target)


def allowed_hosts() -> tuple[str, ...]:
    """Hosts the key may go to besides Qualified's own (QSYNC_ALLOWED_HOSTS, with commas)."""
    listed = os.environ.get("QSYNC_ALLOWED_HOSTS", "")
    return tuple(host.strip() for host in listed.split(",") if host.strip())


def errors_of(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether any of them is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)


def load_settled(common: CommonOptions) -> Loaded:
    """Read the project and refuse one whose qsync.yml has errors; broken syncs are left out.

    What qsync.yml says decides where the key goes, so no command may use it without this.

    Raises:
        InvalidProjectError: With what is wrong in qsync.yml.
    """
    loaded = load(common)
    require_settled(loaded)
    return loaded


def require_settled(loaded: Loaded) -> None:
    """Refuse a project whose qsync.yml has errors: the key might go where it must not.

    Raises:
        InvalidProjectError: With what is wrong in qsync.yml.
    """
    found = settings_problems(loaded)
    if errors_of(found):
        raise InvalidProjectError(found)


def settings_problems(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """What was found in qsync.yml."""
    return tuple(item for item in loaded.diagnostics if item.position.path == SETTINGS_FILE)


def load_valid(common: CommonOptions, *, overridden: bool = True) -> Loaded:
    """Read the project, as `load` does, and refuse one whose files have errors.

    Raises:
        InvalidProjectError: With every problem.
    """
    loaded = load(common, overridden=overridden)
    if errors_of(loaded.diagnostics):
        raise InvalidProjectError(loaded.diagnostics)
    return loaded
