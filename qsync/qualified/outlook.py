"""When the request quota has room for what is still to be asked: a forecast, not a promise.

It is the earliest moment: what others use of the team's quota meanwhile, and answers that are slow,
come on top.
"""

from __future__ import annotations

from qsync.qualified.windows import SLACK, Windows


def seconds_for(windows: Windows, now: float, in_flight: int, requests: int) -> float:
    """Seconds until the last of so many more requests may go, if each goes as soon as it may.

    Args:
        windows: The quota with what was spent of it.
        now: Monotonic seconds.
        in_flight: Requests that have started and not ended; they count from now.
        requests: How many more.
    """
    going: list[float] = []
    spent = [(window, [*window.ended, *[now] * in_flight]) for window in windows.all]
    for number in range(requests):
        at = going[-1] if going else now
        for window, before in spent:
            # The request that must have left the window before this one fits in.
            place = len(before) + number - window.size
            if place >= 0:
                oldest = before[place] if place < len(before) else going[place - len(before)]
                at = max(at, oldest + window.seconds + SLACK)
        going.append(at)
    return going[-1] - now if going else 0.0
