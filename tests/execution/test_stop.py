"""Once a run is stopped nothing more is submitted, whatever was waiting; what is open is read."""

from __future__ import annotations

import asyncio
import random

import orjson
import pytest

from qsync.emulator import DEFAULT_KEY, Account, EmulatorSettings, Fault
from qsync.execution.deliver import DeliveryResult, deliver
from qsync.execution.remote import AmbiguousError, NotSentError
from qsync.project.model import LimitSettings
from qsync.qualified import QualifiedClient, read_api_key
from tests.support.emulated_transport import EmulatedTransport
from tests.support.fake_stage import FakeStage, context, people
from tests.support.virtual_time import VirtualClock

STOP_AFTER = 60.0


class Stopped:
    """A delivery that is stopped after a minute."""

    def __init__(self, *faults: Fault, limits: LimitSettings | None = None) -> None:
        self.clock = VirtualClock()
        self.account = Account(EmulatorSettings(job_base_seconds=5.0), clock=self.clock.time)
        self.account.set_faults(faults)
        self.limits = limits or LimitSettings()
        self.stage = FakeStage(people(10_000))
        self.stop = asyncio.Event()

    def _client(self) -> QualifiedClient:
        key = read_api_key({"QUALIFIED_API_KEY": DEFAULT_KEY}, "QUALIFIED_API_KEY")
        client = QualifiedClient(
            "http://qualified.test",
            key,
            limits=self.limits,
            transport=EmulatedTransport(self.account, self.clock),
            clock=self.clock,
            rng=random.Random(3),
        )
        client.submit_until(self.stop)
        return client

    def run(self) -> DeliveryResult:
        async def main() -> DeliveryResult:
            asyncio.get_running_loop().call_later(STOP_AFTER, self.stop.set)
            async with self._client() as api:
                return await deliver(
                    self.stage.stage,
                    warehouse=self.stage.warehouse,
                    in_warehouse=self.stage.in_warehouse,
                    api=api,
                    clock=self.clock,
                    context=context,
                    progress=lambda _: None,
                    stop=self.stop,
                )

        return self.clock.run(main())

    def submit(self) -> None:
        async def main() -> None:
            asyncio.get_running_loop().call_later(STOP_AFTER, self.stop.set)
            async with self._client() as api:
                await api.submit(orjson.dumps({"items": []}))

        self.clock.run(main())


@pytest.mark.proves(fault="Ctrl-C", promise="ends cleanly")
def test_submits_that_wait_for_a_window_are_not_sent_and_open_jobs_are_read() -> None:
    stopped = Stopped(limits=LimitSettings(share=1.0, per_15m=12))
    result = stopped.run()
    posts = [line.at for line in stopped.account.requests() if line.method == "POST"]
    assert posts
    assert max(posts) <= 1_750_000_000.0 + STOP_AFTER
    assert (result.succeeded, result.unknown) == (len(posts) * 500, 0)
    assert result.unsent == 10_000 - result.succeeded
    # Their polls wait for one window at most; submits would have waited for many.
    assert stopped.clock.elapsed < 1_000.0


@pytest.mark.proves(fault="Ctrl-C", promise="ends cleanly")
def test_a_submit_that_qualified_asked_to_wait_is_not_sent() -> None:
    stopped = Stopped(Fault(kind="submit", status=429, retry_after=800))
    with pytest.raises(NotSentError):
        stopped.submit()
    assert len(stopped.account.requests()) == 1
    assert stopped.clock.elapsed < STOP_AFTER + 1.0


@pytest.mark.proves(fault="answer lost", promise="no false success")
def test_a_submit_whose_answer_was_lost_before_the_stop_stays_ambiguous() -> None:
    stopped = Stopped(
        Fault(kind="submit", nth=1, cut="after"), Fault(kind="submit", status=429, retry_after=800)
    )
    with pytest.raises(AmbiguousError):
        stopped.submit()
