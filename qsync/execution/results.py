"""From a job's results to what became of each item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qsync.execution.accounts import ChunkAccount
from qsync.execution.items import Item
from qsync.execution.ports import ItemResult, Reject
from qsync.execution.redact import Redactor


def settle(
    items: Sequence[Item],
    results: Iterable[ItemResult],
    account: ChunkAccount,
    redactor: Redactor,
) -> int:
    """Account for every item of a job by the result that carries its own request id.

    An item without a result is unknown, and so is one whose results contradict each other. Returns
    how many results belong to no item.
    """
    found: dict[str, ItemResult] = {}
    contradicted: set[str] = set()
    wanted = {item.request_id for item in items}
    foreign = 0
    for result in results:
        if result.request_id not in wanted:
            foreign += 1
        elif found.setdefault(result.request_id, result).ok is not result.ok:
            contradicted.add(result.request_id)
    for item in items:
        own = found.get(item.request_id)
        number = item.row.number
        if own is None or item.request_id in contradicted:
            account.unknown(number)
        elif own.ok:
            account.succeeded(number)
        else:
            account.rejected(Reject(number, *redactor.reason(own.errors, item.row)))
    return foreign
