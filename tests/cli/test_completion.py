"""`qsync completion`: scripts for three shells, and what they ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell

RUN = "from qsync.cli.entry import main; main()"


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_script_says_how_to_install_it(shell_name: str, shell: Shell) -> None:
    said = shell("completion", shell_name)
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert f"_QSYNC_COMPLETE={shell_name}_complete" in said.out
    last = said.out.splitlines()[-1]
    assert last.startswith("# To install: ")
    assert f"qsync completion {shell_name}" in last


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_shell_takes_the_script(shell_name: str, shell: Shell) -> None:
    program = shutil.which(shell_name)
    if program is None:
        pytest.skip(f"{shell_name} is not installed")
    script = shell("completion", shell_name).out
    said = subprocess.run(
        [program, "-n"], input=script, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_the_shell_in_use_is_the_default(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert shell("completion").out == shell("completion", "fish").out
    monkeypatch.setenv("SHELL", "/bin/ksh")
    said = shell("completion")
    assert said.code is ExitCode.USAGE
    assert "bash, fish, zsh" in said.err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("qsync st", {"status", "state"}), ("qsync catalog ", {"pull", "show", "diff"})],
)
def test_commands_are_completed(typed: str, offered: set[str]) -> None:
    words = typed.split(" ")
    said = subprocess.run(
        [sys.executable, "-c", RUN],
        env={
            **os.environ,
            "_QSYNC_COMPLETE": "bash_complete",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    found = {line.partition(",")[2] for line in said.stdout.splitlines()}
    assert found == offered, said.stderr
