"""`run_results.json`: which dbt invocation wrote it, when, and by which command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qsync.artifacts.files import read_json


@dataclass(frozen=True, slots=True)
class RunResults:
    """The head of dbt's run results.

    Attributes:
        invocation_id: The same as the manifest's when both are of one run.
        generated_at: As written, ISO 8601.
        which: The command: `run`, `build`, `test`, …
    """

    invocation_id: str | None
    generated_at: str | None
    which: str | None


def read_run_results(path: Path) -> RunResults | None:
    """The file's head, or None when it is missing or unreadable: nothing depends on it yet."""
    if not path.is_file():
        return None
    data, _ = read_json(path)
    if data is None:
        return None
    metadata, args = data.get("metadata"), data.get("args")
    return RunResults(
        invocation_id=_text(metadata, "invocation_id"),
        generated_at=_text(metadata, "generated_at"),
        which=_text(args, "which"),
    )


def _text(section: object, key: str) -> str | None:
    value = section.get(key) if isinstance(section, dict) else None
    return value if isinstance(value, str) else None
