"""Whatever Qualified answers: every row ends once, and succeeds only by its own result."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.ports import ItemResult, StagedRow
from qsync.execution.remote import (
    AmbiguousError,
    AuthError,
    RejectedBatchError,
    RemoteError,
    RetryableError,
)
from qsync.fields.model import FieldType
from tests.support.fake_stage import FakeStage, context, field_of, stream_of
from tests.support.scripted_api import ScriptedApi
from tests.support.virtual_time import VirtualClock

ERRORS = st.sampled_from(
    [
        AmbiguousError("lost"),
        AuthError("401"),
        RejectedBatchError("422"),
        RetryableError("503"),
        RetryableError("503"),
    ]
)
SUBMIT_FAULTS = st.dictionaries(st.integers(1, 12), ERRORS, max_size=6)
POLL_FAULTS = st.dictionaries(
    st.integers(1, 40),
    st.sampled_from([AuthError("401"), RetryableError("503"), RetryableError("503")]),
    max_size=6,
)


class Liar:
    """Makes results up, and remembers which of them told the truth about which item."""

    def __init__(self, rng: random.Random, honesty: float) -> None:
        self._rng = rng
        self._honesty = honesty
        self.said: Counter[tuple[str, bool]] = Counter()

    def __call__(self, ids: Sequence[str]) -> list[ItemResult]:
        results: list[ItemResult] = []
        for request_id in ids:
            if self._rng.random() < self._honesty:
                results.append(ItemResult(request_id, ok=True))
                continue
            for _ in range(self._rng.randrange(3)):
                ok = self._rng.random() < 0.5
                results.append(ItemResult(request_id, ok, () if ok else ("phone is bad",)))
        strangers = [self._rng.randrange(9_999) for _ in range(self._rng.randrange(3))]
        results += [ItemResult(f"r1-{number}", ok=True) for number in strangers]
        self._rng.shuffle(results)
        own = set(ids)
        self.said.update((r.request_id, r.ok) for r in results if r.request_id in own)
        return results


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="every row accounted for")
@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
@settings(max_examples=60)
@given(
    rows=st.integers(0, 2_600),
    limit=st.none() | st.integers(0, 3_000),
    bad=st.sets(st.integers(1, 2_600), max_size=4),
    unwritable=st.sets(st.integers(1, 2_600), max_size=4),
    on_submit=SUBMIT_FAULTS,
    on_poll=POLL_FAULTS,
    seed=st.integers(0, 2**16),
    honesty=st.sampled_from([0.0, 0.9, 1.0]),
    status=st.sampled_from(["completed", "failed", "never heard of"]),
    gone=st.booleans(),
    stop_after=st.none() | st.floats(0, 5),
    open_jobs=st.integers(1, 8),
)
def test_planned_is_what_ended_and_a_row_succeeds_only_by_its_own_result(
    *,
    rows: int,
    limit: int | None,
    bad: set[int],
    unwritable: set[int],
    on_submit: dict[int, RemoteError],
    on_poll: dict[int, RemoteError],
    seed: int,
    honesty: float,
    status: str,
    gone: bool,
    stop_after: float | None,
    open_jobs: int,
) -> None:
    clock = VirtualClock()
    stage = FakeStage(
        [
            StagedRow(n, f"p{n}@example.com", ("x" if n in unwritable else "1",))
            for n in range(1, rows + 1)
        ],
        stream_of(field_of("employees", FieldType.DECIMAL)),
    )
    liar = Liar(random.Random(seed), honesty)
    refused = {f"r1-{number}" for number in bad}
    api = ScriptedApi(
        clock,
        results=liar,
        status=status,
        refuse=lambda ids: RejectedBatchError("422") if refused & set(ids) else None,
        on_submit=on_submit,
        on_poll=on_poll,
        gone=gone,
    )
    stop = asyncio.Event()

    async def main() -> DeliveryResult:
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stop.set)
        return await deliver(
            stage.stage,
            warehouse=stage.warehouse,
            in_warehouse=stage.in_warehouse,
            api=api,
            clock=clock,
            context=context,
            progress=lambda _: None,
            stop=stop,
            limit=limit,
            open_jobs=open_jobs,
        )

    result = clock.run(main())

    fates = stage.fates
    counts = stage.counts
    assert result.planned == rows
    assert result.unsent == rows - len(fates)
    assert (result.succeeded, result.rejected, result.unknown, result.invalid_late) == tuple(
        counts[fate] for fate in ("succeeded", "rejected", "unknown", "invalid_late")
    )
    assert sum(result.reasons.values()) == result.rejected + result.invalid_late
    sent = {request_id for ids in api.submits for request_id in ids}
    for number, fate in fates.items():
        request_id = f"r1-{number}"
        assert (fate == "invalid_late") == (request_id not in sent)
        if fate == "succeeded":
            assert liar.said[request_id, True]
            assert not liar.said[request_id, False]
    assert all(number <= (rows if limit is None else limit) for number in fates)
    lately = [n for n in range(1, rows + 1) if f"r1-{n}" in sent and n not in fates]
    assert not lately or result.error is not None or result.stopped
