"""`qsync forget`: people are purged from what qsync keeps, and never sent again."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from qsync.cli.asking import approved_at_terminal, check_terminal
from qsync.cli.loading import Loaded, load_settled
from qsync.cli.locking import lock_timeout_option, locked
from qsync.cli.options import CommonOptions, auto_approve_option, common_options, option
from qsync.cli.saying import ask, say
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.project.model import ObjectType

if TYPE_CHECKING:
    from qsync.execution.ports import Purged
    from qsync.warehouse import WritingWarehouse

T = TypeVar("T")

LINES_TOLD = 20
"""Numbers of wrong lines that are told before it is said that there are more."""


class _Discreet(click.Command):
    """A command whose usage errors repeat nothing that was typed: it may be somebody's address."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = "" if error.param is None else f" of {error.param.opts[0]}"
            message = f"The value{name} is not one it can have."
        except click.NoSuchOption:
            message = "There is no such option."
        except click.UsageError:
            message = (
                "Keys are read from standard input, one to a line, never from the command line: "
                "the shell's history and lists of processes keep what stands there."
            )
        raise click.UsageError(message, ctx)


@click.command("forget", cls=_Discreet)
@option(
    "--object",
    "object_name",
    type=click.Choice([kind.value for kind in ObjectType]),
    default=ObjectType.LEAD.value,
    show_default=True,
    help="What the keys are of: leads have addresses, companies domains.",
)
@option(
    "--gdpr",
    is_flag=True,
    help="Have Qualified delete these people as well. Cannot be undone; asks for their number.",
)
@auto_approve_option
@lock_timeout_option
@common_options
def forget(
    object_name: str,
    gdpr: bool,
    auto_approve: bool,
    lock_timeout: float,
    common: CommonOptions,
) -> ExitCode:
    """Purge people from state, and never send them again.

    Match keys are read from standard input, one to a line: `qsync forget < addresses.txt`. They are
    purged from every state, staged table and reject in the state schema, of every destination and
    project. A hash of each stays, so that nothing sends them while a model still has their rows; a
    plan counts those as suppressed.
    """
    kind = ObjectType(object_name)
    if gdpr and kind is not ObjectType.LEAD:
        raise click.UsageError("--gdpr is about people: Qualified deletes no companies on request.")
    check_terminal(auto_approve)
    loaded = load_settled(common)
    if gdpr:
        _check_key(loaded)
    keys = _read_keys(kind)
    return _forget(common, loaded, kind, keys, gdpr, auto_approve, lock_timeout)


def _read_keys(kind: ObjectType) -> list[str]:
    """The folded keys on standard input, each once.

    Raises:
        UserError: A line is no key, or there is none at all. It names lines by their numbers.
    """
    from qsync.planning.match_keys import fold_key, is_match_key

    what = "addresses" if kind is ObjectType.LEAD else "domains"
    if sys.stdin.isatty():
        ask(f"Type or paste {what}, one to a line; Ctrl-D ends:\n")
    said = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    keys: dict[str, None] = {}
    wrong = []
    for place, line in enumerate(said.split("\n"), 1):
        key = fold_key(line, kind)
        if key is None:
            continue
        if is_match_key(key, kind):
            keys[key] = None
        else:
            wrong.append(place)
    if wrong:
        raise UserError(_wrong_lines(wrong, what), hint="nobody was forgotten; mend the lines")
    if not keys:
        raise UserError(f"There are no {what} on standard input", hint="one to a line")
    return list(keys)


def _wrong_lines(places: Sequence[int], what: str) -> str:
    told = ", ".join(f"{place:,}" for place in places[:LINES_TOLD])
    more = len(places) - LINES_TOLD
    if len(places) == 1:
        return f"Line {told} is none of the {what} there can be"
    return f"Lines {told}{f' and {more:,} more' if more > 0 else ''} are no {what}"


def _forget(
    common: CommonOptions,
    loaded: Loaded,
    kind: ObjectType,
    keys: Sequence[str],
    gdpr: bool,
    auto_approve: bool,
    lock_timeout: float,
) -> ExitCode:
    from qsync.cli.sending import check_target
    from qsync.cli.wiring import dbt_session, writing_warehouse

    with dbt_session(common, loaded) as session:
        warehouse = writing_warehouse(loaded, session)
        if gdpr:
            check_target(loaded, session.target)
            _check_account(loaded, warehouse)
        if not _approved(loaded, kind, len(keys), gdpr, auto_approve):
            say("declined", "Declined: nothing was changed.")
            return ExitCode.DECLINED
        before, purged = _purge(warehouse, kind, keys, lock_timeout)
        click.echo(_told(kind, len(keys), before, purged))
        if gdpr:
            _delete(loaded, warehouse, keys)
    return ExitCode.OK


def _approved(loaded: Loaded, kind: ObjectType, count: int, gdpr: bool, auto_approve: bool) -> bool:
    from qsync.execution.planner import destination_of

    who = _who(kind, count)
    schema = loaded.project.settings.state_schema
    said = (
        f"{who} will be purged from every state, staged table and reject in the schema '{schema}', "
        "and never be sent again from there."
    )
    if not gdpr:
        say("note", f"{said} Qualified keeps what it has.", level="warning")
        return approved_at_terminal("Forget them? Only 'yes' goes on: ", "yes", auto_approve)
    say(
        "note",
        f"{said}\nQualified at {destination_of(loaded.project)} will then be asked to delete "
        f"{who} for ever, with all it knows of them. This cannot be undone.",
        level="warning",
    )
    question = "Type the number of people to delete, and nothing else, to go on: "
    return approved_at_terminal(question, str(count), auto_approve)


def _purge(
    warehouse: WritingWarehouse, kind: ObjectType, keys: Sequence[str], lock_timeout: float
) -> tuple[int, Purged]:
    """Suppress and purge under the locks of all destinations; how many were suppressed before.

    Suppressed comes first: what dies in between is finished by the next attempt, and nobody is sent
    meanwhile. A destination that is new since the locks were taken is looked for once more then;
    one that comes even later sees who is suppressed before it stages anything.
    """
    from qsync.execution.ports import CommitContext, Purged
    from qsync.ledger import timestamp_text

    held: dict[str, tuple[WritingWarehouse, int]] = {}
    with ExitStack() as locks:
        epoch = locks.enter_context(locked(warehouse, lock_timeout))
        held[warehouse.destination] = (warehouse, epoch)
        _lock_others(warehouse, held, locks, lock_timeout)
        context = CommitContext("", epoch, timestamp_text(datetime.now(UTC)))
        before = warehouse.suppress(kind.value, keys, context)
        _lock_others(warehouse, held, locks, lock_timeout)
        purged = Purged()
        for there, of_that in held.values():
            purged += there.purge_suppressed(kind.value, of_that)
        return before, purged


def _lock_others(
    warehouse: WritingWarehouse,
    held: dict[str, tuple[WritingWarehouse, int]],
    locks: ExitStack,
    timeout: float,
) -> None:
    from qsync.execution.locking import LockHeldError

    for destination in warehouse.destinations():
        if destination in held:
            continue
        there = warehouse.at(destination)
        try:
            held[destination] = (there, locks.enter_context(locked(there, timeout)))
        except LockHeldError as error:
            raise UserError(f"{error.message} ({destination})", hint=error.hint) from None


def _told(kind: ObjectType, count: int, before: int, purged: Purged) -> str:
    if before == count:
        since = "suppressed before"
    elif before:
        since = f"suppressed from now on ({before:,} of them were before)"
    else:
        since = "suppressed from now on"
    records = "record" if purged.state == 1 else "records"
    return (
        f"Forgot {_who(kind, count)}: purged from state ({purged.state:,} {records}), rejects "
        f"({purged.rejects:,}), stages ({purged.stages:,}), history ({purged.history:,}); {since}."
    )


def _who(kind: ObjectType, count: int) -> str:
    one, many = ("lead", "leads") if kind is ObjectType.LEAD else ("company", "companies")
    return f"{count:,} {one if count == 1 else many}"


# --- Qualified ---------------------------------------------------------------------------------


def _check_key(loaded: Loaded) -> None:
    """There must be a usable key before anything is read or purged."""
    from qsync.cli.wiring import qualified_client

    qualified_client(loaded)


def _check_account(loaded: Loaded, warehouse: WritingWarehouse) -> None:
    """The key must be of the account that the state is about: nobody else's people are deleted."""
    from qsync.cli.wiring import qualified_client
    from qsync.execution.identity import check_account
    from qsync.fields import FieldCatalog

    async def live() -> FieldCatalog:
        async with qualified_client(loaded) as client:
            return await client.fields()

    check_account(warehouse.known_field_ids(), asyncio.run(live()))


def _delete(loaded: Loaded, warehouse: WritingWarehouse, keys: Sequence[str]) -> None:
    """File the deletion request, inside the team's quota."""
    from qsync.cli.wiring import qualified_client
    from qsync.execution.remote import RemoteError
    from qsync.execution.spending import Spending
    from qsync.qualified.clock import SystemClock

    async def here(work: Callable[[], T], /) -> T:
        return work()

    async def file() -> None:
        async with qualified_client(loaded) as client:
            run_id = f"forget_{secrets.token_hex(6)}"
            spending = Spending(run_id, warehouse, here, client, SystemClock())
            await spending.begin()
            try:
                await client.delete_people(keys)
            finally:
                spending.settle()

    try:
        asyncio.run(file())
    except RemoteError as error:
        again = "What was purged stays purged and suppressed. The same command asks Qualified again"
        raise UserError(
            f"Qualified was not seen to take the deletion request: {error.message}",
            hint=f"{error.hint} {again}" if error.hint else again,
        ) from None
    click.echo(f"Qualified has taken the request to delete {_who(ObjectType.LEAD, len(keys))}.")
