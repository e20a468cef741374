"""Annotations of a command: problems beside their lines, where somebody reviews on GitHub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsync.cli.saying import saying
from qsync.diagnostics import Diagnostic

if TYPE_CHECKING:
    from qsync.views.entries import JsonObject


def annotate(
    wanted: str,
    project_dir: Path,
    diagnostics: Sequence[Diagnostic],
    document: JsonObject | None = None,
) -> None:
    """Write annotations to standard error: GitHub reads it too, and data stays alone.

    Args:
        wanted: `auto`, `github` or `none`, as `--annotations` takes them.
        project_dir: What the diagnostics' paths are relative to.
        diagnostics: Each becomes one.
        document: A plan's; each sync that is stopped becomes one as well.
    """
    if wanted == "none" or (wanted == "auto" and os.environ.get("GITHUB_ACTIONS") != "true"):
        return
    if wanted == "auto" and saying().as_json:
        return  # standard error is one JSON object a line
    from qsync.views.annotations import of_diagnostics, of_stopped, workflow_commands

    found = of_diagnostics(diagnostics) + ([] if document is None else of_stopped(document))
    workspace = os.environ.get("GITHUB_WORKSPACE")
    for line in workflow_commands(found, project_dir, Path(workspace) if workspace else None):
        click.echo(line, err=True)
