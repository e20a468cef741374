"""Whether qsync would take a command line, without running it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from qsync.cli.entry import cli


def check_command_line(words: Sequence[str]) -> None:
    """Parse what stands after `qsync`.

    Raises:
        click.UsageError: There is no such command, option or value.
    """
    # As it really is set up: a command keeps the help option that it was first parsed with.
    context = click.Context(cli, info_name="qsync", **cli.context_settings)
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        if isinstance(command, click.Group):
            context = click.Context(command, context, name)
    command.make_context(command.name, rest, parent=context)
