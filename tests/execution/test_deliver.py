"""Delivering one stream, against a Qualified that answers what the test says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from qsync.execution.deliver import DeliveryProgress, DeliveryResult, deliver
from qsync.execution.ports import ItemResult, StagedRow
from qsync.execution.remote import (
    AmbiguousError,
    AuthError,
    FinalError,
    RejectedBatchError,
    RemoteError,
    RetryableError,
    ScopeError,
)
from qsync.execution.sending import BATCH_REFUSED, MOST_POSTS
from qsync.fields.model import FieldType
from qsync.ledger.record import ConservationError
from tests.support.fake_stage import FakeStage, context, field_of, people, stream_of
from tests.support.scripted_api import ScriptedApi, all_completed
from tests.support.virtual_time import VirtualClock

REFUSED = RejectedBatchError("refused", status=422)


@dataclass
class Bench:
    """A delivery with everything around it made up."""

    stage: FakeStage
    clock: VirtualClock = field(default_factory=VirtualClock)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    progress: list[DeliveryProgress] = field(default_factory=list)
    api: ScriptedApi = field(init=False)

    def __post_init__(self) -> None:
        self.api = ScriptedApi(self.clock)
        self.stage.now = lambda: self.clock.elapsed

    def run(
        self,
        *,
        limit: int | None = None,
        stop_after: float | None = None,
        open_jobs: int = 20,
        job_deadline: float = 3_600.0,
    ) -> DeliveryResult:
        async def main() -> DeliveryResult:
            if stop_after is not None:
                asyncio.get_running_loop().call_later(stop_after, self.stop.set)
            return await deliver(
                self.stage.stage,
                warehouse=self.stage.warehouse,
                in_warehouse=self.stage.in_warehouse,
                api=self.api,
                clock=self.clock,
                context=context,
                progress=self.progress.append,
                stop=self.stop,
                limit=limit,
                open_jobs=open_jobs,
                job_deadline=job_deadline,
            )

        return self.clock.run(main())


def bench(rows: int) -> Bench:
    return Bench(FakeStage(people(rows)))


def ends(result: DeliveryResult) -> tuple[int, int, int, int, int]:
    return (
        result.succeeded,
        result.rejected,
        result.unknown,
        result.invalid_late,
        result.unsent,
    )


def test_every_row_goes_once_in_jobs_of_500_and_is_committed() -> None:
    desk = bench(12_345)
    result = desk.run()
    assert ends(result) == (12_345, 0, 0, 0, 0)
    assert (result.jobs, result.error, result.stopped) == (25, None, False)
    assert sorted(len(ids) for ids in desk.api.submits) == [345] + [500] * 24
    assert desk.stage.counts == {"succeeded": 12_345}


def test_an_empty_stage_sends_and_commits_nothing() -> None:
    desk = bench(0)
    assert ends(desk.run()) == (0, 0, 0, 0, 0)
    assert (desk.api.submits, desk.stage.commits, desk.clock.elapsed) == ([], [], 0)


def test_a_limit_sends_the_first_rows_and_leaves_the_others_unsent() -> None:
    desk = bench(1_200)
    assert ends(desk.run(limit=700)) == (700, 0, 0, 0, 500)
    assert sorted(desk.stage.fates) == list(range(1, 701))


def test_open_jobs_and_rows_read_at_once_are_bounded() -> None:
    desk = bench(30_000)
    desk.api.seconds = 10.0
    desk.run(open_jobs=7)
    assert desk.api.most_open == 7
    assert max(desk.stage.reads) == 5_000


def test_confirmed_chunks_are_committed_every_few_seconds() -> None:
    desk = bench(20_000)
    desk.api.seconds = 3.0
    desk.run(open_jobs=4)
    moments = [moment for moment, _ in desk.stage.commits]
    assert len(moments) > 3
    assert all(later - sooner <= 5.0 for sooner, later in itertools.pairwise(moments))


def test_progress_grows_to_the_result() -> None:
    desk = bench(2_000)
    result = desk.run()
    last = desk.progress[-1]
    assert (last.planned, last.succeeded, last.jobs, last.open_jobs) == (2_000, 2_000, 4, 0)
    assert [p.succeeded for p in desk.progress] == sorted(p.succeeded for p in desk.progress)
    assert max(p.open_jobs for p in desk.progress) == 4
    assert result.jobs == 4


@pytest.mark.proves(fault="row rejected", promise="every row accounted for")
@pytest.mark.proves(fault="row rejected", promise="nothing leaks")
def test_a_rejected_row_keeps_its_redacted_reason_and_the_others_succeed() -> None:
    desk = bench(600)

    def results(ids: Sequence[str]) -> list[ItemResult]:
        bad = {"r1-7": ('phone is invalid: "+15550000007"',), "r1-8": ("phone is invalid: 1",)}
        return [ItemResult(i, i not in bad, bad.get(i, ())) for i in ids]

    desk.api.results = results
    result = desk.run()
    assert ends(result) == (598, 2, 0, 0, 0)
    assert result.reasons == {"phone is invalid: …": 1, "phone is invalid: 1": 1}
    rejects = [r for _, outcomes in desk.stage.commits for o in outcomes for r in o.rejects]
    assert [(r.number, r.field) for r in rejects] == [(7, "phone"), (8, "phone")]


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
def test_only_a_result_with_its_own_id_makes_a_row_succeed() -> None:
    desk = bench(5)
    desk.api.results = lambda ids: [
        ItemResult("r1-1", ok=True),
        ItemResult("r1-2", ok=True),
        ItemResult("r1-2", ok=False, errors=("no",)),
        ItemResult("r1-3", ok=True),
        ItemResult("r1-3", ok=True),
        ItemResult("r0-4", ok=True),
    ]
    result = desk.run()
    assert desk.stage.fates == {
        1: "succeeded",
        2: "unknown",
        3: "succeeded",
        4: "unknown",
        5: "unknown",
    }
    assert (result.foreign_results, result.unsettled_jobs) == (1, ("job-0",))


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
def test_a_failed_job_leaves_the_rows_it_says_nothing_of_unknown() -> None:
    desk = bench(10)
    desk.api.status = "failed"
    desk.api.results = lambda ids: all_completed(ids[:4])
    assert ends(desk.run()) == (4, 0, 6, 0, 0)


@pytest.mark.proves(fault="bad input", promise="every row accounted for")
def test_an_unwritable_row_is_invalid_late_and_the_others_of_its_chunk_go() -> None:
    rows = people(3)
    rows[1] = StagedRow(2, rows[1].key, ("not a number",))
    stream = stream_of(field_of("phone", FieldType.DECIMAL))
    rows[0], rows[2] = (StagedRow(row.number, row.key, ("1.5",)) for row in (rows[0], rows[2]))
    desk = Bench(FakeStage(rows, stream))
    result = desk.run()
    assert ends(result) == (2, 0, 0, 1, 0)
    assert result.reasons == {"not_a_number:phone": 1}
    assert desk.stage.fates == {1: "succeeded", 2: "invalid_late", 3: "succeeded"}


@pytest.mark.proves(fault="poison row", promise="every row accounted for")
@pytest.mark.proves(fault="poison row", promise="quota kept")
def test_one_bad_row_in_a_refused_batch_costs_19_submits_and_only_itself() -> None:
    desk = bench(500)
    desk.api.refuse = lambda ids: REFUSED if "r1-333" in ids else None
    result = desk.run()
    assert ends(result) == (499, 1, 0, 0, 0)
    assert len(desk.api.submits) <= 19
    assert result.reasons == {BATCH_REFUSED: 1}
    assert desk.stage.fates[333] == "rejected"


@pytest.mark.proves(fault="poison row", promise="quota kept")
def test_halving_ends_at_its_cap_and_what_is_left_is_rejected_with_its_batch() -> None:
    desk = bench(500)
    bad = {f"r1-{number}" for number in range(1, 501, 20)}
    desk.api.refuse = lambda ids: REFUSED if bad & set(ids) else None
    result = desk.run()
    assert len(desk.api.submits) == MOST_POSTS
    assert result.succeeded + result.rejected == 500
    assert result.rejected >= 25
    assert result.succeeded > 0


@pytest.mark.proves(fault="batch refused", promise="ends cleanly")
def test_chunks_refused_whole_one_after_another_end_the_delivery() -> None:
    desk = bench(10_000)
    desk.api.refuse = lambda ids: REFUSED
    result = desk.run(open_jobs=1)
    assert ends(result) == (0, 1_500, 0, 0, 8_500)
    assert result.error is REFUSED
    assert len(desk.api.submits) == 3 * MOST_POSTS


@pytest.mark.proves(fault="401 or 403", promise="ends cleanly")
@pytest.mark.proves(fault="401 or 403", promise="every row accounted for")
@pytest.mark.parametrize("error", [AuthError("401"), ScopeError("403"), FinalError("400")])
def test_an_answer_that_ends_it_stops_submitting_and_drains_what_is_open(
    error: RemoteError,
) -> None:
    desk = bench(10_000)
    desk.api.on_submit = {3: error}
    result = desk.run(open_jobs=2)
    assert ends(result) == (1_000, 0, 0, 0, 9_000)
    assert result.error is error
    assert desk.stage.counts == {"succeeded": 1_000}


@pytest.mark.proves(fault="batch refused", promise="every row accounted for")
def test_an_error_while_a_batch_is_halved_leaves_the_parts_not_submitted_unsent() -> None:
    desk = bench(500)
    desk.api.refuse = lambda ids: REFUSED if "r1-400" in ids else None
    desk.api.on_submit = {4: AuthError("401")}
    result = desk.run()
    assert ends(result) == (250, 0, 0, 0, 250)
    assert len(desk.api.submits) == 4


def test_after_an_error_the_rest_of_the_stage_is_not_even_read() -> None:
    desk = bench(50_000)
    desk.api.on_submit = {1: AuthError("401")}
    desk.run(open_jobs=1)
    assert desk.stage.reads == [5_000]


@pytest.mark.proves(fault="network fault", promise="every row accounted for")
def test_a_submit_that_was_never_made_leaves_its_rows_unsent() -> None:
    desk = bench(500)
    desk.api.on_submit = {1: RetryableError("no connection")}
    result = desk.run()
    assert ends(result) == (0, 0, 0, 0, 500)
    assert isinstance(result.error, RetryableError)
    assert desk.stage.commits == []


@pytest.mark.proves(fault="answer lost", promise="every row accounted for")
def test_a_submit_whose_answer_was_lost_leaves_its_rows_unknown_and_the_others_go() -> None:
    desk = bench(1_500)
    desk.api.on_submit = {2: AmbiguousError("lost")}
    result = desk.run()
    assert ends(result) == (1_000, 0, 500, 0, 0)
    assert result.error is None
    assert len(desk.api.submits) == 3


@pytest.mark.proves(fault="answer lost", promise="ends cleanly")
def test_answers_lost_in_a_row_end_the_delivery_before_everything_is_unknown() -> None:
    desk = bench(50_000)
    desk.api.on_submit = {number: AmbiguousError("lost") for number in range(1, 101)}
    result = desk.run(open_jobs=1)
    assert ends(result) == (0, 0, 1_500, 0, 48_500)
    assert isinstance(result.error, AmbiguousError)


def test_lost_answers_between_accepted_jobs_do_not_end_the_delivery() -> None:
    desk = bench(5_000)
    desk.api.on_submit = {number: AmbiguousError("lost") for number in (1, 2, 4, 5, 7, 8)}
    result = desk.run(open_jobs=1)
    assert (ends(result), result.error) == ((2_000, 0, 3_000, 0, 0), None)


@pytest.mark.proves(fault="401 or 403", promise="no false success")
def test_a_key_refused_while_polling_leaves_open_rows_unknown() -> None:
    desk = bench(2_000)
    desk.api.on_poll = {number: AuthError("401") for number in range(1, 100)}
    result = desk.run(open_jobs=2)
    assert ends(result) == (0, 0, 1_000, 0, 1_000)
    assert isinstance(result.error, AuthError)


@pytest.mark.proves(fault="network fault", promise="every row accounted for")
def test_a_poll_that_fails_once_is_sent_again() -> None:
    desk = bench(500)
    desk.api.on_poll = {1: RetryableError("503"), 2: RetryableError("503")}
    result = desk.run()
    assert (ends(result), result.error) == ((500, 0, 0, 0, 0), None)


@pytest.mark.proves(fault="network fault", promise="ends cleanly")
def test_polls_that_keep_failing_are_given_up() -> None:
    desk = bench(500)
    desk.api.on_poll = {number: RetryableError("503") for number in range(1, 100)}
    result = desk.run()
    assert ends(result) == (0, 0, 500, 0, 0)
    assert isinstance(result.error, RetryableError)
    assert len(desk.api.polls) == 3


@pytest.mark.proves(fault="job expired", promise="no false success")
def test_a_job_that_is_gone_is_looked_for_during_a_minute() -> None:
    desk = bench(500)
    desk.api.gone = True
    result = desk.run()
    assert (ends(result), result.unsettled_jobs) == ((0, 0, 500, 0, 0), ("job-0",))
    assert 60 <= desk.clock.elapsed <= 95


def test_a_deadline_holds_for_a_job_that_is_not_found_too() -> None:
    desk = bench(500)
    desk.api.gone = True
    assert desk.run(job_deadline=10.0).unknown == 500
    assert 10 <= desk.clock.elapsed <= 11


@pytest.mark.proves(fault="job never ends", promise="ends cleanly")
def test_a_job_without_an_end_is_given_up_after_its_deadline() -> None:
    desk = bench(700)
    desk.api.seconds = 1e9
    result = desk.run()
    assert (ends(result), len(result.unsettled_jobs)) == ((0, 0, 700, 0, 0), 2)
    assert 3_600 <= desk.clock.elapsed <= 3_610
    assert desk.stage.counts == {"unknown": 700}


@pytest.mark.proves(fault="Ctrl-C", promise="every row accounted for")
def test_a_stop_submits_nothing_more_drains_and_commits() -> None:
    desk = bench(20_000)
    desk.api.seconds = 10.0
    result = desk.run(stop_after=5.0, open_jobs=4)
    assert ends(result) == (2_000, 0, 0, 0, 18_000)
    assert (result.stopped, result.error) == (True, None)
    assert desk.stage.counts == {"succeeded": 2_000}


@pytest.mark.proves(fault="Ctrl-C", promise="no row lost")
def test_a_cancelled_delivery_commits_what_is_confirmed() -> None:
    desk = bench(20_000)
    desk.api.seconds = 1.0

    async def main() -> None:
        task = asyncio.ensure_future(
            deliver(
                desk.stage.stage,
                warehouse=desk.stage.warehouse,
                in_warehouse=desk.stage.in_warehouse,
                api=desk.api,
                clock=desk.clock,
                context=context,
                progress=desk.progress.append,
                stop=desk.stop,
                open_jobs=4,
            )
        )
        await desk.clock.sleep(7.0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        desk.clock.run(main())
    assert desk.stage.counts["succeeded"] == desk.progress[-1].succeeded > 0


@pytest.mark.proves(fault="warehouse refuses", promise="ends cleanly")
def test_what_the_warehouse_raises_comes_out_as_it_is_and_nothing_more_is_sent() -> None:
    desk = bench(40_000)
    desk.api.seconds = 2.0
    desk.stage.fail_commits = LookupError("the lock was lost")
    with pytest.raises(LookupError, match="the lock was lost"):
        desk.run()
    assert desk.clock.elapsed < 7
    assert len(desk.api.submits) < 80


@pytest.mark.proves(fault="warehouse refuses", promise="every row accounted for")
def test_a_stage_that_lacks_a_row_is_a_bug_that_is_said() -> None:
    desk = bench(600)
    desk.stage.missing = frozenset({300})
    with pytest.raises(ConservationError):
        desk.run()
