"""`qsync resume`: the remainder of a run that ended before its time."""

from __future__ import annotations

import click

from qsync.cli.options import CommonOptions, json_option
from qsync.cli.sending import SendOptions, send, send_options
from qsync.exit_codes import ExitCode


@click.command("resume")
@click.argument("run", metavar="RUN")
@send_options
@json_option
def resume(run: str, sending: SendOptions, as_json: bool, common: CommonOptions) -> ExitCode:
    """Send what is left of RUN, and nothing else.

    For a run that died, was stopped or ran out of time: its jobs are settled, then each record it
    had staged and not sent goes, where it still equals the model. What changed since, or is new, is
    left to the next `qsync apply`, which would send all of it. It is a run of its own that names
    RUN as its parent.
    """
    from qsync.execution.planner import PlanOptions

    return send(
        common,
        sending,
        PlanOptions(parent=run),
        resume=run,
        as_json=as_json,
    )
