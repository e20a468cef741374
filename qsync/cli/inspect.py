"""`qsync inspect`: every request of a run, from its log."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qsync.cli.loading import Loaded, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.cli.saying import say
from qsync.errors import UserError
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.views.entries import JsonObject


@click.command("inspect")
@click.argument("run", required=False)
@option("--job", metavar="ID", help="Every request of one job, with bodies; a part of its id does.")
@option("--rejected", is_flag=True, help="Only jobs with rejects, each reject with its reason.")
@option(
    "--slow",
    type=click.FloatRange(0),
    is_flag=False,
    flag_value="0",
    metavar="[SECONDS]",
    help="Slowest jobs first; only those that took at least so many seconds.",
)
@option("--tail", is_flag=True, help="Follow the run as it goes, until it ends.")
@option(
    "--show-values",
    is_flag=True,
    help="With --job: bodies as they were, if the run kept them (--full-bodies); at a terminal "
    "only.",
)
@json_option
@common_options
def inspect(
    run: str | None,
    job: str | None,
    rejected: bool,
    slow: float | None,
    tail: bool,
    show_values: bool,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Show what a run did at Qualified, request by request.

    RUN is a run's id or the beginning of one; without it the last run on this machine is shown.
    Every job is listed with its records, when it was submitted and how long Qualified took, how
    often it was polled, what had to be repeated and what became of it. Bodies are kept without
    anybody's values: `<email 23>` stands for an address of 23 letters.

    Of a run that was made elsewhere, the warehouse says what it knows.
    """
    from qsync.cli.samples import only_on_a_terminal

    if tail and (as_json or job or rejected or slow is not None):
        raise click.UsageError("--tail shows what comes, all of it: leave the other options out")
    if show_values and job is None:
        raise click.UsageError("--show-values goes with --job")
    if show_values:
        only_on_a_terminal(as_json)
    loaded = load_settled(common)
    found = _local(loaded, run)
    if found is None and (tail or run is None):
        raise _no_log(run)
    if tail and found is not None:
        return _tail(found)
    document = (
        _from_warehouse(common, loaded, run or "") if found is None else _read(found, show_values)
    )
    return _show(document, job, rejected, slow, as_json)


def _local(loaded: Loaded, run: str | None) -> Path | None:
    """The log that is meant; None when this machine has none.

    Raises:
        UserError: More than one run begins like this.
    """
    from qsync.cli.run_logs import logs_folder
    from qsync.execution.run_log_files import log_path, matching_logs

    folder = logs_folder(loaded)
    found = matching_logs(folder, run or "")
    if run and len(found) > 1:
        few = ", ".join(found[:3])
        raise UserError(f"{len(found)} runs begin with '{run}'", hint=f"name more of its id: {few}")
    return log_path(folder, found[0]) if found else None


def _no_log(run: str | None) -> UserError:
    about = "any run" if run is None else f"a run '{run}'"
    return UserError(
        f"There is no log of {about} here",
        hint="`qsync apply` writes one under target/qsync/runs (of the last 20 runs, see `logs` in "
        "qsync.yml); of a run made elsewhere `qsync inspect RUN` asks the warehouse",
    )


def _alive(begun: Mapping[str, Any]) -> bool:
    """Whether the process that wrote the log still runs; assumed of another machine's."""
    if begun.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(begun["process"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path, show_values: bool) -> JsonObject:
    from qsync.execution.run_log_files import read_log, without_values
    from qsync.views.inspect_document import inspect_document

    try:
        lines, damaged = read_log(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    shown = lines if show_values else list(without_values(lines))
    return inspect_document(shown, damaged=damaged, alive=_alive)


def _tail(path: Path) -> ExitCode:
    from qsync.execution.run_log_files import follow_log, without_values
    from qsync.views.console import data_console
    from qsync.views.inspect_text import render_event

    console = data_console()
    ended = False
    for line in without_values(follow_log(path, wait=time.sleep, alive=_alive)):
        render_event(line, console)
        ended = line["kind"] == "end"
    if not ended:
        say("note", "The run died: its process is gone, and its log has no end.", level="warning")
    return ExitCode.OK


def _from_warehouse(common: CommonOptions, loaded: Loaded, run: str) -> JsonObject:
    from qsync.cli.wiring import dbt_session, reading_warehouse
    from qsync.execution.planner import destination_of
    from qsync.ledger import record_of, row_from_cells
    from qsync.views.inspect_warehouse import warehouse_document
    from qsync.warehouse.telling import Telling

    project = loaded.project
    with dbt_session(common, loaded) as session:
        warehouse = reading_warehouse(loaded, session)
        records = [record_of(row_from_cells(cells)) for cells in warehouse.ledger(project.name)]
        mine = [record for record in records if record.run_id.startswith(run)]
        ids = sorted({record.run_id for record in mine})
        if len(ids) > 1:
            raise UserError(
                f"{len(ids)} runs begin with '{run}'", hint=f"name more of its id: {ids[-1]}"
            )
        if not ids:
            raise _no_log(run)
        telling = Telling(warehouse, destination_of(project))
        return warehouse_document(mine, telling.jobs_of(ids[0]), destination_of(project))


def _show(
    document: JsonObject, job: str | None, rejected: bool, slow: float | None, as_json: bool
) -> ExitCode:
    from qsync.cli.telling import print_json
    from qsync.views.console import data_console
    from qsync.views.inspect_document import (
        matching_jobs,
        only_rejected,
        slowest_first,
        without_requests,
    )
    from qsync.views.inspect_text import render_inspect, render_job

    if job is not None:
        found = matching_jobs(document, job)
        if len(found) != 1:
            many = f"{len(found)} jobs have" if found else "No job has"
            raise UserError(
                f"{many} '{job}' in the id", hint="`qsync inspect` without --job lists them"
            )
        if as_json:
            print_json({**document, "jobs": found})
        else:
            render_job(document, found[0], data_console())
        return ExitCode.OK
    if rejected:
        document = only_rejected(document)
    if slow is not None:
        document = slowest_first(document, slow)
    if as_json:
        print_json(without_requests(document))
    else:
        render_inspect(document, data_console(), rejects=rejected)
    return ExitCode.OK
