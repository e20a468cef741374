"""The client and whole deliveries through a proxy that breaks connections on the wire.

Whatever breaks: no row is called synced that is not at Qualified with its value, no batch is sent
more than twice and never with another body, nothing hangs, and no error says what was sent.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import orjson
import pytest

from qsync.emulator import ApiKey, EmulatorSettings
from qsync.emulator.server import EmulatorServer
from qsync.execution.deliver import DeliveryProgress, DeliveryResult, deliver
from qsync.execution.ports import JobView
from qsync.execution.remote import AmbiguousError, RetryableError
from qsync.qualified import QualifiedClient, SystemClock, read_api_key
from qsync.qualified.wire import Patience
from tests.qualified.kit import BODY, CANARY, PERSON, everything_said
from tests.support.fake_stage import FakeStage, context, people
from tests.support.fault_proxy import (
    AnswerTwice,
    CutAnswer,
    Drip,
    DropAnswer,
    Fault,
    FaultProxy,
    Garble,
    ResetRequest,
    Silence,
    first_of,
    http,
    on,
)

T = TypeVar("T")

ROWS = 1_200
"""Three batches."""

PAGE = b"<html><body>Bad gateway, dear " + PERSON.encode() + b"</body></html>"

BREAKS: dict[str, Fault] = {
    "the request is reset in its body": ResetRequest(after=200),
    "the answer is dropped": DropAnswer(),
    "the answer is dropped by a reset": DropAnswer(reset=True),
    "the answer ends in its body": CutAnswer(),
    "the answer is reset in its body": CutAnswer(reset=True),
    "the answer ends before its body": CutAnswer(keep=0),
    "the chunked answer has no end": CutAnswer(chunked=True, keep=10_000),
    "a page comes with 200": Garble(http("200 OK", PAGE, "text/html")),
    "a page comes with 502": Garble(http("502 Bad Gateway", PAGE, "text/html"), keep_open=True),
    "a page comes before anything was done": Garble(http("200 OK", PAGE), carried=False),
    "the answer is empty": Garble(http("202 Accepted", b""), keep_open=True),
    "the answer is JSON of something else": Garble(http("202 Accepted", b'{"jobs": []}')),
    "the answer is a list": Garble(http("202 Accepted", b"[]"), keep_open=True),
    "the answer is JSON without its end": Garble(http("202 Accepted", b'{"job": {"id": "j')),
    "what comes is not HTTP": Garble(b"\x16\x03\x01\xff" * 50),
    "the head has no end": Garble(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 20_000),
    "two lengths contradict each other": Garble(
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}"
    ),
    "the answer is not packed as it says": Garble(
        b"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    ),
}
"""What can go wrong with one exchange. After it, the connection is mostly of no use."""

MADE_NO_JOB = {"the request is reset in its body", "a page comes before anything was done"}

breaks = pytest.mark.parametrize("fault", BREAKS.values(), ids=BREAKS.keys())


class Fast(SystemClock):
    """The machine's clock, a hundred times faster for whoever waits by it."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._epoch = time.time()

    def monotonic(self) -> float:
        return self._begun + (time.monotonic() - self._begun) * 100

    def time(self) -> float:
        return self._epoch + (time.monotonic() - self._begun) * 100

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


class Mending(Fast):
    """A clock by which the port is open again once somebody has waited."""

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def sleep(self, seconds: float) -> None:
        self._proxy.listen()
        await super().sleep(seconds)


@pytest.fixture(scope="module")
def one_server() -> Iterator[EmulatorServer]:
    settings = EmulatorSettings(
        keys={CANARY: ApiKey()}, job_base_seconds=0.0, batch_refusal="never"
    )
    with EmulatorServer(settings) as running:
        yield running


@pytest.fixture
def server(one_server: EmulatorServer) -> EmulatorServer:
    one_server.account.reset()
    return one_server


@pytest.fixture
def proxy(server: EmulatorServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.base_url) as running:
        yield running


def talk(
    proxy: FaultProxy,
    do: Callable[[QualifiedClient], Awaitable[T]],
    patience: Patience | None = None,
    clock: Fast | None = None,
) -> T:
    """Do something with a client of the proxy; half a minute later it hangs."""

    async def main() -> T:
        async with (
            asyncio.timeout(30),
            QualifiedClient(
                proxy.base_url,
                read_api_key({"QUALIFIED_API_KEY": CANARY}, "QUALIFIED_API_KEY"),
                clock=clock or Fast(),
                rng=random.Random(5),
                patience=patience or Patience(),
            ) as client,
        ):
            return await do(client)

    return asyncio.run(main())


async def submit(client: QualifiedClient) -> JobView:
    return await client.submit(BODY)


def send(
    proxy: FaultProxy,
    stage: FakeStage,
    patience: Patience | None = None,
    clock: Fast | None = None,
    progress: Callable[[DeliveryProgress], None] = lambda _: None,
) -> DeliveryResult:
    """A whole delivery through the proxy."""
    used = clock or Fast()

    async def do(client: QualifiedClient) -> DeliveryResult:
        return await deliver(
            stage.stage,
            warehouse=stage.warehouse,
            in_warehouse=stage.in_warehouse,
            api=client,
            clock=used,
            context=context,
            progress=progress,
            stop=asyncio.Event(),
        )

    return talk(proxy, do, patience, used)


def check(
    result: DeliveryResult, stage: FakeStage, server: EmulatorServer, proxy: FaultProxy
) -> None:
    """What holds whatever breaks."""
    ended = result.succeeded + result.rejected + result.unknown + result.invalid_late
    assert ended + result.unsent == result.planned == len(stage.rows)
    phones = {lead.email: lead.values.get("phone") for lead in server.account.leads()}
    fates = stage.fates
    for row in stage.rows:
        if fates.get(row.number) == "succeeded":
            assert phones[row.key] == row.values[0]
    check_bodies(proxy)
    shown = f"{result.reasons} {result.unsettled_jobs} {result!r}"
    if (error := result.error) is not None:
        shown += f"{error} {error.hint} {error.__cause__!r} {error.__context__!r} {vars(error)}"
    assert CANARY not in shown
    assert PERSON not in shown
    assert "@example.com" not in shown
    assert "+1555" not in shown


def check_bodies(proxy: FaultProxy) -> None:
    """No batch more than twice, and no key in two different ones."""
    whole = proxy.bodies("submit")
    begun = Counter(seen.body[:200] for seen in proxy.exchanges if seen.kind == "submit")
    assert max(begun.values(), default=0) <= 2
    keys = [item["data"]["email"] for body in set(whole) for item in orjson.loads(body)["items"]]
    assert len(set(keys)) == len(keys)


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
@breaks
def test_a_batch_whose_exchange_breaks_once_is_sent_once_more_and_unchanged(
    server: EmulatorServer, proxy: FaultProxy, fault: Fault, request: pytest.FixtureRequest
) -> None:
    proxy.script = on("submit", 1, fault)
    view = talk(proxy, submit)
    assert proxy.count("submit") == 2
    assert set(proxy.bodies("submit")) == {BODY}
    jobs = server.account.jobs()
    assert view.id == jobs[-1].id
    assert len(jobs) == (1 if request.node.callspec.id in MADE_NO_JOB else 2)


@pytest.mark.proves(fault="answer lost", promise="no false success")
@breaks
def test_a_batch_whose_exchange_always_breaks_is_sent_twice_and_called_ambiguous(
    proxy: FaultProxy, fault: Fault
) -> None:
    proxy.script = on("submit", None, fault)
    with pytest.raises(AmbiguousError) as caught:
        talk(proxy, submit)
    assert proxy.count("submit") == 2
    said = everything_said(caught.value)
    assert CANARY not in said
    assert PERSON not in said


@pytest.mark.proves(fault="network fault", promise="no row lost")
@breaks
def test_a_delivery_with_one_broken_submit_ends_with_every_row_synced(
    server: EmulatorServer, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.script = on("submit", 2, fault)
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, result.error) == (ROWS, None)
    assert len(set(proxy.bodies("submit"))) == 3


@pytest.mark.proves(fault="network fault", promise="no false success")
@breaks
def test_a_delivery_whose_submits_all_break_calls_no_row_synced_and_stops(
    server: EmulatorServer, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.script = on("submit", None, fault)
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, result.jobs) == (0, 0)
    assert result.unknown > 0
    assert result.error is not None


@pytest.mark.proves(fault="network fault", promise="every row accounted for")
@breaks
def test_a_delivery_with_broken_polls_reads_its_jobs_again(
    server: EmulatorServer, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.script = first_of(on("poll", 1, fault), on("poll", 3, fault))
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, result.error) == (ROWS, None)
    assert proxy.count("submit") == 3


@pytest.mark.proves(fault="network fault", promise="no false success")
@pytest.mark.parametrize(
    "fault", [CutAnswer(), DropAnswer(reset=True), BREAKS["a page comes with 200"]]
)
def test_when_no_poll_is_ever_answered_every_row_is_unknown_and_no_batch_sent_again(
    server: EmulatorServer, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.script = on("poll", None, fault)
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, result.unknown + result.unsent) == (0, ROWS)
    assert len(result.unsettled_jobs) == result.jobs == proxy.count("submit")


def test_an_answer_that_drips_is_read_to_its_end(server: EmulatorServer, proxy: FaultProxy) -> None:
    proxy.script = first_of(on("submit", None, Drip()), on("poll", 1, Drip()))
    stage = FakeStage(people(20))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, proxy.count("submit")) == (20, 1)


@pytest.mark.proves(fault="network fault", promise="ends cleanly")
def test_an_answer_that_drips_for_ever_is_given_up_although_each_byte_comes_in_time(
    proxy: FaultProxy,
) -> None:
    proxy.script = on("submit", None, Drip(seconds=0.05))
    with pytest.raises(AmbiguousError, match="took too long"):
        talk(proxy, submit, Patience(read=10.0, whole=0.5))
    assert proxy.bodies("submit") == [BODY, BODY]


def test_an_answer_that_drips_more_slowly_than_the_patience_is_given_up(
    proxy: FaultProxy,
) -> None:
    proxy.script = on("submit", None, Drip(seconds=20.0))
    with pytest.raises(AmbiguousError, match="no answer in time"):
        talk(proxy, submit, Patience(read=0.3))
    assert proxy.bodies("submit") == [BODY, BODY]


@pytest.mark.proves(fault="answer lost", promise="ends cleanly")
@pytest.mark.parametrize("carried", [True, False])
def test_a_server_that_never_answers_is_asked_twice_and_the_batch_is_ambiguous(
    server: EmulatorServer, proxy: FaultProxy, carried: bool
) -> None:
    proxy.script = on("submit", None, Silence(carried=carried))
    with pytest.raises(AmbiguousError, match="no answer in time"):
        talk(proxy, submit, Patience(read=0.3))
    assert proxy.bodies("submit") == [BODY, BODY]
    assert len(server.account.jobs()) == (2 if carried else 0)


def test_a_delivery_outlives_a_submit_and_a_poll_that_are_never_answered(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    proxy.script = first_of(on("submit", 1, Silence()), on("poll", 2, Silence()))
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage, Patience(read=1.5))
    check(result, stage, server, proxy)
    assert (result.succeeded, result.error) == (ROWS, None)
    assert proxy.count("submit") == 4


@pytest.mark.proves(fault="network fault", promise="newest value wins")
def test_while_the_port_is_closed_nothing_is_doubled(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    proxy.refuse()
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage, clock=Mending(proxy))
    check(result, stage, server, proxy)
    assert (result.succeeded, result.error) == (ROWS, None)
    assert proxy.count("submit") == len(server.account.jobs()) == 3


@pytest.mark.proves(fault="network fault", promise="every row accounted for")
def test_a_port_that_never_opens_leaves_every_row_unsent(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    proxy.refuse()
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.unsent, result.unknown) == (ROWS, 0)
    assert type(result.error) is RetryableError


@pytest.mark.proves(fault="network fault", promise="no false success")
def test_a_port_that_closes_for_good_in_the_middle_leaves_only_the_truth(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    def close(progress: DeliveryProgress) -> None:
        if progress.succeeded >= 500:
            proxy.refuse()

    proxy.script = on("submit", 3, Silence(carried=False))
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage, progress=close)
    check(result, stage, server, proxy)
    assert result.succeeded >= 500
    assert result.unknown > 0


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="no false success")
def test_a_job_that_the_answer_made_up_makes_no_row_synced(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    lie = b'{"job": {"id": "somebody-elses", "status": "completed", "result": []}}'
    proxy.script = on("submit", 1, Garble(http("202 Accepted", lie), keep_open=True))
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert (result.succeeded, result.unknown) == (ROWS - 500, 500)
    assert result.unsettled_jobs == ("somebody-elses",)


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="no false success")
def test_answers_that_come_twice_never_confirm_a_row_of_another_batch(
    server: EmulatorServer, proxy: FaultProxy
) -> None:
    proxy.script = first_of(on("submit", None, AnswerTwice()), on("poll", 2, AnswerTwice()))
    stage = FakeStage(people(ROWS))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
    assert result.succeeded + result.unknown + result.unsent == ROWS


@pytest.mark.proves(fault="network fault", promise="no false success")
@pytest.mark.parametrize("seed", range(4))
def test_under_random_breaks_only_what_is_there_is_called_synced(
    server: EmulatorServer, proxy: FaultProxy, seed: int
) -> None:
    rng = random.Random(seed)
    faults = list(BREAKS.values())
    proxy.script = lambda _: rng.choice(faults) if rng.random() < 0.25 else None
    stage = FakeStage(people(6 * 500))
    result = send(proxy, stage)
    check(result, stage, server, proxy)
