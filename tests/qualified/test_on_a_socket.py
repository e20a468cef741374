"""The client on real connections that break in real ways."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from qsync.emulator import ApiKey, EmulatorSettings, Fault
from qsync.emulator.server import EmulatorServer
from qsync.execution.ports import JobView
from qsync.execution.remote import AmbiguousError, FinalError, RetryableError
from qsync.qualified import QualifiedClient, SystemClock
from tests.qualified.kit import BODY, CANARY, PERSON, client_of, everything_said

T = TypeVar("T")


class Hurried(SystemClock):
    """The machine's clock, without the patience."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    settings = EmulatorSettings(
        keys={CANARY: ApiKey()}, job_base_seconds=0.0, batch_refusal="never"
    )
    with EmulatorServer(settings) as running:
        yield running


def talk(server: EmulatorServer, do: Callable[[QualifiedClient], Awaitable[T]]) -> T:
    async def main() -> T:
        async with client_of(None, Hurried(), base_url=server.base_url) as client:
            return await do(client)

    return asyncio.run(main())


async def submit(client: QualifiedClient) -> JobView:
    return await client.submit(BODY)


def submits(server: EmulatorServer) -> int:
    return server.account.requests_by_kind()["submit"]


BREAKS = [
    Fault(kind="submit", cut="before"),
    Fault(kind="submit", cut="before", reset=True),
    Fault(kind="submit", cut="after"),
    Fault(kind="submit", cut="after", reset=True),
    Fault(kind="submit", cut="truncated"),
    Fault(kind="submit", cut="truncated", reset=True),
    Fault(kind="submit", html=True),
    Fault(kind="submit", html=True, status=200, processed=True),
    Fault(kind="submit", status=500, processed=True),
]


@pytest.mark.parametrize("fault", BREAKS)
def test_a_batch_whose_connection_breaks_once_is_sent_once_more(
    server: EmulatorServer, fault: Fault
) -> None:
    server.account.set_faults([Fault(**{**_parts(fault), "nth": 1})])  # type: ignore[arg-type]
    view = talk(server, submit)
    assert submits(server) == 2
    jobs = server.account.jobs()
    assert view.id == jobs[-1].id
    assert len(jobs) == (2 if fault.carried_out else 1)


@pytest.mark.proves(fault="network fault", promise="nothing leaks")
@pytest.mark.parametrize("fault", BREAKS)
def test_a_batch_whose_connection_always_breaks_is_ambiguous_and_says_nothing_of_it(
    server: EmulatorServer, fault: Fault
) -> None:
    server.account.set_faults([fault])
    with pytest.raises(AmbiguousError) as caught:
        talk(server, submit)
    assert submits(server) == 2
    said = everything_said(caught.value)
    assert CANARY not in said
    assert PERSON not in said


def _parts(fault: Fault) -> dict[str, object]:
    names = ("kind", "status", "html", "processed", "cut", "reset")
    return {name: getattr(fault, name) for name in names}


def test_a_refused_batch_waits_as_told_and_gets_through(server: EmulatorServer) -> None:
    server.account.set_faults(
        [Fault(kind="submit", nth=1, status=503), Fault(kind="submit", nth=2, status=429)]
    )
    assert talk(server, submit).id
    assert len(server.account.jobs()) == 1


def test_reading_goes_on_over_every_kind_of_break(server: EmulatorServer) -> None:
    async def read(client: QualifiedClient) -> JobView | None:
        job = await client.submit(BODY)
        server.account.set_faults(
            [
                Fault(kind="poll", nth=1, cut="before", reset=True),
                Fault(kind="poll", nth=2, cut="truncated"),
                Fault(kind="poll", nth=3, html=True, status=200),
                Fault(kind="poll", nth=4, status=502, html=True),
                Fault(kind="poll", nth=5, status=503),
            ]
        )
        return await client.job(job.id)

    view = talk(server, read)
    assert view is not None
    assert view.finished
    assert server.account.requests_by_kind()["poll"] == 6


async def read(client: QualifiedClient) -> object:
    return await client.job("job-1")


async def erase(client: QualifiedClient) -> None:
    await client.delete_people([PERSON])


async def fields(client: QualifiedClient) -> object:
    return await client.fields()


@pytest.mark.proves(fault="redirect", promise="nothing leaks")
@pytest.mark.parametrize("do", [submit, read, erase, fields])
def test_a_redirect_to_another_host_gets_neither_the_key_nor_the_body(
    server: EmulatorServer, do: Callable[[QualifiedClient], Awaitable[object]]
) -> None:
    with EmulatorServer(EmulatorSettings(keys={CANARY: ApiKey()})) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            location = f"{elsewhere.base_url}/v2/bulk"
            server.account.set_faults([Fault(status=status, location=location)])
            with pytest.raises(FinalError, match="redirects are refused"):
                talk(server, do)
        assert len(server.account.requests()) == 5
        assert elsewhere.account.requests() == []


def test_connections_are_used_again_and_five_go_side_by_side(server: EmulatorServer) -> None:
    async def many(client: QualifiedClient) -> list[JobView | None]:
        job = await client.submit(BODY)
        return await asyncio.gather(*(client.job(job.id) for _ in range(100)))

    assert len(talk(server, many)) == 100
    assert server.account.most_in_flight() <= 5


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts the connections that anything tries to make."""

    tried = 0

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        self.tried += 1
        return await super().create_connection(*args, **kwargs)


@pytest.mark.proves(fault="network fault", promise="quota kept")
def test_nothing_beneath_the_client_repeats_what_failed(server: EmulatorServer) -> None:
    server.stop()
    loop = CountingLoop()

    async def main() -> int:
        async with client_of(None, Hurried(), base_url=server.base_url) as client:
            with pytest.raises(RetryableError, match="after 6 attempts"):
                await client.submit(BODY)
            return client.tally.requests

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(main()) == 6
    assert loop.tried == 6


@pytest.mark.proves(fault="network fault", promise="ends cleanly")
def test_a_server_that_is_gone_is_an_error_that_running_again_mends(
    server: EmulatorServer,
) -> None:
    server.stop()
    with pytest.raises(RetryableError, match="no connection") as caught:
        talk(server, submit)
    assert type(caught.value) is RetryableError
    assert "Running again is safe" in (caught.value.hint or "")
