"""The `qsync` command: finds the subcommand, and turns what it raises into an exit code.

Command modules are imported when they are asked for, and import what is heavy when they run:
`qsync --help` and `qsync validate` must feel instant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from qsync import __version__
from qsync.cli.ending import tell_bug, tell_click, tell_end, tell_failure
from qsync.cli.saying import say, speaking, tell_diagnostics
from qsync.cli.summaries import SUMMARIES
from qsync.errors import UserError
from qsync.exit_codes import ExitCode

COMMANDS: dict[str, str] = {
    "init": "qsync.cli.init:init",
    "new": "qsync.cli.new:new",
    "validate": "qsync.cli.validate:validate",
    "test": "qsync.cli.test:test",
    "ls": "qsync.cli.ls:ls",
    "exposures": "qsync.cli.exposures:exposures",
    "plan": "qsync.cli.plan:plan",
    "show": "qsync.cli.show:show",
    "apply": "qsync.cli.apply:apply",
    "resume": "qsync.cli.resume:resume",
    "retry": "qsync.cli.retry:retry",
    "status": "qsync.cli.status:status",
    "rejects": "qsync.cli.rejects:rejects",
    "alerts": "qsync.cli.alerts:alerts",
    "report": "qsync.cli.report:report",
    "inspect": "qsync.cli.inspect:inspect",
    "why": "qsync.cli.why:why",
    "catalog": "qsync.cli.catalog:catalog",
    "state": "qsync.cli.state:state",
    "forget": "qsync.cli.forget:forget",
    "unlock": "qsync.cli.unlock:unlock",
    "ledger": "qsync.cli.ledger:ledger",
    "debug": "qsync.cli.debug:debug",
    "emulator": "qsync.cli.emulator:emulator",
    "completion": "qsync.cli.completion:completion",
}
"""Every command and where it is, in the order of `qsync --help`."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in `qsync --help`, for which none of them is imported."""
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [
            (name, command.get_short_help_str(limit))
            for name in self.list_commands(ctx)
            if (command := _summarized(name) or self.get_command(ctx, name)) is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _summarized(name: str) -> click.Command | None:
    """A stand-in that knows only what the command is for."""
    summary = SUMMARIES.get(name)
    return None if summary is None else click.Command(name, help=summary)


@click.command(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        # Options that name no variable of their own have one after their command.
        "auto_envvar_prefix": "QSYNC",
    },
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.version_option(__version__, "-V", "--version", prog_name="qsync")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Reverse ETL as code, from dbt to Qualified.

    Declare syncs as YAML beside your dbt models; after `dbt run`, `qsync plan` shows what would
    change in Qualified and `qsync apply` does it.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str] | None = None) -> ExitCode:
    """Run a command line; what to end with."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with speaking(given):
        code = _run(given)
        tell_end(code)
    return code


def _run(arguments: Sequence[str]) -> ExitCode:
    try:
        result = cli.main(args=list(arguments), prog_name="qsync", standalone_mode=False)
    except click.UsageError as error:
        tell_click(error, ExitCode.USAGE)
        return ExitCode.USAGE
    except click.exceptions.Exit as ending:
        return ExitCode(ending.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", "Interrupted.", exit_code=int(ExitCode.INTERRUPTED))
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        tell_click(error, ExitCode.FAILED)
        return ExitCode.FAILED
    except BrokenPipeError:
        # The reader of our output left (`qsync ls | head`): nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the last door: every error gets its words here
        return _explain(error, arguments)
    return ExitCode(result) if isinstance(result, int) else ExitCode.OK


def _explain(error: Exception, arguments: Sequence[str]) -> ExitCode:
    from qsync.cli.failures import as_user_error
    from qsync.cli.loading import InvalidProjectError

    command = next((word for word in arguments if word in COMMANDS), None)
    title = "qsync" if command is None else f"qsync {command}"
    known = error if isinstance(error, UserError) else as_user_error(error)
    if isinstance(known, InvalidProjectError):
        tell_diagnostics(known.diagnostics)
    if known is not None:
        tell_failure(title, known)
        return known.exit_code
    tell_bug(title, error)
    return ExitCode.BUG


def main() -> None:
    """The console script."""
    sys.exit(int(run()))
