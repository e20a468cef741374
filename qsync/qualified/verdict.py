"""What to make of one attempt: pure, so that every case can be listed and tested.

Sending a POST again is safe without asking only when nothing can have happened: the connection was
never made, or the answer was 429 or 503 (API.md, "Limits": treat 503 like 429). Any other missing
answer leaves it open whether the job exists (API.md, "Writing in bulk").
"""

from __future__ import annotations

from enum import Enum

from qsync.qualified.refusals import Call
from qsync.qualified.wire import Loss, LossKind, Reply


class Verdict(Enum):
    """What one attempt came to."""

    ANSWERED = "answered"
    BUSY = "busy"
    """429 or 503: not done, ask again."""
    NOT_SENT = "not sent"
    """Nothing can have happened, ask again."""
    LOST = "lost"
    """No usable answer: a GET asks again, a POST may have had its effect."""
    REFUSED = "refused"
    """The answer would be the same next time."""
    IMPOSSIBLE = "impossible"
    """No such request can be sent."""


_OF_LOSS = {
    LossKind.NEVER_SENT: Verdict.NOT_SENT,
    LossKind.LOST: Verdict.LOST,
    LossKind.OURS: Verdict.IMPOSSIBLE,
}


def verdict(call: Call, outcome: Reply | Loss) -> Verdict:
    """What an attempt came to, by its status or its loss alone."""
    if isinstance(outcome, Loss):
        return _OF_LOSS[outcome.kind]
    status = outcome.status
    if 200 <= status < 300 or status in call.takes:
        return Verdict.ANSWERED
    if status in {429, 503}:
        return Verdict.BUSY
    # 408 comes from something in between that lost its patience with one of the two sides.
    if status >= 500 or status == 408:
        return Verdict.LOST
    return Verdict.REFUSED
