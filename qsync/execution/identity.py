"""Which Qualified account a key belongs to, told by the ids of its fields."""

from __future__ import annotations

from collections.abc import Set

from qsync.errors import UserError
from qsync.execution.ports import LiveField
from qsync.fields.model import FieldCatalog


def live_fields(live: FieldCatalog) -> list[LiveField]:
    """The identities of the live fields; another account has others."""
    found = [LiveField("lead", item.name, item.id) for item in live.lead if item.id]
    return found + [LiveField("company", item.name, item.id) for item in live.company if item.id]


def check_account(known: Set[str], live: FieldCatalog) -> None:
    """Refuse a key of another account than the one that state is about.

    Args:
        known: Ids of the fields seen at this destination before.
        live: The definitions this key sees.

    Raises:
        UserError: None of its fields has been seen before.
    """
    ids = {item.id for item in live_fields(live)}
    if known and ids and known.isdisjoint(ids):
        raise UserError(
            "This key belongs to another Qualified account than the state does: "
            "none of its field ids has been seen before",
            hint="name the accounts apart with `qualified: {account: …}` in qsync.yml, or use the "
            "key of the account this state is about",
        )
