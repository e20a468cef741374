"""`--show-values`: records with their values, for a person at a terminal and nobody else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from qsync.errors import UserError

if TYPE_CHECKING:
    from qsync.planning.ports import DiffRequest
    from qsync.warehouse import ReadingWarehouse


def only_on_a_terminal(as_document: bool) -> None:
    """Refuse where values would end up in a log, a file or another program.

    Raises:
        UsageError: Together with a form of the plan that is no text.
        UserError: In CI, or where standard output is no terminal.
    """
    if as_document:
        raise click.UsageError("--show-values is for a person: leave --json and --markdown out")
    only_for_a_person("--show-values", "shows people's values")


def only_for_a_person(name: str, what: str) -> None:
    """Refuse an option by which people's values leave the warehouse where nobody watches.

    Args:
        name: The option.
        what: What it does.

    Raises:
        UserError: In CI, or where standard output is no terminal.
    """
    if os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS"):
        raise UserError(
            f"{name} {what}, and a CI job is no place for them",
            hint="run it on your own machine to look at records",
        )
    if not sys.stdout.isatty():
        raise UserError(
            f"{name} {what}, on a terminal only",
            hint="leave out the pipe or the file that standard output goes to",
        )


def show_samples(
    warehouse: ReadingWarehouse, requests: Sequence[DiffRequest], per_kind: int
) -> None:
    """Write the samples of each stream that was compared."""
    from qsync.views.console import data_console
    from qsync.views.samples_text import render_samples

    found = {request.stream.label: warehouse.samples(request, per_kind) for request in requests}
    render_samples(found, data_console())
