"""`qsync unlock`: free the lock of a run that is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qsync.cli.asking import approved, check_can_ask
from qsync.cli.loading import load_settled
from qsync.cli.options import CommonOptions, auto_approve_option, common_options
from qsync.cli.saying import say
from qsync.errors import UserError
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.execution.ports import LockHolder


@click.command("unlock")
@click.argument("lock_id")
@auto_approve_option
@common_options
def unlock(lock_id: str, auto_approve: bool, common: CommonOptions) -> ExitCode:
    """Free the lock of a run that is dead.

    LOCK_ID is told by the command that found the destination locked. A lock frees itself 15 minutes
    after the last commit, so this is for who cannot wait. Should the run be alive after all, it can
    commit nothing more: what it sent since its last commit is sent again.
    """
    from qsync.cli.wiring import dbt_session, writing_warehouse
    from qsync.execution.planner import destination_of
    from qsync.views.layout import clean

    check_can_ask(auto_approve)
    loaded = load_settled(common)
    destination = destination_of(loaded.project)
    with dbt_session(common, loaded) as session:
        warehouse = writing_warehouse(loaded, session)
        held = _held(warehouse.lock_holder(), lock_id, destination)
        say(
            "note",
            clean(
                f"{held.holder} holds the lock of {destination} since {held.since}, "
                f"until {held.expires}."
            ),
            level="warning",
        )
        if not approved("Is that run dead, and the lock to be freed?", auto_approve):
            say("declined", "Declined: the lock stays.")
            return ExitCode.DECLINED
        if not warehouse.break_lock(lock_id):
            _held(warehouse.lock_holder(), lock_id, destination)
    click.echo(f"Freed the lock of {destination}. The next apply closes what that run left open.")
    return ExitCode.OK


def _held(held: LockHolder | None, lock_id: str, destination: str) -> LockHolder:
    """The holder, if it is the one that is meant.

    Raises:
        UserError: Nobody holds the lock, or another run does.
    """
    if held is None:
        raise UserError(
            f"Nothing to free: nobody holds the lock of {destination}",
            hint="locks belong to a destination: is the target, and `base_url` or `account` in "
            "qsync.yml, that of the run which was refused?",
        )
    if held.lock_id != lock_id:
        raise UserError(
            f"The lock of {destination} has another ID, {held.lock_id}: {held.holder} holds it "
            f"since {held.since}",
            hint="the run that you mean holds it no longer; look whether this one is alive before "
            "you free its lock",
        )
    return held
