"""What the commands' tests stand on."""

from __future__ import annotations

from tests.support.dbt_project import built_project, project

__all__ = ["built_project", "project"]
