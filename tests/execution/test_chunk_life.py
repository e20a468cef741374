"""The order of a chunk's life: what is durable before what, so that dying loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from qsync.errors import UserError
from qsync.execution.accounts import ChunkAccount
from qsync.execution.committing import Committer
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.journal import JournalNotes, Step
from qsync.execution.ports import Commit, CommitContext, JobView, Outcome, Stage
from qsync.execution.remote import AmbiguousError
from qsync.ledger.record import ConservationError
from tests.support.fake_stage import FakeStage, context, people
from tests.support.scripted_api import ScriptedApi
from tests.support.virtual_time import VirtualClock

LOST = AmbiguousError("the answer was lost")


class ToldStage(FakeStage):
    """A stage that tells when it is marked and committed."""

    told: list[str]

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """As the double does, and told."""
        self.told.append(f"marked to {last}" if journaled else f"marked to {last} alone")
        super().mark_posted(stage, last, context, journaled=journaled)

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """As the double does, and told."""
        if changes.outcomes:
            self.told.append("state")
        super().commit(stage, changes, context)


@dataclass
class ToldJournal:
    """A journal in memory that tells what is written; its disk may break at a step."""

    told: list[str]
    breaks_at: Step | None = None
    healthy: bool = True

    def write(self, step: Step, **facts: Any) -> None:
        """Tell the step and its range."""
        if step is self.breaks_at:
            self.healthy = False
        if self.healthy:
            self.told.append(
                f"intent {facts['first']}-{facts['last']}" if step is Step.INTENT else step.value
            )

    def read(self, run_id: str) -> JournalNotes | None:
        """Nothing."""
        return None

    def discard(self, run_id: str) -> None:
        """Nothing."""


@dataclass
class ToldApi(ScriptedApi):
    """A Qualified that tells when it is asked, and how many answers were lost on the way."""

    told: list[str] = field(default_factory=list)
    lost_answers: int = 0

    async def submit(self, body: bytes, *, reserve: int = 0) -> JobView:
        """As the script says, and told."""
        self.told.append("POST")
        job = await super().submit(body, reserve=reserve)
        return replace(job, lost_answers=self.lost_answers)


class Life:
    """A delivery, told step by step."""

    def __init__(self, rows: int) -> None:
        self.told: list[str] = []
        self.clock = VirtualClock()
        self.stage = ToldStage(people(rows))
        self.stage.told = self.told
        self.api = ToldApi(self.clock, told=self.told)
        self.journal = ToldJournal(self.told)

    async def keep_lock(self) -> None:
        """Held."""

    def run(self) -> DeliveryResult:
        """Deliver, one chunk after the other."""
        return self.clock.run(
            deliver(
                self.stage.stage,
                warehouse=self.stage.warehouse,
                in_warehouse=self.stage.in_warehouse,
                api=self.api,
                clock=self.clock,
                context=context,
                progress=lambda progress: None,
                stop=asyncio.Event(),
                journal=self.journal,
                keep_lock=self.keep_lock,
                open_jobs=1,
            )
        )

    def outcomes(self) -> Sequence[Outcome]:
        """All that was committed."""
        return [outcome for _, outcomes in self.stage.commits for outcome in outcomes]


@pytest.mark.proves(fault="process killed", promise="no row lost")
@pytest.mark.proves(fault="machine gone", promise="no row lost")
def test_a_chunk_is_marked_and_intended_before_its_post_and_committed_after_its_results() -> None:
    life = Life(501)
    life.run()
    assert life.told == [
        *("begun", "marked to 501"),
        *("intent 1-500", "POST", "accepted", "result"),
        *("intent 501-501", "POST", "accepted", "result"),
        *("state", "committed"),
    ]


@pytest.mark.proves(fault="journal lost or damaged", promise="no row lost")
def test_where_the_journal_breaks_the_warehouse_is_told_before_anything_is_posted() -> None:
    life = Life(10)
    life.journal.breaks_at = Step.INTENT
    life.run()
    assert life.told == ["begun", "marked to 10", "marked to 10 alone", "POST", "state"]


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
def test_who_has_lost_the_lock_posts_nothing() -> None:
    life = Life(10)

    async def lost() -> None:
        raise UserError("The lock was lost")

    life.keep_lock = lost  # type: ignore[method-assign]
    with pytest.raises(UserError, match="lock was lost"):
        life.run()
    assert life.api.submits == []


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@pytest.mark.proves(fault="jobs in any order", promise="newest value wins")
def test_rows_whose_first_answer_was_lost_stay_open_for_the_first_job_may_still_run() -> None:
    life = Life(3)
    life.api.lost_answers = 1
    assert life.run().succeeded == 3
    assert [outcome.unresolved for outcome in life.outcomes()] == [True]


@pytest.mark.proves(fault="answer lost", promise="no false success")
@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_rows_whose_every_answer_was_lost_are_unknown_and_open() -> None:
    life = Life(3)
    life.api.on_submit = {1: LOST}
    assert life.run().unknown == 3
    assert [outcome.unresolved for outcome in life.outcomes()] == [True]


@pytest.mark.proves(fault="job never ends", promise="no false success")
@pytest.mark.proves(fault="job never ends", promise="newest value wins")
def test_rows_of_a_job_that_never_ends_are_unknown_and_open_and_its_id_is_kept() -> None:
    life = Life(3)
    life.api.seconds = 1e9
    result = life.run()
    assert (result.unknown, result.open_jobs) == (3, ("job-0",))
    assert [outcome.unresolved for outcome in life.outcomes()] == [True]
    assert list(life.stage.jobs) == ["job-0"]


@pytest.mark.proves(fault="job expired", promise="no false success")
def test_rows_of_a_job_that_is_gone_are_unknown_and_nothing_of_it_is_open() -> None:
    life = Life(3)
    life.api.gone = True
    result = life.run()
    assert (result.succeeded, result.unknown, result.open_jobs) == (0, 3, ())
    assert [outcome.unresolved for outcome in life.outcomes()] == [False]
    assert life.stage.jobs == {}


def _two_rows_done(life: Life) -> Committer:
    committer = Committer(
        life.stage.stage,
        life.stage.warehouse,
        life.stage.in_warehouse,
        context,
        life.journal,
        life.keep_lock,
    )
    chunk = ChunkAccount(1, 2)
    chunk.succeeded(1)
    chunk.succeeded(2)
    committer.add(chunk)
    return committer


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="every row accounted for")
def test_sums_that_do_not_add_up_are_not_committed() -> None:
    life = Life(2)
    committer = _two_rows_done(life)
    committer.account.succeeded += 1
    with pytest.raises(ConservationError):
        life.clock.run(committer.commit())
    assert life.stage.commits == []


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="every row accounted for")
def test_outcomes_that_would_be_committed_twice_are_not_committed() -> None:
    life = Life(2)
    committer = _two_rows_done(life)
    committer._outcomes *= 2
    with pytest.raises(ConservationError):
        life.clock.run(committer.commit())
    assert life.stage.commits == []
