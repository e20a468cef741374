"""What a plan costs, for a person: the window that matters and the time, in one sentence.

Cost: about 42 requests, 3% of what 15 minutes allow; about 8 s.
Cost: 4,002 requests at best, more than 15 minutes allow (1,800); at least 30 min.
"""

from __future__ import annotations

from qsync.views.entries import JsonObject
from qsync.views.layout import counted, number

_ALLOW = {"15m": "15 minutes allow", "1h": "an hour allows", "24h": "24 hours allow"}


def cost_sentence(cost: JsonObject) -> list[str]:
    """The sentence from the plan document's `cost`, in pieces that stay together on a line."""
    window = next(item for item in cost["windows"] if item["name"] == cost["binding"])
    spent, time = window["spent"], cost["time"]
    pieces = [f"Cost: {_requests(cost)}{';' if spent else ','}"]
    if spent:
        pieces.append(f"with {number(spent)} spent before,")
    pieces.append(_share(window) + ("." if time is None else ";"))
    if time is not None:
        pieces.append(f"{time}.")
    return pieces


def cost_details(cost: JsonObject) -> list[list[str]]:
    """All windows, as rows of a table."""
    return [
        [
            f"{window['name']}:",
            f"{number(window['planned'])} of this run",
            f"{number(window['spent'])} spent before",
            f"of {number(window['limit'])}",
            f"{window['percent']}%",
        ]
        for window in cost["windows"]
    ]


def _requests(cost: JsonObject) -> str:
    if cost["expected"] is None:
        return f"{counted(cost['requests'], 'request')} at best"
    return f"about {counted(cost['expected'], 'request')}"


def _share(window: JsonObject) -> str:
    allow = _ALLOW[window["name"]]
    if window["percent"] == 100:
        return f"more than {allow} ({number(window['limit'])})"
    return f"{window['percent']}% of what {allow}"
