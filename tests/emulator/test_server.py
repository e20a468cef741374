"""The emulator on a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from qsync.emulator import DEFAULT_KEY, EmulatorSettings, Fault
from qsync.emulator.server import EmulatorServer
from qsync.errors import UserError
from tests.emulator.kit import lead

HEADERS = {"Authorization": f"Bearer {DEFAULT_KEY}"}


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer(EmulatorSettings(job_base_seconds=0)) as running:
        yield running


@pytest.fixture
def client(server: EmulatorServer) -> Iterator[httpx.Client]:
    server.account.reset()
    with httpx.Client(base_url=server.base_url, headers=HEADERS, timeout=10) as opened:
        yield opened


def test_a_full_job_goes_over_a_socket(server: EmulatorServer, client: httpx.Client) -> None:
    items = [lead(f"{n}@x.io", f"r{n}", notes="n" * 1_000) for n in range(500)]
    job_id = client.post("/v2/bulk", json={"items": items}).json()["job"]["id"]
    job = client.get(f"/v2/bulk/{job_id}").json()["job"]
    assert (job["status"], len(job["result"])) == ("completed", 500)
    assert len(server.account.leads()) == 500


@pytest.mark.parametrize(
    ("fault", "error", "written"),
    [
        (Fault(cut="before"), httpx.RemoteProtocolError, 0),
        (Fault(cut="after"), httpx.RemoteProtocolError, 1),
        (Fault(cut="truncated"), httpx.RemoteProtocolError, 1),
        (Fault(reset=True), httpx.ReadError, 0),
        (Fault(cut="after", reset=True), httpx.ReadError, 1),
    ],
)
def test_connections_really_break(
    server: EmulatorServer,
    client: httpx.Client,
    fault: Fault,
    error: type[Exception],
    written: int,
) -> None:
    server.account.set_faults([fault])
    with pytest.raises(error):
        client.post("/v2/leads", json={"email": "a@x.io"})
    assert len(server.account.leads()) == written
    server.account.set_faults([])
    assert client.get("/v2/leads/fields").status_code == 200


def test_a_client_that_gives_up_waiting_frees_its_place(
    server: EmulatorServer, client: httpx.Client
) -> None:
    server.account.set_faults([Fault(delay=0.3)])
    with pytest.raises(httpx.ReadTimeout):
        client.get("/v2/leads/fields", timeout=0.05)
    server.account.set_faults([])
    assert client.get("/v2/leads/fields").status_code == 200


def test_web_pages_cannot_read_records_by_another_name(client: httpx.Client) -> None:
    assert client.get("/_emulator/leads").status_code == 200
    assert client.get("/_emulator/leads", headers={"Host": "evil.example"}).status_code == 400


def test_it_stops_although_a_request_still_waits_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with EmulatorServer(EmulatorSettings(latency=60)) as running:
        failed: list[Exception] = []

        def ask() -> None:
            try:
                httpx.get(f"{running.base_url}/v2/leads/fields", headers=HEADERS, timeout=60)
            except httpx.TransportError as error:
                failed.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        while not running.account.requests():
            pass
    asking.join(timeout=10)
    assert not asking.is_alive()
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.base_url}/_emulator/stats")


def test_a_port_that_is_taken_is_the_users_to_mend() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on port {port}"):
            EmulatorServer(EmulatorSettings(), port=port).start()


def test_a_server_that_comes_back_has_the_same_address_and_records() -> None:
    server = EmulatorServer(EmulatorSettings())
    with server:
        first = server.base_url
        httpx.post(f"{first}/v2/leads", json={"email": "a@x.io"}, headers=HEADERS)
    with server:
        assert server.base_url == first
        assert httpx.get(f"{first}/_emulator/stats").json()["leads"] == 1
