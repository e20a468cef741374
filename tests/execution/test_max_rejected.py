"""`max_rejected` is asked while a stream is sent, and stops it midway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

import pytest

from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.halt import Pause
from qsync.execution.ports import ItemResult
from qsync.project.model import Limit
from tests.support.fake_stage import FakeStage, context, people
from tests.support.scripted_api import ScriptedApi
from tests.support.virtual_time import VirtualClock

ROWS = 20_000


def _deliver(limit: Limit | None, bad_of_each_job: int) -> tuple[DeliveryResult, FakeStage]:
    def results(ids: Sequence[str]) -> list[ItemResult]:
        return [
            ItemResult(name, ok=place >= bad_of_each_job, errors=("phone is invalid",))
            for place, name in enumerate(ids)
        ]

    clock = VirtualClock()
    stage = FakeStage(people(ROWS))
    result = clock.run(
        deliver(
            stage.stage,
            warehouse=stage.warehouse,
            in_warehouse=stage.in_warehouse,
            api=ScriptedApi(clock, results=results),
            clock=clock,
            context=context,
            progress=lambda _: None,
            stop=asyncio.Event(),
            max_rejected=limit,
            open_jobs=2,
        )
    )
    return result, stage


@pytest.mark.parametrize("limit", [Limit(rows=100), Limit(share=Fraction(1, 200))])
def test_more_rejects_than_allowed_end_it_and_what_is_open_is_still_read(limit: Limit) -> None:
    result, stage = _deliver(limit, bad_of_each_job=50)
    assert result.pause is Pause.GUARD
    assert 100 < result.rejected <= 200
    assert result.unknown == 0
    assert result.unsent == ROWS - result.succeeded - result.rejected > 0
    assert stage.counts == {"succeeded": result.succeeded, "rejected": result.rejected}
    assert stage.jobs == {}


def test_as_many_as_allowed_are_no_reason_to_stop() -> None:
    result, _ = _deliver(Limit(rows=2_000), bad_of_each_job=50)
    assert (result.pause, result.rejected, result.unsent) == (None, 2_000, 0)
    assert _deliver(None, bad_of_each_job=500)[0].unsent == 0


def test_it_breaks_with_the_last_record_too() -> None:
    result, _ = _deliver(Limit(rows=1_999), bad_of_each_job=50)
    assert (result.pause, result.unsent) == (Pause.GUARD, 0)
