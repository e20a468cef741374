"""The demo's stage: commands are shown, run and told in short; the emulator runs beside them."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

KEY = "qualified-emulator-key"
_START_SECONDS = 30.0


class DemoError(Exception):
    """Something did not go as it should: what, and the last lines of what was printed."""

    def __init__(self, what: str, tail: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.tail = tuple(tail)


class Emulator:
    """`qsync emulator` as a process group of its own, which ends with the context."""

    def __init__(self, folder: Path) -> None:
        self._ready = folder / "emulator.url"
        self._log = folder / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "qsync", "emulator", "--port", "0"]
        command += ["--job-seconds", "0.4", "--ready-file", str(self._ready)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        self.base_url = self._ready.read_text().strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _wait(self) -> None:
        assert self._process is not None
        end = time.monotonic() + _START_SECONDS
        while not (self._ready.exists() and self._ready.read_text().strip()):
            if self._process.poll() is not None or time.monotonic() > end:
                tail = self._log.read_text().splitlines()[-10:]
                raise DemoError("The emulator did not start", tail)
            time.sleep(0.05)

    def _stop(self) -> None:
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
                return


class Stage:
    """Shows and runs commands in the project's folder; keeps all they print in a log."""

    def __init__(self, project: Path, log: Path) -> None:
        self.project = project
        self.log = log
        self.started = time.monotonic()
        terminal = sys.stdout.isatty()
        self.console = Console(
            width=None if terminal else 100, highlight=False, markup=False, emoji=False
        )
        environment = dict(os.environ)
        environment["PATH"] = os.pathsep.join(
            [str(Path(sys.executable).parent), environment.get("PATH", "")]
        )
        environment["DBT_PROFILES_DIR"] = str(project)
        environment["DBT_USE_COLORS"] = "false"
        environment["DO_NOT_TRACK"] = "1"
        environment["QUALIFIED_API_KEY"] = KEY
        for name in ("QSYNC_TARGET", "DBT_TARGET", "QSYNC_LOG_FORMAT"):
            environment.pop(name, None)
        self._environment = environment

    def connect(self, emulator: Emulator) -> None:
        """Point qsync at the emulator, as `qsync.yml` would."""
        self._environment["QSYNC_BASE_URL"] = emulator.base_url
        self.say(f"A local Qualified listens on {emulator.base_url}.")

    def set(self, name: str, value: str) -> None:
        """Give the commands that follow a variable."""
        self._environment[name] = value

    def say(self, words: str, style: str = "") -> None:
        """A sentence."""
        self.console.print(Text(words, style=style))

    def day(self, name: str) -> None:
        """A heading."""
        self.console.print()
        self.console.print(Rule(name, style="bold"))

    def step(
        self,
        why: str,
        command: str,
        *,
        ends: Sequence[int] = (0,),
        tail: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> str:
        """Say why, show the command, run it, and show what it printed.

        Args:
            why: In plain words.
            command: As a person would type it in the project's folder.
            ends: Exit codes that are as expected.
            tail: Show only the last line that holds this (dbt prints hundreds).
            after: Show only from the first line that begins with this.
            first: Show only so many lines.

        Returns:
            All it printed.

        Raises:
            DemoError: It ended otherwise.
        """
        self.console.print()
        self.say(why)
        self.say(f"$ {command}", style="bold cyan")
        words = shlex.split(command)
        if words[0] == "python":
            words[0] = sys.executable
        process = subprocess.Popen(
            words,
            cwd=self.project,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        with self.log.open("a") as log:
            log.write(f"$ {command}\n{said}\n")
        lines = said.splitlines()
        if process.returncode not in ends:
            raise DemoError(f"`{command}` ended with {process.returncode}", lines[-25:])
        shown = _shown(lines, tail, after)
        for line in shown[:first]:
            self.say(f"  {line}")
        if first is not None and len(shown) > first:
            self.say(f"  … and {len(shown) - first} lines more")
        return said

    def fail(self, error: DemoError) -> None:
        """Say what went wrong, loudly."""
        self.console.print()
        for line in error.tail:
            self.say(f"  {line}", style="dim")
        self.say(f"The demo failed: {error}", style="bold red")
        self.say(f"Everything that was printed is in {self.log}.")


def _shown(lines: list[str], tail: str | None, after: str | None) -> list[str]:
    if tail is not None:
        return [
            line.partition(tail)[1] + line.partition(tail)[2] for line in lines if tail in line
        ][-1:]
    if after is not None:
        for place, line in enumerate(lines):
            if line.startswith(after):
                return lines[place:]
    return lines
