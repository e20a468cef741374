"""Asking a person before something is changed."""

from __future__ import annotations

import sys
from pathlib import Path

from qsync.cli.saying import ask
from qsync.errors import UserError

TERMINAL = Path("/dev/tty")
"""The terminal of this process, whatever standard input is."""


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
    ask(f"{question} Only 'yes' goes on: ")
    return sys.stdin.readline().strip() == "yes"


def check_terminal(auto_approve: bool) -> None:
    """Fail at once where nobody can be asked, for a command whose standard input is taken.

    Raises:
        UserError: There is no terminal, and `--auto-approve` was not given.
    """
    if auto_approve:
        return
    try:
        with TERMINAL.open() as terminal:
            there = terminal.isatty()
    except OSError:
        there = False
    if not there:
        raise UserError(
            "There is no terminal to ask at", hint="give --auto-approve, as in a CI job"
        )


def approved_at_terminal(question: str, wanted: str, auto_approve: bool) -> bool:
    """Whether to go on: only the wanted answer does, given at the terminal.

    The question goes to standard error. Standard input is left alone.
    """
    if auto_approve:
        return True
    ask(question)
    with TERMINAL.open() as terminal:
        return terminal.readline().strip() == wanted
