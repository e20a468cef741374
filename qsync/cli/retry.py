"""`qsync retry`: records Qualified rejected, sent again at once."""

from __future__ import annotations

import click

from qsync.cli.options import CommonOptions, json_option, selection_options
from qsync.cli.sending import SendOptions, send, send_options
from qsync.exit_codes import ExitCode


@click.command("retry")
@click.argument("run", metavar="[RUN]", required=False)
@selection_options
@send_options
@json_option
def retry(
    run: str | None,
    select_: tuple[str, ...],
    exclude: tuple[str, ...],
    sending: SendOptions,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Send rejected records again, those that rest among them.

    A record that was rejected twice as it is, for the same reason, rests until its values, its
    mapping or a field it maps changes. When the reason was mended in Qualified, nothing here has
    changed: this sends them at once. With RUN only those that run saw rejected. It is a run of its
    own that names RUN as its parent.
    """
    from qsync.execution.planner import PlanOptions

    return send(
        common,
        sending,
        PlanOptions(retry=True, parent=run),
        selection=(select_, exclude),
        as_json=as_json,
    )
