"""The `config` of a sync and the `defaults` of qsync.yml: policy, merged key by key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from qsync.project.model import (
    Guards,
    Limit,
    OnNull,
    OnRemoved,
    OnWarn,
    Requires,
    SyncConfig,
    TestsGate,
)

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

_MERGED = ("guards", "requires")
"""The keys that are merged key by key themselves; of the others the nearer value counts."""


def merge_config(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A sync's config over the project's defaults, both as they stand in the files."""
    merged = {**defaults, **own}
    for key in _MERGED:
        merged[key] = {**defaults.get(key, {}), **own.get(key, {})}
    return merged


def build_config(data: Mapping[str, Any]) -> SyncConfig:
    """Config as written and checked by the schema, as data."""
    guards = data.get("guards", {})
    return SyncConfig(
        owner=data.get("owner"),
        tags=tuple(data.get("tags", ())),
        enabled=data.get("enabled", True),
        on_null=OnNull(data.get("on_null", "keep")),
        on_removed=OnRemoved(data.get("on_removed", "keep")),
        allow_free_mail=data.get("allow_free_mail", False),
        guards=Guards(
            max_changed=parse_bound(guards.get("max_changed")),
            max_removed=parse_bound(guards.get("max_removed")),
            max_cleared=parse_bound(guards.get("max_cleared")),
            max_invalid=parse_bound(guards.get("max_invalid")),
            max_added_rows=_rows(guards.get("max_added_rows")),
            max_rejected=parse_bound(guards.get("max_rejected")),
        ),
        requires=_requires(data.get("requires", {})),
    )


def _requires(data: Mapping[str, Any]) -> Requires:
    return Requires(
        tests=TestsGate(data.get("tests", "none")),
        max_age=parse_age(data.get("max_age", "24h")),
        warned=OnWarn(data.get("warned", "allow")),
    )


def parse_age(text: str) -> timedelta | None:
    """`30m`, `24h` or `7d`; None for `none`."""
    if text == "none":
        return None
    return int(text[:-1]) * _UNITS[text[-1]]


def parse_bound(value: int | str | None) -> Limit | None:
    """`20%` or a number of rows; None for `none` and for nothing."""
    if value is None or value == "none":
        return None
    if isinstance(value, str):
        return Limit(share=Fraction(value.removesuffix("%")) / 100)
    return Limit(rows=value)


def _rows(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None
