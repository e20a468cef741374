"""A run whose machine slept until another one took its lock wakes up, and changes nothing more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
import pytest

from qsync.errors import UserError
from qsync.execution.apply import ApplyBounds, ApplyResult
from qsync.project.model import LimitSettings
from tests.simulation.grounds import MemoryGround
from tests.simulation.town import Death, MortalTransport, Town
from tests.support.virtual_time import VirtualClock

T = TypeVar("T")

SLEEP = 2_000.0
"""Seconds; the lock expires after 900."""


@dataclass
class Nap:
    """The machine sleeps before the nth call of the warehouse. `clock` is everybody's."""

    clock: VirtualClock
    before: int
    until: float = 0.0
    calls: int = 0
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    async def call(self) -> None:
        """A call of the warehouse is about to be made."""
        self.calls += 1
        if self.calls == self.before:
            self.until = self.clock.monotonic() + SLEEP
        await self.over()

    async def over(self) -> None:
        """Nothing goes on while it sleeps."""
        if (left := self.until - self.clock.monotonic()) > 0:
            # Nobody knows which of its tasks goes on first.
            await self.clock.sleep(left + self.rng.random() / 100)


@dataclass
class SleepyClock:
    """A clock as a machine sees it that may sleep."""

    clock: VirtualClock
    nap: Nap

    def time(self) -> float:
        return self.clock.time()

    def monotonic(self) -> float:
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        await self.nap.over()


@dataclass
class SleepyTransport(MortalTransport):
    """A network whose answers wait for who sleeps."""

    nap: Nap | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.nap is not None
        response = await super().handle_async_request(request)
        await self.nap.over()
        return response


class SleepyTown(Town):
    """Where the first of two runs sleeps."""

    nap: Nap | None = None

    def _in_warehouse(self, death: Death) -> Any:
        awake = super()._in_warehouse(death)
        nap = self.nap

        async def sleepy(work: Callable[[], T], /) -> T:
            if nap is not None:
                await nap.call()
            result: T = await awake(work)
            return result

        return sleepy

    def _clock(self) -> Any:
        return self.clock if self.nap is None else SleepyClock(self.clock, self.nap)

    def _transport(self, death: Death) -> MortalTransport:
        if self.nap is None:
            return super()._transport(death)
        return SleepyTransport(self.account, self.clock, death, self, self.nap)

    def check_post(self, body: bytes) -> None:
        """Who posts has the lock."""
        super().check_post(body)
        assert isinstance(self.ground, MemoryGround)
        for item in orjson.loads(body)["items"]:
            run_id, _ = str(item["request_id"]).split("-")
            assert run_id == self.ground.store.lock.lock_id, "a run without the lock posts"

    def run_two(self, before: int) -> tuple[object, object]:
        """One that sleeps, and one that takes over; what came of each."""
        return self.clock.run(self._both(Nap(self.clock, before)))

    async def _both(self, nap: Nap) -> tuple[object, object]:
        self.nap, self.last_run = nap, "r1001"
        self.ground.load(self.model)
        sleeper = asyncio.ensure_future(self._apply(Death(), None, None, None))
        await self.clock.sleep(0.0)
        # It has what it needs; from here on this is about the other one.
        self.nap, self.last_run = None, "r1002"
        await self.clock.sleep(1.0)
        self.model = dict.fromkeys(self.model, ("Cy", "CFO"))
        self.ground.load(self.model)
        patient = ApplyBounds(lock_timeout=5_000.0)
        other = await self._apply(Death(), patient, None, None)
        (slept,) = await asyncio.gather(sleeper, return_exceptions=True)
        return slept, other


@pytest.mark.proves(fault="lock lost or rival run", promise="newest value wins")
@pytest.mark.proves(fault="lock lost or rival run", promise="quota kept")
@pytest.mark.parametrize("limits", [LimitSettings(), LimitSettings(share=1.0, per_15m=14)])
@pytest.mark.parametrize("before", range(1, 50))
def test_who_wakes_up_without_the_lock_changes_nothing(
    tmp_path: Path, before: int, limits: LimitSettings
) -> None:
    town = SleepyTown(None, tmp_path, seed=before, limits=limits)
    town.model = {f"p{n}@x.example": ("Ann", "CEO") for n in range(12)}
    assert isinstance(town.run(), ApplyResult)
    town.model = dict.fromkeys(town.model, ("Bo", "CTO"))
    town.account.configure(replace(town.account.settings, job_duration=lambda *_: 1.0))
    slept, other = town.run_two(before)
    assert isinstance(other, ApplyResult)
    assert isinstance(slept, ApplyResult | UserError), slept
    assert {lead.values["job_title"] for lead in town.account.leads()} == {"CFO"}
    town.settle()
    town.check_converged()
