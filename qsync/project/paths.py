"""Where the files of a project are, and whether dbt looks away from qsync's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from qsync.diagnostics import Diagnostic, Position, Severity

SETTINGS_FILE = "qsync.yml"
CATALOG_FILE = "qualified_fields.yml"
"""The field catalog's lock file, at the project's root."""
DBTIGNORE = ".dbtignore"
SYNC_SUFFIXES = (".qsync.yml", ".qsync.yaml")
DBTIGNORE_LINES = tuple(f"*{suffix}" for suffix in SYNC_SUFFIXES)
"""What hides sync files from dbt."""


def relative(path: Path, project_dir: Path) -> str:
    """How a file is named: relative to the project, with `/`."""
    return Path(os.path.relpath(path, project_dir)).as_posix()


def sync_files(project_dir: Path, model_paths: Sequence[str]) -> list[Path]:
    """Every `*.qsync.yml` and `*.qsync.yaml` under the model paths, sorted, each once."""
    found: set[Path] = set()
    for folder in model_paths:
        found.update(_walk(project_dir / folder))
    return sorted(found)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(SYNC_SUFFIXES):
                yield Path(os.path.normpath(Path(parent) / name))


def missing_dbtignore_lines(project_dir: Path) -> tuple[str, ...]:
    """The lines `.dbtignore` lacks. A wider pattern (`*.qsync.*`) counts."""
    try:
        text = (project_dir / DBTIGNORE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return DBTIGNORE_LINES
    patterns = [line.strip().removeprefix("**/") for line in text.splitlines()]
    return tuple(
        line
        for line, suffix in zip(DBTIGNORE_LINES, SYNC_SUFFIXES, strict=True)
        if not any(
            pattern and "/" not in pattern and fnmatchcase(f"a{suffix}", pattern)
            for pattern in patterns
        )
    )


def check_dbtignore(project_dir: Path) -> list[Diagnostic]:
    """A warning when dbt would read sync files: some adapters and dbt v2 then fail."""
    missing = missing_dbtignore_lines(project_dir)
    if not missing:
        return []
    lines = " and ".join(f"`{line}`" for line in missing)
    message = f"dbt would read the sync files: {DBTIGNORE} lacks {lines}"
    hint = f"`qsync init` adds the lines, or add them to {DBTIGNORE} at the project's root"
    return [Diagnostic("QS134", Severity.WARNING, Position(DBTIGNORE), message, hint)]
