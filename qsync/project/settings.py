"""`qsync.yml`: from a checked document to settings, with the checks no schema can make."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project.alerts import build_alerts
from qsync.project.model import LimitSettings, ProjectSettings, QualifiedSettings
from qsync.project.paths import SETTINGS_FILE
from qsync.project.security import KEY_PREFIX, base_url_problem, key_variable_problem
from qsync.yaml_nodes import DataPath, YamlDocument


def build_settings(
    document: YamlDocument,
    broken: Collection[DataPath],
    *,
    base_url: str | None,
    allowed_hosts: Collection[str],
    seed_paths: Sequence[str],
) -> tuple[ProjectSettings, list[Diagnostic]]:
    """Settings out of what the schema found no fault with; defaults for the rest.

    Args:
        document: The file.
        broken: The ways to values the schema refused: defaults stand in for them.
        base_url: Overrides the file's.
        allowed_hosts: Hosts allowed from outside the files.
        seed_paths: dbt's, for the place of the ledger.
    """
    data = without(document.data, broken)
    section = data.get("qualified", {})
    default = QualifiedSettings()
    url_position = document.position_of(("qualified", "base_url"))
    has_url = base_url is None and "base_url" in section
    qualified = QualifiedSettings(
        api_key_env=section.get("api_key_env", default.api_key_env),
        base_url=(base_url or section.get("base_url", default.base_url)).rstrip("/"),
        account=section.get("account"),
        apply_targets=tuple(section.get("apply_targets", ())),
        limits=LimitSettings(**section.get("limits", {})),
        base_url_position=url_position if has_url else None,
    )
    state, logs = data.get("state", {}), data.get("logs", {})
    default_of_all = ProjectSettings()
    alerts, found = build_alerts(document, data)
    settings = ProjectSettings(
        qualified=qualified,
        state_schema=state.get("schema", default_of_all.state_schema),
        keep_removed=state.get("keep_removed"),
        keep_history=state.get("keep_history", default_of_all.keep_history),
        log_runs=logs.get("keep_runs", default_of_all.log_runs),
        log_mb=logs.get("max_mb", default_of_all.log_mb),
        ledger_seed=data.get("ledger", {}).get("seed", ProjectSettings().ledger_seed),
        alerts=alerts,
        position=document.position_of(()),
    )
    return settings, [
        *found,
        *_check_key(document, qualified),
        *check_url(qualified, allowed_hosts),
        *_check_seed(document, settings, seed_paths),
    ]


def without(data: object, broken: Collection[DataPath]) -> dict[str, Any]:
    """A copy of a mapping without the values at the given paths; empty for anything else.

    A list with a broken item goes as a whole.
    """
    dropped = {_up_to_list(path) for path in broken}

    def copy(value: object, path: DataPath) -> object:
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if (*path, key) not in dropped}
            return {key: copy(item, (*path, key)) for key, item in kept.items()}
        return value

    copied = copy(data, ())
    return copied if isinstance(copied, dict) else {}


def _up_to_list(path: DataPath) -> DataPath:
    index = next((place for place, step in enumerate(path) if isinstance(step, int)), len(path))
    return path[:index]


def default_settings(
    base_url: str | None, allowed_hosts: Collection[str]
) -> tuple[ProjectSettings, list[Diagnostic]]:
    """Settings where there is no readable qsync.yml."""
    default = QualifiedSettings()
    qualified = QualifiedSettings(base_url=(base_url or default.base_url).rstrip("/"))
    return ProjectSettings(qualified=qualified), check_url(qualified, allowed_hosts)


def check_url(qualified: QualifiedSettings, allowed_hosts: Collection[str]) -> list[Diagnostic]:
    """`QS141` when the key must not go to that address."""
    problem = base_url_problem(qualified.base_url, allowed_hosts)
    if problem is None:
        return []
    position = qualified.base_url_position
    if position is None:
        position = Position(SETTINGS_FILE)
        problem = problem.replace("`base_url`", "QSYNC_BASE_URL")
    hint = "if it is meant, allow the host outside the project: QSYNC_ALLOWED_HOSTS=its.name"
    return [Diagnostic("QS141", Severity.ERROR, position, problem, hint)]


def _check_key(document: YamlDocument, qualified: QualifiedSettings) -> list[Diagnostic]:
    problem = key_variable_problem(qualified.api_key_env)
    if problem is None:
        return []
    position = document.position_of(("qualified", "api_key_env"))
    hint = f"write a variable's name as {KEY_PREFIX}API_KEY, never the key itself"
    return [Diagnostic("QS140", Severity.ERROR, position, problem, hint)]


def _check_seed(
    document: YamlDocument, settings: ProjectSettings, seed_paths: Sequence[str]
) -> list[Diagnostic]:
    seed = PurePosixPath(settings.ledger_seed)
    position = document.position_of(("ledger", "seed"))
    if seed.is_absolute() or ".." in seed.parts:
        message = "`seed` must be a path inside the project"
        return [Diagnostic("QS143", Severity.ERROR, position, message, "as seeds/qsync_runs.csv")]
    if not any(seed.is_relative_to(folder) for folder in seed_paths):
        message = f"`{seed}` is in no seed path of dbt_project.yml: dbt will not load it"
        hint = f"move it into {' or '.join(seed_paths)}"
        return [Diagnostic("QS143", Severity.WARNING, position, message, hint)]
    return []


def defaults_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `defaults` section of settings data that passed `without`."""
    section = data.get("defaults", {})
    return section if isinstance(section, dict) else {}
