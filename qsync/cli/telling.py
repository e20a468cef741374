"""What plan and apply say: the plan, its diagnostics, that nothing matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from qsync.cli.loading import Loaded
from qsync.diagnostics import Diagnostic
from qsync.exit_codes import ExitCode
from qsync.planning.plan import Plan
from qsync.views.console import data_console, notes_console
from qsync.views.diagnostics_text import render_diagnostics
from qsync.views.documents import plan_document
from qsync.views.plan_text import render_plan


def tell_plan(
    plan: Plan | None, diagnostics: Sequence[Diagnostic], as_json: bool, verbose: bool = False
) -> None:
    """Diagnostics on standard error, the plan on standard output."""
    render_diagnostics(diagnostics, notes_console())
    if plan is None:
        return
    document = plan_document(plan)
    if as_json:
        print_json(document)
    else:
        render_plan(document, data_console(), verbose)


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def no_match(loaded: Loaded, as_json: bool) -> ExitCode:
    """Nothing selected is no failure: it is said, and ends with 0, as in dbt."""
    known = ", ".join(sync.name for sync in loaded.project.syncs if sync.config.enabled)
    click.echo(
        "The selection matches no sync. " + (f"Enabled syncs: {known}." if known else ""), err=True
    )
    if as_json:
        print_json({"format": 1, "syncs": []})
    return ExitCode.OK
