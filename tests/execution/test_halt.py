"""Why a delivery ends early: a bound the user set, or a wait that Qualified asks for."""

from __future__ import annotations

import asyncio

import pytest

from qsync.execution.halt import Halt, Pause, RunBounds
from qsync.execution.remote import WaitTooLongError
from tests.support.virtual_time import VirtualClock


@pytest.mark.parametrize(
    ("seconds_left", "pause"),
    [(None, Pause.WAIT_TOO_LONG), (20_000.0, Pause.WAIT_TOO_LONG), (100.0, Pause.MAX_TIME)],
)
def test_a_wait_that_would_end_in_time_is_too_long_for_patience_and_not_for_the_runs_end(
    seconds_left: float | None, pause: Pause
) -> None:
    clock = VirtualClock()
    end_by = None if seconds_left is None else clock.monotonic() + seconds_left
    halt = Halt(asyncio.Event(), clock, RunBounds(end_by=end_by))
    halt.too_long(WaitTooLongError("wait", seconds=3_000.0))
    assert halt.pause is pause
    assert halt.halted
