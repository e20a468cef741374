"""A batch that is refused whole is narrowed to the rows that cause it, at a bounded price."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import pytest

from qsync.emulator import DEFAULT_KEY, Account, EmulatorSettings
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.ports import BATCH_LEFT, BulkApi, StagedRow
from qsync.execution.remote import RejectedBatchError
from qsync.execution.sending import BATCH_REFUSED, MOST_POSTS
from qsync.qualified import QualifiedClient, read_api_key
from tests.support.emulated_transport import EmulatedTransport
from tests.support.fake_stage import RUN_ID, FakeStage, context, people
from tests.support.scripted_api import ScriptedApi
from tests.support.virtual_time import VirtualClock


def _deliver(stage: FakeStage, api: BulkApi, clock: VirtualClock) -> DeliveryResult:
    return clock.run(
        deliver(
            stage.stage,
            warehouse=stage.warehouse,
            in_warehouse=stage.in_warehouse,
            api=api,
            clock=clock,
            context=context,
            progress=lambda _: None,
            stop=asyncio.Event(),
        )
    )


def _refusing(
    bad: set[int], names: Callable[[Sequence[int]], set[int]]
) -> Callable[[Sequence[str]], RejectedBatchError | None]:
    """Refuse batches with bad rows; `names` picks, among the bad places, those the answer names."""

    def refuse(ids: Sequence[str]) -> RejectedBatchError | None:
        numbers = [int(request_id.removeprefix(f"{RUN_ID}-")) for request_id in ids]
        places = [place for place, number in enumerate(numbers) if number in bad]
        if not places:
            return None
        error = RejectedBatchError("422")
        error.named = frozenset(names(places))
        return error

    return refuse


@pytest.mark.proves(fault="poison row", promise="quota kept")
@pytest.mark.parametrize("bad", [1, 250, 500])
def test_a_row_that_the_answer_names_costs_four_submits_at_most(bad: int) -> None:
    clock = VirtualClock()
    settings = EmulatorSettings(batch_refusal="invalid", batch_refusal_names_item=True)
    account = Account(settings, clock=clock.time)
    rows = people(500)
    rows[bad - 1] = StagedRow(bad, "no address", rows[bad - 1].values)
    stage = FakeStage(rows)
    key = read_api_key({"QUALIFIED_API_KEY": DEFAULT_KEY}, "QUALIFIED_API_KEY")
    client = QualifiedClient(
        "http://qualified.test",
        key,
        transport=EmulatedTransport(account, clock),
        clock=clock,
        rng=random.Random(1),
    )
    result = _deliver(stage, client, clock)
    assert (result.succeeded, result.reasons) == (499, {BATCH_REFUSED: 1})
    assert stage.fates[bad] == "rejected"
    assert 3 <= sum(line.method == "POST" for line in account.requests()) <= 4


@pytest.mark.proves(fault="poison row", promise="quota kept")
def test_five_rows_named_one_after_another_cost_sixteen_submits() -> None:
    clock = VirtualClock()
    api = ScriptedApi(clock)
    api.refuse = _refusing({20, 120, 220, 320, 420}, lambda places: {places[0]})
    result = _deliver(FakeStage(people(500)), api, clock)
    assert (result.succeeded, result.rejected) == (495, 5)
    assert len(api.submits) == 16


@pytest.mark.proves(fault="poison row", promise="every row accounted for")
@pytest.mark.parametrize(
    "lie", [lambda _: {0}, lambda _: {999}, lambda _: set(range(500)), lambda p: {p[0] + 1}]
)
def test_an_answer_that_names_the_wrong_row_rejects_none_but_the_bad_one(
    lie: Callable[[Sequence[int]], set[int]],
) -> None:
    clock = VirtualClock()
    api = ScriptedApi(clock)
    api.refuse = _refusing({200}, lie)
    stage = FakeStage(people(500))
    result = _deliver(stage, api, clock)
    assert result.succeeded + result.rejected == 500
    alone = [ids for ids in api.submits if ids == [f"{RUN_ID}-200"]]
    refused_alone = result.reasons.get(BATCH_REFUSED, 0)
    assert refused_alone == len(alone) <= 1
    assert all(stage.fates[number] == "succeeded" for number in range(1, 20))


@pytest.mark.proves(fault="poison row", promise="no row lost")
@pytest.mark.parametrize("every", [2, 3, 5])
def test_runs_get_through_a_chunk_however_many_of_its_rows_are_bad(every: int) -> None:
    bad = set(range(every, 501, every))
    left = list(range(1, 501))
    runs = 0
    while left:
        runs += 1
        assert runs < 30, "the runs do not get on"
        clock = VirtualClock()
        rows = people(len(left))
        places = {place for place, number in enumerate(left, 1) if number in bad}
        api = ScriptedApi(clock, refuse=_refusing(places, lambda _: set()))
        stage = FakeStage(rows)
        _deliver(stage, api, clock)
        assert len(api.submits) <= MOST_POSTS
        (commit,) = stage.commits
        reasons = {r.number: r.reason for outcome in commit[1] for r in outcome.rejects}
        assert {place for place, why in reasons.items() if why == BATCH_REFUSED} <= places
        # What was refused with others goes again; what was refused alone rests after two runs.
        left = [n for place, n in enumerate(left, 1) if reasons.get(place) == BATCH_LEFT]
