"""Manifests as dbt writes them, small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qsync.artifacts import Manifest, read_manifest

PROJECT = "shop"


def node(name: str, package: str = PROJECT, kind: str = "model", **more: Any) -> dict[str, Any]:
    """One node; `v2` writes as little as this."""
    version = f".v{more['version']}" if more.get("version") is not None else ""
    return {
        "unique_id": f"{kind}.{package}.{name}{version}",
        "name": name,
        "package_name": package,
        "resource_type": kind,
        **more,
    }


def manifest(*nodes: dict[str, Any], disabled: Any = (), version: int = 12) -> dict[str, Any]:
    """The file's data."""
    return {
        "metadata": {
            "dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/v{version}.json",
            "dbt_version": "1.11.16",
            "generated_at": "2026-11-24T10:46:13.886375123Z",
            "invocation_id": "an-id",
            "project_name": PROJECT,
            "adapter_type": "duckdb",
        },
        "nodes": {item["unique_id"]: item for item in nodes},
        "disabled": {item["unique_id"]: [item] for item in disabled},
    }


def read(tmp_path: Path, data: Any) -> Manifest:
    """The data, written and read."""
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    found, problems = read_manifest(path, "target/manifest.json")
    assert problems == []
    assert found is not None
    return found
