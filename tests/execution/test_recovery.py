"""What a run does about earlier ones before it sends anything itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from qsync.execution.halt import Pause, RunBounds
from qsync.execution.journal import JournalNotes, NoJournal
from qsync.execution.ports import (
    Commit,
    CommitContext,
    DeadStream,
    ItemResult,
    JobView,
    KnownJob,
    RequestTally,
)
from qsync.execution.recovery import (
    NothingLeftError,
    Recovered,
    Recovery,
    RecoveryStoppedError,
)
from qsync.execution.remote import AuthError, RetryableError, WaitTooLongError
from tests.support.fake_stage import RUN_ID, FakeStage, people
from tests.support.virtual_time import VirtualClock

ROWS = 6


class LeftBehind(FakeStage):
    """A warehouse in which one run has died."""

    dead: DeadStream
    closed: list[tuple[Sequence[tuple[int, int]], bool]]

    def dead_streams(self) -> tuple[DeadStream, ...]:
        """The one."""
        return (self.dead,)

    def commit(self, stage: object, changes: Commit, context: CommitContext) -> None:
        """Remember what became of it; nothing else can have been committed before."""
        self.commits.append((self.now(), tuple(changes.outcomes)))

    def close_dead(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool = False,
    ) -> None:
        """Remember what is said to have been posted."""
        self.closed.append((list(posted), keep_stage))


@dataclass
class Jobs:
    """The jobs of a dead run, as Qualified tells of them."""

    clock: VirtualClock
    views: dict[str, JobView | None]
    error: AuthError | None = None
    unreadable: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    tally: RequestTally = field(default_factory=RequestTally)

    async def submit(self, body: bytes, *, reserve: int = 0) -> JobView:
        """Nothing is sent while earlier jobs are asked about."""
        raise AssertionError("a recovery submits nothing")

    async def job(self, job_id: str) -> JobView | None:
        """What there is to tell."""
        self.asked.append(job_id)
        await self.clock.sleep(0.01)
        if self.error is not None:
            raise self.error
        if job_id in self.unreadable:
            raise RetryableError("500")
        return self.views[job_id]


@dataclass
class ToldJournal(NoJournal):
    """The journal that survived, if one did."""

    notes: JournalNotes | None

    def read(self, run_id: str) -> JournalNotes | None:
        """What it tells."""
        return self.notes


class Morning:
    """The run after one that died with six staged rows, of which four may have been posted."""

    def __init__(self, *jobs: KnownJob, notes: JournalNotes | None = None) -> None:
        self.clock = VirtualClock()
        self.left = LeftBehind(people(ROWS))
        stage = self.left.stage
        state = replace(stage.request.state, table="state")
        stage = replace(stage, request=replace(stage.request, state=state))
        self.left.closed = []
        self.left.dead = DeadStream(
            run_id=RUN_ID,
            sync="people",
            object="lead",
            planned=ROWS,
            running=True,
            stage=stage,
            posted=4,
            journaled=notes is not None,
            jobs=jobs,
            table=stage.table,
        )
        self.api = Jobs(self.clock, {})
        self.journal = ToldJournal(notes)
        self.stop = asyncio.Event()

    async def keep_lock(self) -> None:
        """Held."""

    def run(self, keep: str | None = None, bounds: RunBounds | None = None) -> Recovered:
        """Settle what was left behind."""
        recovery = Recovery(
            self.left.warehouse,
            self.left.in_warehouse,
            self.api,
            self.clock,
            lambda of_run: CommitContext(of_run, 2, "2026-11-04 05:00:00"),
            self.journal,
            self.stop,
            self.keep_lock,
            bounds=bounds or RunBounds(),
        )
        return self.clock.run(recovery.run(keep))


def _finished(job_id: str, *numbers: int, ok: bool = True) -> JobView:
    results = [ItemResult(f"{RUN_ID}-{number}", ok) for number in numbers]
    return JobView(job_id, "completed", len(numbers), len(numbers), tuple(results))


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_the_jobs_of_a_dead_run_are_asked_and_their_results_committed_before_it_is_closed() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0), KnownJob("j2", 3, 4, 0.0))
    morning.api.views = {"j1": _finished("j1", 1, 2), "j2": _finished("j2", 3, 4, ok=False)}
    found = morning.run()
    assert (found.died, found.jobs) == ((RUN_ID,), 2)
    assert sorted(morning.api.asked) == ["j1", "j2"]
    assert morning.left.fates == {1: "succeeded", 2: "succeeded", 3: "rejected", 4: "rejected"}


@pytest.mark.proves(fault="process killed", promise="every row accounted for")
def test_a_job_whose_id_only_the_journal_knows_is_asked_too() -> None:
    job = KnownJob("j1", 1, 2, 0.0)
    morning = Morning(notes=JournalNotes({"people": [(1, 2)]}, {"people": (job,)}))
    morning.api.views = {"j1": _finished("j1", 1, 2)}
    morning.run()
    assert morning.left.fates == {1: "succeeded", 2: "succeeded"}


@pytest.mark.proves(fault="journal lost or damaged", promise="no row lost")
@pytest.mark.proves(fault="machine gone", promise="newest value wins")
def test_without_a_journal_everything_up_to_the_mark_may_have_been_posted() -> None:
    morning = Morning()
    morning.run()
    assert morning.left.closed == [([(1, 4)], False)]


@pytest.mark.proves(fault="journal lost or damaged", promise="newest value wins")
def test_with_a_journal_that_is_damaged_everything_up_to_the_mark_may_have_been_posted() -> None:
    morning = Morning(notes=JournalNotes({"people": [(3, 4)]}, complete=False))
    morning.run()
    assert morning.left.closed == [([(1, 4)], False)]


@pytest.mark.proves(fault="process killed", promise="no row lost")
def test_with_a_journal_only_what_was_intended_may_have_been_posted() -> None:
    morning = Morning(notes=JournalNotes({"people": [(3, 6)]}))
    morning.run()
    assert morning.left.closed == [([(3, 4)], False)]


@pytest.mark.proves(fault="job never ends", promise="newest value wins")
def test_a_job_that_does_not_end_leaves_its_rows_unknown_and_open() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0))
    morning.api.views = {"j1": JobView("j1", "processing", 0, 2)}
    morning.run()
    ((_, (outcome,)),) = morning.left.commits
    assert (outcome.unknown, outcome.unresolved) == ((1, 2), True)


def test_a_job_that_outlasts_the_runs_time_stays_known_for_the_next_run() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0))
    morning.api.views = {"j1": JobView("j1", "processing", 0, 2)}
    end_by = morning.clock.monotonic() + 30.0
    with pytest.raises(WaitTooLongError) as raised:
        morning.run(bounds=RunBounds(end_by=end_by))
    assert RunBounds(end_by=end_by).why(raised.value, morning.clock.monotonic()) is Pause.MAX_TIME
    assert morning.clock.monotonic() < end_by + 1.0
    assert (morning.left.commits, morning.left.closed) == ([], [])


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_rows_of_a_dead_runs_job_stay_open_when_an_answer_was_lost_before_it() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0, lost_answers=1))
    morning.api.views = {"j1": _finished("j1", 1, 2)}
    morning.run()
    ((_, (outcome,)),) = morning.left.commits
    assert (outcome.succeeded, outcome.unresolved) == (2, True)


@pytest.mark.proves(fault="job expired", promise="no false success")
def test_a_job_that_is_gone_is_no_success() -> None:
    morning = Morning(KnownJob("j1", 1, 2, -100_000.0))
    morning.api.views = {"j1": None}
    morning.run()
    assert morning.left.fates == {1: "unknown", 2: "unknown"}


@pytest.mark.proves(fault="401 or 403", promise="no row lost")
def test_while_qualified_refuses_the_key_nothing_is_closed() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0))
    morning.api.error = AuthError("401")
    with pytest.raises(AuthError):
        morning.run()
    assert (morning.left.commits, morning.left.closed) == ([], [])


@pytest.mark.proves(fault="Ctrl-C", promise="no row lost")
def test_who_stops_while_earlier_jobs_are_awaited_closes_nothing() -> None:
    morning = Morning(KnownJob("j1", 1, 2, 0.0))
    morning.api.views = {"j1": JobView("j1", "processing", 0, 2)}
    morning.stop.set()
    with pytest.raises(RecoveryStoppedError):
        morning.run()
    assert (morning.left.commits, morning.left.closed) == ([], [])


def _unreadable(age: float) -> Morning:
    clock = VirtualClock()
    morning = Morning(KnownJob("j1", 1, 2, clock.time() - age), KnownJob("j2", 3, 4, clock.time()))
    morning.api.views = {"j2": _finished("j2", 3, 4)}
    morning.api.unreadable = {"j1"}
    return morning


@pytest.mark.proves(fault="429 or 503", promise="no row lost")
def test_a_job_that_cannot_be_read_now_closes_nothing_and_is_asked_next_time() -> None:
    morning = _unreadable(age=60.0)
    with pytest.raises(RetryableError):
        morning.run()
    assert morning.left.closed == []


@pytest.mark.proves(fault="job never ends", promise="ends cleanly")
def test_a_job_that_cannot_be_read_for_an_hour_keeps_nothing_else_from_going() -> None:
    morning = _unreadable(age=4_000.0)
    morning.run()
    fates = {1: "unknown", 2: "unknown", 3: "succeeded", 4: "succeeded"}
    assert morning.left.fates == fates
    lost = [outcome for _, outcomes in morning.left.commits for outcome in outcomes]
    assert {outcome.first for outcome in lost if outcome.unresolved} == {1}
    assert len(morning.left.closed) == 1


def test_where_another_run_is_to_be_resumed_nothing_is_closed() -> None:
    morning = Morning()
    with pytest.raises(NothingLeftError):
        morning.run(keep="another")
    assert morning.left.closed == []


def test_the_stage_of_a_run_to_be_resumed_is_kept() -> None:
    morning = Morning()
    assert list(morning.run(keep=RUN_ID).kept) == ["people"]
    assert morning.left.closed == [([(1, 4)], True)]
