"""The client against the emulated API, in virtual time: hours of work in seconds."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Literal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.emulator import Account, ApiKey, EmulatorSettings, Fault, JobFault, Limits
from qsync.emulator.app import create_app
from qsync.execution.identity import live_fields
from qsync.execution.ports import JobView
from qsync.execution.remote import (
    AmbiguousError,
    AuthError,
    RejectedBatchError,
    RemoteError,
    RetryableError,
    ScopeError,
)
from qsync.project.model import LimitSettings
from qsync.qualified import BulkScope, QualifiedClient
from tests.qualified.kit import CANARY, client_of
from tests.support.virtual_time import VirtualClock

MANAGE = ApiKey(frozenset({"bulk_job:manage"}))


class Team:
    """An emulated account and clients for it, all on one virtual clock."""

    def __init__(self, **settings: object) -> None:
        self.clock = VirtualClock()
        known = {"keys": {CANARY: MANAGE}, **settings}
        self.account = Account(
            EmulatorSettings(**known),  # type: ignore[arg-type]
            clock=self.clock.time,
        )
        self._rng = random.Random(3)

    def client(self, limits: LimitSettings | None = None) -> QualifiedClient:
        app = create_app(self.account, sleep=self.clock.sleep, broken=self._broken)
        return client_of(httpx.ASGITransport(app), self.clock, limits=limits)

    def _broken(self) -> Exception:
        kinds = (httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout)
        return self._rng.choice(kinds)("cut")


def batch(*names: str) -> bytes:
    return json.dumps(
        {
            "items": [
                {
                    "entity": "lead",
                    "action": "POST",
                    "data": {"email": f"{name}@example.com", "fields": {"first_name": name}},
                    "request_id": name,
                }
                for name in names
            ]
        }
    ).encode()


async def finished(client: QualifiedClient, clock: VirtualClock, job_id: str) -> JobView:
    while True:
        view = await client.job(job_id)
        assert view is not None
        if view.finished:
            return view
        await clock.sleep(5)


def test_a_batch_goes_out_and_the_result_of_each_item_comes_back() -> None:
    team = Team()

    async def main() -> JobView:
        async with team.client() as client:
            body = batch("ada", "grace").replace(b'"grace@example.com"', b'"grace"')
            job = await client.submit(body)
            return await finished(client, team.clock, job.id)

    view = team.clock.run(main())
    assert [(item.request_id, item.ok, bool(item.errors)) for item in view.results] == [
        ("ada", True, False),
        ("grace", False, True),
    ]
    assert team.account.lead("ada@example.com") is not None


def test_an_item_of_the_wrong_shape_refuses_the_batch() -> None:
    team = Team(batch_refusal="malformed")

    async def main() -> None:
        async with team.client() as client:
            await client.submit(b'{"items": [{"entity": "robot"}]}')

    with pytest.raises(RejectedBatchError) as caught:
        team.clock.run(main())
    assert (caught.value.status, caught.value.code) == (422, "invalid_items")
    assert team.account.jobs() == []


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        (MANAGE, BulkScope.GRANTED),
        (ApiKey(frozenset({"bulk_job:view"})), BulkScope.GRANTED),
        (ApiKey(frozenset({"lead:manage", "company:manage"})), BulkScope.MISSING),
    ],
)
def test_the_probe_finds_the_scope_and_makes_no_job(key: ApiKey, scope: BulkScope) -> None:
    team = Team(keys={CANARY: key})

    async def main() -> BulkScope:
        async with team.client() as client:
            return await client.probe_bulk_scope()

    assert team.clock.run(main()) is scope
    assert team.account.jobs() == []


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (ApiKey(api_enabled=False), AuthError),
        (ApiKey(frozenset({"bulk_job:view"})), ScopeError),
    ],
)
def test_a_key_that_may_not_submit_stops_at_the_first_request(
    key: ApiKey, error: type[RemoteError]
) -> None:
    team = Team(keys={CANARY: key})

    async def main() -> None:
        async with team.client() as client:
            await client.submit(batch("ada"))

    with pytest.raises(error):
        team.clock.run(main())
    assert len(team.account.requests()) == 1


def test_live_fields_have_the_ids_of_this_account_and_no_other() -> None:
    def ids(team: Team) -> set[str]:
        async def main() -> set[str]:
            async with team.client() as client:
                return {item.id for item in live_fields(await client.fields())}

        return team.clock.run(main())

    here, there = ids(Team()), ids(Team())
    assert here
    assert not here & there


@pytest.mark.proves(fault="job expired", promise="no false success")
def test_a_job_that_is_no_longer_kept_is_none() -> None:
    team = Team()

    async def main() -> JobView | None:
        async with team.client() as client:
            job = await client.submit(batch("ada"))
            await team.clock.sleep(2 * 86_400)
            return await client.job(job.id)

    assert team.clock.run(main()) is None


@pytest.mark.proves(fault="429 or 503", promise="quota kept")
@settings(max_examples=15)
@given(
    latency=st.sampled_from([0.0, 0.05, 1.0, 30.0]),
    jitter=st.sampled_from([0.0, 2.0, 200.0]),
    window=st.sampled_from(["sliding", "fixed"]),
    in_flight=st.integers(1, 10),
    sizes=st.tuples(st.integers(2, 30), st.integers(10, 60), st.integers(60, 110)),
)
def test_a_client_alone_in_its_team_is_never_told_to_slow_down(
    latency: float,
    jitter: float,
    window: Literal["sliding", "fixed"],
    in_flight: int,
    sizes: tuple[int, int, int],
) -> None:
    per_15m, per_hour, per_day = sizes
    team = Team(
        latency=latency,
        latency_jitter=jitter,
        limits=Limits(per_15m=per_15m, per_hour=per_hour, per_day=per_day, window=window),
    )
    limits = LimitSettings(1.0, in_flight, per_15m, per_hour, per_day)

    async def main() -> None:
        async with team.client(limits) as client:
            await asyncio.gather(*(client.job("nobody") for _ in range(120)))

    team.clock.run(main())
    assert team.account.requests_by_status() == {404: 120}
    assert team.account.most_in_flight() <= in_flight


@pytest.mark.proves(fault="quota spent by others", promise="quota kept")
def test_two_clients_of_one_team_both_get_through_by_heeding_what_they_are_told() -> None:
    team = Team(latency=0.2, limits=Limits(per_15m=200, per_hour=700))
    limits = LimitSettings(per_15m=200, per_hour=700)

    async def work(client: QualifiedClient) -> None:
        async with client:
            await asyncio.gather(*(client.job("nobody") for _ in range(200)))

    async def main() -> None:
        await asyncio.gather(work(team.client(limits)), work(team.client(limits)))

    team.clock.run(main())
    statuses = team.account.requests_by_status()
    assert statuses[404] == 400
    assert statuses.get(429, 0) <= 20
    assert team.clock.elapsed < 2_000


def test_a_team_with_fewer_places_in_flight_than_set_is_worked_with() -> None:
    team = Team(latency=1.0, limits=Limits(in_flight=2))

    async def main() -> None:
        async with team.client(LimitSettings(in_flight=10)) as client:
            await asyncio.gather(*(client.job("nobody") for _ in range(100)))

    team.clock.run(main())
    assert team.account.requests_by_status()[404] == 100


LIKELY = st.floats(0.05, 0.5)
BUSY = st.builds(
    Fault,
    status=st.sampled_from([429, 503]),
    retry_after=st.sampled_from([None, 1, 60, 600]),
    probability=LIKELY,
)
BROKEN = st.builds(
    Fault,
    status=st.sampled_from([200, 500, 502, 504]),
    html=st.just(value=True),
    processed=st.booleans(),
    probability=LIKELY,
)
CUT = st.builds(Fault, cut=st.sampled_from(["before", "after", "truncated"]), probability=LIKELY)


@pytest.mark.proves(fault="answer lost", promise="every row accounted for")
@settings(max_examples=40)
@given(faults=st.lists(BUSY | BROKEN | CUT, max_size=4))
def test_whatever_breaks_a_batch_makes_at_most_two_jobs_and_is_never_wrongly_called_unsent(
    faults: list[Fault],
) -> None:
    team = Team(latency=0.3, job_concurrency=0)
    team.account.set_faults(faults)
    names = [f"person{number}" for number in range(12)]

    async def submit(client: QualifiedClient, name: str) -> tuple[str, JobView | RemoteError]:
        try:
            return name, await client.submit(batch(name))
        except RemoteError as error:
            return name, error

    async def main() -> list[tuple[str, JobView | RemoteError]]:
        async with team.client() as client:
            return await asyncio.gather(*(submit(client, name) for name in names))

    ends = team.clock.run(main())
    jobs = team.account.jobs()
    for name, end in ends:
        made = [job.id for job in jobs if f"{name}@" in str(job.items)]
        assert len(made) <= 2
        if isinstance(end, JobView):
            assert end.id in made
        else:
            assert isinstance(end, RetryableError)
            assert isinstance(end, AmbiguousError) or made == []


def test_a_job_that_is_slow_is_read_as_unfinished_with_its_progress() -> None:
    team = Team(job_seconds_per_item=10.0)
    team.account.set_faults([Fault(kind="submit", job=JobFault(late=5.0))])

    async def main() -> list[tuple[str, int, int]]:
        async with team.client() as client:
            job = await client.submit(batch("ada", "grace"))
            seen: list[tuple[str, int, int]] = []
            for seconds in (1, 16, 30):
                await team.clock.sleep(seconds)
                view = await client.job(job.id)
                assert view is not None
                seen.append((view.status, view.processed, view.total))
            return seen

    assert team.clock.run(main()) == [
        ("enqueued", 0, 2),
        ("processing", 1, 2),
        ("completed", 2, 2),
    ]
