"""`qsync completion`: the shell's script that completes commands and options."""

from __future__ import annotations

import os
from pathlib import PurePath

import click

from qsync.exit_codes import ExitCode

_INSTALL = {
    "bash": 'add to ~/.bashrc:  eval "$(qsync completion bash)"',
    "zsh": 'add to ~/.zshrc, after compinit:  eval "$(qsync completion zsh)"',
    "fish": "run once:  qsync completion fish > ~/.config/fish/completions/qsync.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(sorted(_INSTALL)), required=False)
def completion(shell: str | None) -> ExitCode:
    """Print the script that completes commands.

    For SHELL, or for the one in use. To install it:

    \b
    bash, in ~/.bashrc:  eval "$(qsync completion bash)"
    zsh, in ~/.zshrc:    eval "$(qsync completion zsh)"    (after compinit)
    fish, once:          qsync completion fish > ~/.config/fish/completions/qsync.fish
    """
    from click.shell_completion import get_completion_class

    from qsync.cli.entry import cli

    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    found = get_completion_class(shell) if shell in _INSTALL else None
    if found is None:
        raise click.UsageError(f"Say for which shell: {', '.join(sorted(_INSTALL))}")
    script = found(cli, {}, "qsync", "_QSYNC_COMPLETE").source()
    # A comment in the script, because `eval` at the start of every shell must print nothing.
    click.echo(f"{script.rstrip()}\n# To install: {_INSTALL[shell]}")
    return ExitCode.OK
