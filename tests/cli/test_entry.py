"""The `qsync` command as a whole: help, variables, exit codes, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from qsync.cli import entry
from qsync.cli.summaries import SUMMARIES
from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, commands, flat

COMMANDS = dict(commands())
SECRET = "ada@example.com"


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_every_option_says_what_it_is_for(words: str) -> None:
    command = COMMANDS[words]
    assert command.help
    first = command.help.split("\n\n")[0]
    assert first.endswith("."), first
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [item.name for item in options if not item.help] == []


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_is_cut_off_in_a_list_of_commands(words: str) -> None:
    assert not COMMANDS[words].get_short_help_str(60).endswith("...")


def test_the_list_of_commands_says_of_each_what_the_command_itself_says() -> None:
    context = click.Context(entry.cli)
    own = {name: entry.cli.get_command(context, name) for name in entry.COMMANDS}
    told = {name: command.get_short_help_str(200) for name, command in own.items() if command}
    assert told == SUMMARIES


def test_listing_the_commands_imports_none_of_them() -> None:
    """In a process of its own: here they have been imported already."""
    script = (
        "import sys; from qsync.cli.entry import COMMANDS, run; run(['--help']);"
        "places = {place.partition(':')[0] for place in COMMANDS.values()};"
        "sys.exit(bool(places & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"plan" in ended.stdout


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_prints_its_help_for_both_flags(words: str, shell: Shell) -> None:
    short, long = shell(*words.split(), "-h"), shell(*words.split(), "--help")
    assert short.code is long.code is ExitCode.OK
    assert short.out == long.out
    assert short.out.startswith(f"Usage: {f'qsync {words}'.strip()} ")
    assert max(map(len, short.out.splitlines())) <= 100


def test_every_option_is_a_variable_as_well() -> None:
    """Named after the option, or after command and option where others have the same."""
    bare = []
    for words, command in commands():
        for item in command.params:
            if not isinstance(item, click.Option) or item.name in ("version", "help"):
                continue
            named = item.envvar or []
            if not any(name.startswith("QSYNC_") for name in named) and words != "emulator":
                bare.append(f"{words} {item.name}")
    assert bare == []
    assert entry.cli.context_settings["auto_envvar_prefix"] == "QSYNC"


def test_a_flag_may_come_from_its_variable(
    project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    assert shell("validate").code is ExitCode.FAILED
    monkeypatch.setenv("QSYNC_PROJECT_DIR", str(project))
    monkeypatch.setenv("QSYNC_JSON", "1")
    assert shell("validate").document["errors"] == 0


def test_the_emulators_options_have_variables_of_their_own(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_EMULATOR_PORT", "a port")
    said = shell("emulator")
    assert said.code is ExitCode.USAGE
    assert "'--port': 'a port'" in said.err


@pytest.mark.parametrize(
    "words",
    [
        "nonsense",
        "plan --nonsense",
        "plan extra",
        "plan --limit none",
        "new",
        "new people --model dim_leads --object person",
        "catalog",
        "catalog push",
        "state mv one",
        "ledger",
        "completion tcsh",
        "apply --baseline --limit 3",
    ],
)
def test_a_wrong_command_line_ends_with_64_and_says_so_on_stderr(words: str, shell: Shell) -> None:
    said = shell(*words.split())
    assert said.code is ExitCode.USAGE
    assert "Usage: qsync" in said.err
    assert said.out == ""


def test_without_a_command_the_help_is_shown(shell: Shell) -> None:
    said = shell()
    assert said.code is ExitCode.OK
    assert said.out == shell("--help").out


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("-V").out.startswith("qsync, version ")


@pytest.mark.parametrize(
    "words",
    [
        "new people --model dim_leads --object lead",
        "ls",
        "plan",
        "apply --auto-approve",
        "status",
        "catalog pull",
        "catalog show",
        "catalog diff",
        "state ls",
        "state mv one two --auto-approve",
        "state rm one --auto-approve",
        "ledger pull",
        "init",
    ],
)
def test_outside_a_dbt_project_every_command_says_so_in_a_panel(
    words: str, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = shell(*words.split())
    assert said.code is ExitCode.FAILED
    assert "there is no dbt_project.yml" in flat(said.err)
    assert f"qsync {words.split()[0]} failed" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_broken_project_is_shown_with_places_before_the_panel(
    project: Path, shell: Shell
) -> None:
    path = project / "qsync.yml"
    path.write_text(path.read_text().replace("state:", "sttae:"))
    said = shell("plan")
    assert said.code is ExitCode.FAILED
    assert said.out == ""
    assert "qsync.yml:" in said.err
    assert said.err.index("did you mean `state`?") < said.err.index("qsync plan failed")


def test_a_bug_ends_with_70_and_quotes_nothing_of_what_went_wrong(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("validate")
    def broken() -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(entry, "import_module", lambda _: SimpleNamespace(validate=broken))
    said = shell("validate")
    assert said.code is ExitCode.BUG
    assert "RuntimeError" in said.err
    assert SECRET not in said.err
    assert "Traceback" not in said.err
    monkeypatch.setenv("QSYNC_TRACEBACK", "1")
    assert "Traceback" in shell("validate").err


def test_ctrl_c_ends_with_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("validate")
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "import_module", lambda _: SimpleNamespace(validate=interrupted))
    said = shell("validate")
    assert said.code is ExitCode.INTERRUPTED
    assert said.err.strip() == "Interrupted."
