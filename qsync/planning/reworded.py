"""Words of two checkouts' files that are not the same: a sync's policy, the project's settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import timedelta

from qsync.planning.comparison import Reworded
from qsync.project.model import Guards, LimitSettings, Project, Sync


def policy_changes(base: Sync, head: Sync) -> tuple[Reworded, ...]:
    """What of a sync's config differs and matters to what is sent, and when.

    Defaults of `qsync.yml` are in it. The owner is not: it changes nothing.
    """
    return _differences(_policy(base), _policy(head))


def settings_changes(base: Project, head: Project) -> tuple[Reworded, ...]:
    """What of `qsync.yml` differs and matters: where values go, whose state it is, how fast."""
    return _differences(_settings(base), _settings(head))


def _policy(sync: Sync) -> dict[str, str | None]:
    config, guards, requires = sync.config, sync.config.guards, sync.config.requires
    words: dict[str, str | None] = {
        "on_null": config.on_null.value,
        "on_removed": config.on_removed.value,
        "allow_free_mail": _word(config.allow_free_mail),
        "tags": _list(sorted(set(config.tags))),
    }
    for item in fields(Guards):
        bound = getattr(guards, item.name)
        words[f"guards.{item.name}"] = None if bound is None else str(bound)
    words["requires.tests"] = requires.tests.value
    words["requires.max_age"] = None if requires.max_age is None else _age(requires.max_age)
    words["requires.warned"] = requires.warned.value
    return words


def _settings(project: Project) -> dict[str, str | None]:
    settings = project.settings
    qualified = settings.qualified
    words: dict[str, str | None] = {
        "name (dbt_project.yml)": project.name,
        "qualified.api_key_env": qualified.api_key_env,
        "qualified.base_url": qualified.base_url,
        "qualified.account": qualified.account,
        "qualified.apply_targets": _list(qualified.apply_targets),
    }
    for item in fields(LimitSettings):
        words[f"qualified.limits.{item.name}"] = str(getattr(qualified.limits, item.name))
    words["state.schema"] = settings.state_schema
    words["state.keep_removed"] = settings.keep_removed
    words["state.keep_history"] = settings.keep_history
    return words


def _differences(base: dict[str, str | None], head: dict[str, str | None]) -> tuple[Reworded, ...]:
    return tuple(
        Reworded(name, word, head[name]) for name, word in base.items() if word != head[name]
    )


def _word(value: bool) -> str:
    return "true" if value else "false"


def _list(names: Iterable[str]) -> str | None:
    return ", ".join(names) or None


def _age(age: timedelta) -> str:
    """As a file writes it: `90m`, `24h`, `7d`."""
    minutes = int(age.total_seconds()) // 60
    for size, letter in ((1_440, "d"), (60, "h")):
        if minutes % size == 0 and (letter != "d" or minutes > 1_440):
            return f"{minutes // size}{letter}"
    return f"{minutes}m"
