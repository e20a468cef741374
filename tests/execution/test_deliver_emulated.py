"""Delivering through the real client to the emulated account, in virtual time."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from qsync.emulator import (
    DEFAULT_KEY,
    Account,
    ApiKey,
    EmulatorSettings,
    Fault,
    JobFault,
    Limits,
)
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.ports import StagedRow
from qsync.execution.remote import ScopeError
from qsync.qualified import QualifiedClient, read_api_key
from tests.support.emulated_transport import EmulatedTransport
from tests.support.fake_stage import FakeStage, context, people
from tests.support.virtual_time import VirtualClock


class Town:
    """An account, a client to it and a stage."""

    def __init__(self, rows: int, *faults: Fault, seed: int = 0, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.account = Account(EmulatorSettings(**settings), clock=self.clock.time, seed=seed)
        self.account.set_faults(faults)
        self.stage = FakeStage(people(rows))

    def run(self, job_deadline: float = 3_600.0) -> DeliveryResult:
        async def main() -> DeliveryResult:
            key = read_api_key({"QUALIFIED_API_KEY": DEFAULT_KEY}, "QUALIFIED_API_KEY")
            async with QualifiedClient(
                "http://qualified.test",
                key,
                transport=EmulatedTransport(self.account, self.clock),
                clock=self.clock,
                rng=random.Random(3),
            ) as api:
                return await deliver(
                    self.stage.stage,
                    warehouse=self.stage.warehouse,
                    in_warehouse=self.stage.in_warehouse,
                    api=api,
                    clock=self.clock,
                    context=context,
                    progress=lambda _: None,
                    stop=asyncio.Event(),
                    job_deadline=job_deadline,
                )

        return self.clock.run(main())

    @property
    def phones(self) -> dict[str, object]:
        return {lead.email: lead.values.get("phone") for lead in self.account.leads()}

    @property
    def sent_phones(self) -> dict[str, object]:
        return {row.key: row.values[0] for row in self.stage.rows}


def test_leads_arrive_with_their_values_in_one_submit_and_about_one_poll_per_job() -> None:
    town = Town(10_000, job_base_seconds=3.0, latency=0.2)
    result = town.run()
    assert (result.succeeded, result.jobs) == (10_000, 20)
    assert town.phones == town.sent_phones
    # Six polls more find out how long jobs take.
    assert len(town.account.requests()) <= 20 + 20 * 1.1 + 6


@pytest.mark.proves(fault="429 or 503", promise="no row lost")
def test_a_run_larger_than_the_quota_of_a_quarter_of_an_hour_waits_and_arrives() -> None:
    town = Town(5_500, limits=Limits(per_15m=10), job_base_seconds=3.0)
    result = town.run()
    assert (result.succeeded, result.error) == (5_500, None)
    assert 900 < town.clock.elapsed < 4 * 900


@pytest.mark.proves(fault="row rejected", promise="nothing leaks")
def test_a_rejected_value_is_not_in_its_reason() -> None:
    town = Town(600)
    rows = list(town.stage.rows)
    rows[4] = StagedRow(5, rows[4].key, ("12 34",))
    rows[77] = StagedRow(78, rows[77].key, ("987",))
    town.stage.rows = rows
    result = town.run()
    assert (result.succeeded, result.rejected) == (598, 2)
    assert result.reasons == {"phone is invalid: …": 2}
    assert town.stage.fates[5] == town.stage.fates[78] == "rejected"


@pytest.mark.proves(fault="poison row", promise="every row accounted for")
@pytest.mark.parametrize("policy", ["never", "malformed", "invalid"])
def test_a_bad_row_is_rejected_alone_whether_or_not_it_refuses_its_batch(policy: str) -> None:
    town = Town(1_000, batch_refusal=policy)
    rows = list(town.stage.rows)
    rows[700] = StagedRow(701, rows[700].key, ("1",))
    town.stage.rows = rows
    result = town.run()
    assert (result.succeeded, result.rejected) == (999, 1)
    assert town.stage.fates[701] == "rejected"


@pytest.mark.proves(fault="answer lost", promise="no row lost")
def test_a_submit_that_broke_after_it_was_carried_out_doubles_and_loses_nothing() -> None:
    town = Town(2_000, Fault(kind="submit", nth=2, cut="after"))
    result = town.run()
    assert result.succeeded + result.unknown == 2_000
    assert town.phones == town.sent_phones


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
def test_missing_doubled_and_foreign_results_are_told_apart() -> None:
    fault = JobFault(missing=(3, 9), duplicated=(4,), foreign=2)
    town = Town(500, Fault(kind="submit", nth=1, job=fault))
    result = town.run()
    assert (result.succeeded, result.unknown, result.foreign_results) == (498, 2, 2)
    assert {n for n, fate in town.stage.fates.items() if fate == "unknown"} == {4, 10}


@pytest.mark.proves(fault="job never ends", promise="every row accounted for")
def test_a_job_that_fails_halfway_or_hangs_leaves_unknown_only_what_it_did_not_do() -> None:
    failed = Fault(kind="submit", nth=1, job=JobFault(stops_after=200, ending="failed"))
    stuck = Fault(kind="submit", nth=2, job=JobFault(stops_after=100, ending="stuck"))
    town = Town(1_500, failed, stuck, partial_results=True)
    result = town.run(job_deadline=60.0)
    assert (result.succeeded, result.unknown) == (200 + 100 + 500, 300 + 400)
    assert len(result.unsettled_jobs) == 2
    assert result.error is None


@pytest.mark.proves(fault="401 or 403", promise="ends cleanly")
def test_a_key_without_the_bulk_scope_sends_nothing_and_says_so() -> None:
    town = Town(5_000, keys={DEFAULT_KEY: ApiKey(frozenset({"lead:manage"}))})
    result = town.run()
    assert (result.unsent, result.jobs) == (5_000, 0)
    assert isinstance(result.error, ScopeError)
    assert town.account.leads() == []


@pytest.mark.proves(fault="network fault", promise="no false success")
@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
@pytest.mark.parametrize("seed", range(5))
def test_under_random_trouble_nothing_is_called_synced_that_is_not_there(seed: int) -> None:
    town = Town(
        8_000,
        Fault(probability=0.1, status=503, retry_after=1),
        Fault(probability=0.05, status=500),
        Fault(probability=0.05, cut="after", reset=True),
        Fault(probability=0.05, html=True),
        job_order="random",
        job_concurrency=3,
        latency=0.1,
        latency_jitter=0.5,
        seed=seed,
    )
    result = town.run()
    succeeded = {n for n, fate in town.stage.fates.items() if fate == "succeeded"}
    assert len(succeeded) == result.succeeded > 0
    phones = town.phones
    assert all(
        phones[row.key] == row.values[0] for row in town.stage.rows if row.number in succeeded
    )
