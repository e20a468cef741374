"""Typing commands, and walking over all there are."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest

from qsync.cli.entry import cli, run
from tests.apply.kit import Said
from tests.support.dbt_project import DATABASE


@dataclass
class Shell:
    """Somebody who types."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Said:
        self.capture.readouterr()
        code = run(list(words))
        out, err = self.capture.readouterr()
        return Said(code, out, err)


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


def flat(text: str) -> str:
    """A text without its line breaks and its panel's frame, to look for sentences in."""
    return " ".join(text.replace("│", " ").split())


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command there is, by what is typed."""
    yield "", cli
    yield from _below(cli, "")


def _below(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{prefix} {name}".strip()
        yield words, command
        if isinstance(command, click.Group):
            yield from _below(command, words)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a project that is the user's: no artifact, no database."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in {"target", "logs"}
        and not path.name.startswith(DATABASE)
    }


def sql(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """Ask the project's database."""
    with contextlib.closing(duckdb.connect(str(folder / DATABASE))) as database:
        return database.execute(statement).fetchall()
