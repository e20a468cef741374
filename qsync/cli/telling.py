"""What plan and apply say: the plan, its diagnostics, that nothing matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from qsync.cli.loading import Loaded
from qsync.cli.saying import say, tell_diagnostics
from qsync.diagnostics import Diagnostic, Severity
from qsync.exit_codes import ExitCode
from qsync.planning.plan import Plan
from qsync.views.comparison_markdown import markdown_both
from qsync.views.comparison_text import render_comparison
from qsync.views.console import data_console
from qsync.views.documents import JsonObject, plan_document
from qsync.views.plan_markdown import markdown_plan, no_plan
from qsync.views.plan_text import render_plan


def tell_plan(
    plan: Plan | None, diagnostics: Sequence[Diagnostic], as_json: bool, verbose: bool = False
) -> None:
    """Diagnostics on standard error, the plan on standard output."""
    tell_diagnostics(diagnostics)
    if plan is not None:
        print_plan(plan_document(plan), as_json=as_json, verbose=verbose)


def print_plan(
    document: JsonObject, *, as_json: bool = False, as_markdown: bool = False, verbose: bool = False
) -> None:
    """A plan's document on standard output, in the form that was asked for."""
    comparison = document.get("comparison")
    if as_json:
        print_json(document)
    elif as_markdown and comparison is not None:
        click.echo(markdown_both(comparison, document), nl=False)
    elif as_markdown:
        click.echo(markdown_plan(document), nl=False)
    else:
        if comparison is not None:
            render_comparison(comparison, data_console(), verbose)
            click.echo()
        render_plan(document, data_console(), verbose)


def print_no_plan(diagnostics: Sequence[Diagnostic]) -> None:
    """Markdown that says why there is no plan, for whoever finds an older one by its marker."""
    errors = [item for item in diagnostics if item.severity is Severity.ERROR]
    click.echo(no_plan([f"{item.position}: {item.code}: {item.message}" for item in errors]))


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def say_by_text(adapter_type: str, *, by_text: bool) -> None:
    """That a warehouse is one on which nobody has run qsync's statements, if it is."""
    if by_text:
        say(
            "note",
            f"qsync's statements for {adapter_type} were checked by text and never run on one: "
            "look at the plan before you apply (docs/warehouses.md)",
            level="warning",
        )


def say_no_match(loaded: Loaded) -> None:
    """That nothing is selected, and what could be."""
    known = ", ".join(sync.name for sync in loaded.project.syncs if sync.config.enabled)
    say(
        "nothing_selected",
        "The selection matches no sync. " + (f"Enabled syncs: {known}." if known else ""),
    )


def no_match(loaded: Loaded, as_json: bool) -> ExitCode:
    """Nothing selected is no failure: it is said, and ends with 0, as in dbt."""
    say_no_match(loaded)
    if as_json:
        print_json({"format": 1, "syncs": []})
    return ExitCode.OK
