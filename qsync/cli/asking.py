"""Asking a person before something is changed."""

from __future__ import annotations

import sys

import click

from qsync.errors import UserError


def check_can_ask(auto_approve: bool) -> None:
    """Fail at once where a prompt would hang.

    Raises:
        UserError: There is no terminal, and `--auto-approve` was not given.
    """
    if not auto_approve and not sys.stdin.isatty():
        raise UserError(
            "There is no terminal to ask at", hint="give --auto-approve, as in a CI job"
        )


def approved(question: str, auto_approve: bool) -> bool:
    """Whether to go on: only `yes` does. The question goes to standard error."""
    if auto_approve:
        return True
    click.echo(f"{question} Only 'yes' goes on: ", err=True, nl=False)
    return sys.stdin.readline().strip() == "yes"
