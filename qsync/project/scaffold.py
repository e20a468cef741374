"""`qsync init`: the files an existing dbt project needs, planned first and written then.

Nothing that exists is overwritten, so init is safe to repeat: `.dbtignore` gets the lines it lacks,
every other file is written only where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from qsync.diagnostics import Severity
from qsync.errors import UserError
from qsync.project.dbt_project import DbtProject, read_dbt_project
from qsync.project.loader import load_project
from qsync.project.paths import DBTIGNORE, SETTINGS_FILE, missing_dbtignore_lines, sync_files
from qsync.project.schemas import SCHEMA_KINDS, modeline, project_schema_path, schema_path
from qsync.project.templates import SAMPLE, SETTINGS

SAMPLE_FILE = "sample.qsync.yml"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file init wants to be there.

    Attributes:
        path: Relative to the project, with `/`.
        content: The whole file, or the lines to append.
        reason: What it is for, in a few words.
        append: True: add `content` to the end of what is there.
    """

    path: str
    content: str
    reason: str
    append: bool = False


class Outcome(StrEnum):
    """What became of a planned file."""

    WRITTEN = "written"
    APPENDED = "appended"
    LEFT = "left"
    """It was there; nothing was changed."""
    OUTDATED = "outdated"
    """It was there, left, and is not what this qsync would write (a schema of another version)."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A planned file and what became of it."""

    path: str
    outcome: Outcome
    reason: str


def init_files(
    project_dir: Path, *, seed_header: str, seed_properties: Callable[[str], str]
) -> list[PlannedFile]:
    """Everything `qsync init` cares for, whether it exists or not.

    Args:
        project_dir: The dbt project's folder.
        seed_header: The ledger seed's header line.
        seed_properties: The text of the properties file for a seed of a given name.

    Raises:
        UserError: There is no usable `dbt_project.yml`.
    """
    dbt, diagnostics = read_dbt_project(project_dir, {})
    if dbt is None:
        first = next(item for item in diagnostics if item.severity is Severity.ERROR)
        raise UserError(first.message, hint=first.hint, where=str(first.position))
    seed = _seed_of(project_dir, dbt)
    files = [
        PlannedFile(
            SETTINGS_FILE,
            SETTINGS.format(modeline=modeline("project", SETTINGS_FILE), seed=seed),
            "qsync's settings: who may write where, guards, the ledger",
        ),
        PlannedFile(
            DBTIGNORE,
            "".join(f"{line}\n" for line in missing_dbtignore_lines(project_dir)),
            "hides sync files from dbt, which would refuse them",
            append=True,
        ),
        PlannedFile(str(seed), _with_newline(seed_header), "the ledger of runs, as a dbt seed"),
        PlannedFile(
            str(seed.with_suffix(".yml")),
            seed_properties(seed.stem),
            "the ledger's column types and descriptions",
        ),
        *(
            PlannedFile(
                project_schema_path(kind),
                schema_path(kind).read_text(encoding="utf-8"),
                "what editors complete and check with; commit it, the first lines of files name it",
            )
            for kind in SCHEMA_KINDS
        ),
    ]
    return files + _sample(project_dir, dbt)


def apply_files(project_dir: Path, files: Sequence[PlannedFile]) -> list[WrittenFile]:
    """Write what does not exist, append what is to be appended, leave the rest."""
    return [_apply(project_dir, file) for file in files]


def _apply(project_dir: Path, file: PlannedFile) -> WrittenFile:
    path = project_dir / file.path
    if file.append:
        if not file.content:
            return WrittenFile(file.path, Outcome.LEFT, file.reason)
        existed = path.exists()
        before = path.read_bytes() if existed else b""
        gap = b"\n" if before and not before.endswith(b"\n") else b""
        path.write_bytes(before + gap + file.content.encode())
        outcome = Outcome.APPENDED if existed else Outcome.WRITTEN
        return WrittenFile(file.path, outcome, file.reason)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(file.content)
    except FileExistsError:
        return WrittenFile(file.path, _kept(path, file), file.reason)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{file.path} cannot be written: {reason}", where=file.path) from error
    return WrittenFile(file.path, Outcome.WRITTEN, file.reason)


def _kept(path: Path, file: PlannedFile) -> Outcome:
    if not file.path.endswith(".schema.json") or not path.is_file():
        return Outcome.LEFT
    same = path.read_text(encoding="utf-8", errors="replace") == file.content
    return Outcome.LEFT if same else Outcome.OUTDATED


def _seed_of(project_dir: Path, dbt: DbtProject) -> PurePosixPath:
    """Where the ledger is: as qsync.yml says, else in the first seed path."""
    if (project_dir / SETTINGS_FILE).exists():
        result = load_project(project_dir)
        refused = any(
            item.code == "QS143" and item.severity is Severity.ERROR for item in result.diagnostics
        )
        if result.project is not None and not refused:
            return PurePosixPath(result.project.settings.ledger_seed)
    return PurePosixPath(dbt.seed_paths[0]) / "qsync_runs.csv"


def _sample(project_dir: Path, dbt: DbtProject) -> list[PlannedFile]:
    """The commented sample, unless the project has other sync files already."""
    path = str(PurePosixPath(dbt.model_paths[0]) / SAMPLE_FILE)
    others = [file for file in sync_files(project_dir, dbt.model_paths) if file.name != SAMPLE_FILE]
    if others:
        return []
    content = SAMPLE.format(modeline=modeline("sync", path))
    return [PlannedFile(path, content, "a first sync, commented out")]


def _with_newline(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
