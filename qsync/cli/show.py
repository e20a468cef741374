"""`qsync show`: a sealed plan, as a person, a program or GitHub reads it."""

from __future__ import annotations

from pathlib import Path

import click

from qsync.cli.options import json_option, markdown_option, option
from qsync.cli.planfile import read_plan_file, say_what_is_sealed
from qsync.exit_codes import ExitCode


@click.command("show")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@option("-v", "--verbose", is_flag=True, help="Open what is folded.")
@json_option
@markdown_option
def show(plan_file: Path, verbose: bool, as_json: bool, as_markdown: bool) -> ExitCode:
    """Show a plan that `qsync plan --out` wrote.

    Reads the file and nothing else: it needs no project, no warehouse and no key. The text, the
    JSON and the Markdown are those that `qsync plan` printed.
    """
    from qsync.cli.telling import print_plan

    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown are two forms of the plan: name one.")
    sealed, document = read_plan_file(plan_file)
    print_plan(document, as_json=as_json, as_markdown=as_markdown, verbose=verbose)
    say_what_is_sealed(sealed.seal.keyed)
    return ExitCode.OK
