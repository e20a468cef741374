"""The few things qsync needs from `dbt_project.yml`, read without dbt.

The file is dbt's: anchors, tags, unknown keys and Jinja in it are fine. Of Jinja only
`{{ env_var('NAME', 'default') }}` is worked out; a path written in any other way gets dbt's default
and a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.yaml_nodes import YamlDocument, read_yaml

FILE = "dbt_project.yml"

_ENV_VAR = re.compile(
    r"""\{\{\s*env_var\(\s*['"](\w+)['"]\s*(?:,\s*['"]([^'"]*)['"]\s*)?\)\s*\}\}"""
)


@dataclass(frozen=True, slots=True)
class DbtProject:
    """What `dbt_project.yml` says, paths relative to the project."""

    name: str
    model_paths: tuple[str, ...] = ("models",)
    seed_paths: tuple[str, ...] = ("seeds",)
    target_path: str = "target"
    profile: str | None = None


def read_dbt_project(
    project_dir: Path, environ: Mapping[str, str]
) -> tuple[DbtProject | None, list[Diagnostic]]:
    """Read the file.

    Args:
        project_dir: Its folder.
        environ: The environment, for `env_var`; dbt's own `DBT_TARGET_PATH` counts too.

    Returns:
        The project, or None without a usable file (`QS130`, `QS131`), and the problems.
    """
    path = project_dir / FILE
    if not path.is_file():
        hint = "run qsync in a dbt project, or name one with --project-dir"
        message = f"there is no {FILE}"
        return None, [Diagnostic("QS130", Severity.ERROR, Position(FILE), message, hint)]
    document, problems = read_yaml(path, FILE, lenient=True)
    if document is None:
        found = [problem.diagnostic(FILE) for problem in problems]
        return None, [
            Diagnostic("QS131", item.severity, item.position, item.message, item.hint)
            for item in found
        ]
    return _read(document, environ)


def _read(
    document: YamlDocument, environ: Mapping[str, str]
) -> tuple[DbtProject | None, list[Diagnostic]]:
    data = document.data if isinstance(document.data, dict) else {}
    reader = _Reader(document, data, environ)
    name = reader.text("name")
    if not name:
        message = "`name` is missing or no text"
        hint = "dbt needs it too: `name: my_project`"
        position = document.position_of(("name",), key=True)
        return None, [Diagnostic("QS131", Severity.ERROR, position, message, hint)]
    project = DbtProject(
        name=name,
        model_paths=reader.paths("model-paths", ("models",)),
        seed_paths=reader.paths("seed-paths", ("seeds",)),
        target_path=environ.get("DBT_TARGET_PATH") or reader.text("target-path") or "target",
        profile=reader.text("profile"),
    )
    return project, reader.diagnostics


class _Reader:
    """Takes values out of the file, working out `env_var`."""

    def __init__(
        self, document: YamlDocument, data: Mapping[str, object], environ: Mapping[str, str]
    ) -> None:
        self._document = document
        self._data = data
        self._environ = environ
        self.diagnostics: list[Diagnostic] = []

    def text(self, key: str) -> str | None:
        """A text, or None when it is missing, something else, or Jinja nobody can work out."""
        value = self._data.get(key)
        return self._render(value, (key,)) if isinstance(value, str) else None

    def paths(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of paths; dbt's default when there is none."""
        value = self._data.get(key)
        if not isinstance(value, list):
            return default
        texts = (
            self._render(item, (key, index))
            for index, item in enumerate(value)
            if isinstance(item, str)
        )
        found = tuple(text.rstrip("/") or "." for text in texts if text)
        return found or default

    def _render(self, text: str, path: tuple[str | int, ...]) -> str | None:
        unknown = False

        def value_of(match: re.Match[str]) -> str:
            nonlocal unknown
            value = self._environ.get(match[1], match[2])
            unknown = unknown or value is None
            return value or ""

        rendered = _ENV_VAR.sub(value_of, text)
        if not unknown and "{{" not in rendered and "{%" not in rendered:
            return rendered
        self.diagnostics.append(
            Diagnostic(
                "QS135",
                Severity.WARNING,
                self._document.position_of(path),
                f"`{path[0]}` is Jinja that qsync cannot work out; dbt's default is taken",
                "write the value out, use env_var with a default, or set the flag of that name",
            )
        )
        return None
