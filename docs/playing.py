"""The example as pages of the documentation play it: commands typed in its folder, one by one.

Everything is real: dbt on DuckDB, qsync's own command line, a local Qualified. Only the port
differs from what a page says.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qsync.cli.entry import run
from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from tests.support.dbt_project import EXAMPLE, run_dbt

ADDRESS = "127.0.0.1:8765"
"""Where the local Qualified listens in the documentation."""

COMMANDS_OF_THE_FIRST_DAY = ("qsync apply --target prod --auto-approve",) * 2
"""The first load, and once more, so that what was rejected twice rests."""

NEXT_DAY = (
    "python scripts/make_data.py --day 2 --into seeds",
    "dbt build --target prod",
)
"""Data changes overnight, and dbt builds again."""


@dataclass(frozen=True, slots=True)
class Play:
    """Somebody who types commands in the built example's folder, beside a local Qualified."""

    folder: Path
    qualified: EmulatorServer

    @classmethod
    @contextlib.contextmanager
    def beside_qualified(cls, folder: Path) -> Iterator[Play]:
        """Start Qualified beside a folder that holds the built example."""
        with EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as server:
            yield cls(folder, server)

    @classmethod
    @contextlib.contextmanager
    def from_example(cls, parent: Path) -> Iterator[Play]:
        """Copy the example into a folder, build it and start Qualified."""
        folder = parent / "northwind"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("target", "*.duckdb*"))
        shutil.copytree(EXAMPLE.parent / "dbt_package", parent / "dbt_package")
        for words in (["deps"], ["build", "--target", "prod"]):
            said = run_dbt(folder, *words)
            if said.returncode:
                raise RuntimeError(said.stdout + said.stderr)
        with cls.beside_qualified(folder) as play:
            yield play

    def run(self, command: str) -> str:
        """Type one command; what the terminal shows, data and notes in the order they come.

        Raises:
            ValueError: It is none of `qsync`, `dbt` and `python`.
        """
        program, *words = shlex.split(command, comments=True)
        if program == "qsync":
            shown = self._qsync(words)
        elif program == "dbt":
            ended = run_dbt(self.folder, *words)
            shown = ended.stdout + ended.stderr
        elif program == "python":
            shown = self._python(words)
        else:
            raise ValueError(f"documentation cannot run '{program}'")
        return shown.replace(self.qualified.base_url.partition("://")[2], ADDRESS)

    def _environment(self) -> Mapping[str, str]:
        return {
            "DBT_PROFILES_DIR": str(self.folder),
            "QSYNC_BASE_URL": self.qualified.base_url,
            "QUALIFIED_API_KEY": DEFAULT_KEY,
        }

    def _qsync(self, words: list[str]) -> str:
        terminal = io.StringIO()
        before = dict(os.environ)
        os.environ.update(self._environment())
        try:
            with (
                contextlib.chdir(self.folder),
                contextlib.redirect_stdout(terminal),
                contextlib.redirect_stderr(terminal),
            ):
                run(words)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return terminal.getvalue()

    def _python(self, words: list[str]) -> str:
        ended = subprocess.run(  # noqa: S603 - what our own pages say
            [sys.executable, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return ended.stdout + ended.stderr
