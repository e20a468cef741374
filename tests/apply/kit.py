"""A team at work: commands typed, rows changed, what Qualified holds."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from qsync.cli.entry import run
from qsync.emulator.server import EmulatorServer
from qsync.exit_codes import ExitCode
from tests.support.dbt_project import DATABASE


@dataclass(frozen=True)
class Said:
    """A command's exit code and words."""

    code: ExitCode
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads(self.out)
        return document


@dataclass
class Team:
    """The example project, its account, and somebody who types."""

    project: Path
    qualified: EmulatorServer
    capture: pytest.CaptureFixture[str]

    def qsync(self, *words: str) -> Said:
        self.capture.readouterr()
        code = run(list(words))
        out, err = self.capture.readouterr()
        return Said(code, out, err)

    def apply(self, *words: str) -> Said:
        return self.qsync("apply", "--auto-approve", *words)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Somebody else's statement, between dbt's and qsync's."""
        with contextlib.closing(duckdb.connect(str(self.project / DATABASE))) as database:
            return database.execute(statement, list(values)).fetchall()

    def ledger(self) -> list[dict[str, str]]:
        with (self.project / "seeds" / "qsync_runs.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def submitted(self) -> int:
        """Bulk jobs Qualified has accepted so far."""
        return len(self.qualified.account.jobs())

    def edit(self, name: str, old: str, new: str) -> None:
        """Edit a sync file."""
        path = self.project / "models" / "marts" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def counts(self, said: Said) -> dict[tuple[str, str], dict[str, int]]:
        """Of `apply --json`: each stream's counts."""
        return {
            (entry["sync"], entry["object"]): entry["counts"] for entry in said.document["streams"]
        }


def texts_under(folder: Path, but: Sequence[str] = ()) -> dict[Path, bytes]:
    """Every file under a folder, with its bytes."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in but
    }
