"""The file that holds syncs as exposures: its text, how it differs, and writing it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qsync.errors import UserError
from qsync.project.exposures import PREFIX, JsonObject
from qsync.yaml_nodes import parse_yaml
from qsync.yaml_scalars import quote

FILE_NAME = "qsync_exposures.yml"
"""Under the first model path, unless another is named."""

MARK = "# Written by `qsync exposures` from the sync files: edit those, and run it again."
"""The first line, by which qsync knows the file as its own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a file differs from what the sync files say, by sync.

    Layout and comments do not count, so that another tool may format the file.

    Attributes:
        exists: There is a file.
        missing: Syncs the file lacks.
        changed: Those it describes otherwise.
        left_over: Those it has and should not.
        same: The file says what the sync files do. When it is broken, only this is known.
    """

    exists: bool
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    left_over: tuple[str, ...]
    same: bool


def exposures_text(entries: Sequence[JsonObject]) -> str:
    """The whole file. Every YAML reader takes each text for text, dbt's (YAML 1.1) too."""
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="rt", pure=True)
    yaml.width = 1_000_000  # a line is never broken, so that a changed word is a changed line
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_quoted({"version": 2, "exposures": list(entries)}), stream)
    return f"{MARK}\n{stream.getvalue()}"


def compare(path: Path, text: str, shown: str) -> Difference:
    """What the file says against what it should.

    Args:
        path: The file.
        text: What `exposures_text` made.
        shown: How messages name the file.

    Raises:
        UserError: The file is not one that qsync wrote, or cannot be read.
    """
    raw = _read(path, shown)
    wanted = _by_sync(text.encode())
    if raw is None:
        return Difference(False, tuple(wanted or ()), (), (), same=False)
    if MARK.encode() not in raw:
        raise UserError(
            f"{shown} was not written by qsync, so it is left as it is",
            hint="name another file with --out, or delete this one",
            where=shown,
        )
    if raw == text.encode():
        return Difference(True, (), (), (), same=True)
    found = _by_sync(raw)
    if wanted is None or found is None:
        return Difference(True, (), (), (), same=False)
    missing = tuple(name for name in wanted if name not in found)
    left_over = tuple(sorted(name for name in found if name not in wanted))
    changed = tuple(name for name in wanted if name in found and found[name] != wanted[name])
    return Difference(True, missing, changed, left_over, same=not (missing or left_over or changed))


def write(path: Path, text: str, shown: str) -> None:
    """Write the file in one step.

    Raises:
        UserError: The system refuses it.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(text.encode())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"{shown} cannot be written: {reason}", hint="check the rights of its folder"
        ) from error


def _read(path: Path, shown: str) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{shown} cannot be read: {reason}", hint="check its rights") from error


def _by_sync(raw: bytes) -> dict[str, object] | None:
    """The exposures of a file by sync; None when it is not read as such (a conflict, its size)."""
    document, problems = parse_yaml(raw, FILE_NAME)
    data = None if document is None or problems else document.data
    entries = data.get("exposures") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return None
    found: dict[str, object] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        found[str(name).removeprefix(PREFIX)] = entry
    return found if len(found) == len(entries) else None


def _quoted(value: Any) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str):
        return value if quote(value) == value else DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {_quoted(key): _quoted(item) for key, item in value.items()}
    return [_quoted(item) for item in value] if isinstance(value, list) else value
