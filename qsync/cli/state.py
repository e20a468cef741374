"""`qsync state`: what qsync remembers of what it sent, per sync and object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qsync.cli.asking import approved, check_can_ask
from qsync.cli.loading import Loaded, load_settled
from qsync.cli.locking import lock_timeout_option, locked
from qsync.cli.options import CommonOptions, auto_approve_option, common_options, json_option
from qsync.cli.saying import say
from qsync.errors import UserError
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.execution.ports import StateSummary
    from qsync.warehouse import ReadingWarehouse, WritingWarehouse


@click.group("state")
def state() -> None:
    """See and mend what qsync remembers of what it sent.

    State is kept in the warehouse, for each destination, dbt project, sync and object. A row that
    equals its state is not sent again.
    """


@state.command("ls")
@json_option
@common_options
def ls(as_json: bool, common: CommonOptions) -> ExitCode:
    """List every state in the state schema with its rows."""
    from qsync.cli.telling import print_json
    from qsync.cli.wiring import dbt_session, reading_warehouse
    from qsync.views.console import data_console
    from qsync.views.status_text import render_state, state_document

    loaded = load_settled(common)
    with dbt_session(common, loaded) as session:
        document = state_document(reading_warehouse(loaded, session).state_summaries())
    if as_json:
        print_json(document)
    else:
        render_state(document, data_console())
    return ExitCode.OK


@state.command("mv")
@click.argument("old")
@click.argument("new")
@auto_approve_option
@lock_timeout_option
@common_options
def mv(
    old: str, new: str, auto_approve: bool, lock_timeout: float, common: CommonOptions
) -> ExitCode:
    """Give the state of sync OLD to sync NEW.

    For a sync that was renamed (`renamed_from:` in its file does the same). Both objects of the
    sync move. Nothing is sent.
    """
    check_can_ask(auto_approve)
    loaded = load_settled(common)
    with _warehouse(common, loaded) as warehouse:
        mine = _of(warehouse, loaded, old)
        _refuse_taken(warehouse, loaded, mine, new)
        what = f"Sync '{new}' takes over what '{old}' sent ({_told(mine)})."
        if loaded.project.sync(new) is None:
            what += f" No sync '{new}' is declared."
        if loaded.project.sync(old) is not None:
            what += f" '{old}' is still declared: all its rows will count as never sent."
        say("note", what, level="warning")
        if not approved("Move the state?", auto_approve):
            return _declined()
        with locked(warehouse, lock_timeout):
            moved = _of(warehouse, loaded, old)
            for item in moved:
                warehouse.streams.rename(item.stream_id, _stream_id(loaded, new, item.object), new)
    click.echo(f"Moved: {_told(moved)}, from '{old}' to '{new}'.")
    return ExitCode.OK


@state.command("rm")
@click.argument("sync")
@auto_approve_option
@lock_timeout_option
@common_options
def rm(sync: str, auto_approve: bool, lock_timeout: float, common: CommonOptions) -> ExitCode:
    """Forget what SYNC sent.

    Every row of it counts as never sent again: the next apply, if the sync is still declared, sends
    them all. Its rejects are forgotten too. Nothing is changed in Qualified; run records stay.
    """
    check_can_ask(auto_approve)
    loaded = load_settled(common)
    with _warehouse(common, loaded) as warehouse:
        mine = _of(warehouse, loaded, sync)
        say(
            "note",
            f"Sync '{sync}' forgets what it sent ({_told(mine)}). Nothing is deleted in Qualified. "
            + (
                "Every row counts as never sent: the next apply sends them all."
                if loaded.project.sync(sync) is not None
                else "No such sync is declared, so nothing will be sent either."
            ),
            level="warning",
        )
        if not approved("Remove the state?", auto_approve):
            return _declined()
        with locked(warehouse, lock_timeout):
            removed = _of(warehouse, loaded, sync)
            for item in removed:
                warehouse.streams.remove(item.stream_id)
    click.echo(f"Removed the state of '{sync}': {_told(removed)}.")
    return ExitCode.OK


@contextmanager
def _warehouse(common: CommonOptions, loaded: Loaded) -> Iterator[WritingWarehouse]:
    from qsync.cli.wiring import dbt_session, writing_warehouse

    with dbt_session(common, loaded) as session:
        yield writing_warehouse(loaded, session)


def _of(warehouse: ReadingWarehouse, loaded: Loaded, sync: str) -> list[StateSummary]:
    """The sync's state at this destination, of this project.

    Raises:
        UserError: There is none.
    """
    from qsync.execution.planner import destination_of

    destination, project = destination_of(loaded.project), loaded.project.name
    here = [
        item
        for item in warehouse.state_summaries()
        if (item.destination, item.project) == (destination, project)
    ]
    mine = [item for item in here if item.sync == sync]
    if not mine:
        known = ", ".join(sorted({item.sync for item in here}))
        hint = f"there is state of: {known}" if known else "nothing has been sent there yet"
        raise UserError(f"There is no state of a sync '{sync}' at {destination}", hint=hint)
    return mine


def _refuse_taken(
    warehouse: ReadingWarehouse, loaded: Loaded, moving: Sequence[StateSummary], new: str
) -> None:
    """Before anything moves: a half-moved sync would be worse than none."""
    known = {item.stream_id for item in warehouse.state_summaries()}
    if any(_stream_id(loaded, new, item.object) in known for item in moving):
        raise UserError(
            f"Sync '{new}' has state of its own",
            hint=f"look at it with `qsync state ls`; `qsync state rm {new}` forgets it",
        )


def _stream_id(loaded: Loaded, sync: str, object_name: str) -> str:
    from qsync.execution.planner import destination_of
    from qsync.planning.fingerprint import stream_id

    return stream_id(destination_of(loaded.project), loaded.project.name, sync, object_name)


def _told(states: Sequence[StateSummary]) -> str:
    return " and ".join(
        f"{item.rows:,} {item.object} {'record' if item.rows == 1 else 'records'}"
        for item in states
    )


def _declined() -> ExitCode:
    say("declined", "Declined: nothing was changed.")
    return ExitCode.DECLINED
