"""Between qsync and Qualified: proxies and certificates, as the environment names them."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qsync.emulator import ApiKey, EmulatorSettings
from qsync.emulator.server import EmulatorServer
from qsync.errors import UserError
from qsync.execution.remote import FinalError, RetryableError
from qsync.qualified import SystemClock
from tests.qualified.kit import BODY, CANARY, PERSON, client_of, everything_said

PASSWORD = "canary-of-a-proxy"


class Hurried(SystemClock):
    """The machine's clock, without the patience."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def submit(base_url: str) -> None:
    """Submit a batch over the network."""

    async def main() -> None:
        async with client_of(None, Hurried(), base_url=base_url) as client:
            await client.submit(BODY)

    asyncio.run(main())


@dataclass
class Listener:
    """Takes connections, notes what comes first, answers the same every time.

    Attributes:
        heard: The first bytes of each connection.
        tls: Speaks TLS with this context.
    """

    answer: bytes = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    tls: ssl.SSLContext | None = None
    heard: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Listener:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing does not wake who accepts; shutting down does.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self._talk(connection)
                except OSError:
                    self.heard.append(b"")

    def _talk(self, connection: socket.socket) -> None:
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True)
        # To its end: closing with something unread would reset the connection, answer and all.
        heard = b""
        while not _is_whole(heard) and (part := connection.recv(65_536)):
            heard += part
        self.heard.append(heard)
        connection.sendall(self.answer)
        connection.close()


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def test_requests_to_this_machine_go_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Listener() as proxy,
        EmulatorServer(EmulatorSettings(keys={CANARY: ApiKey()}, batch_refusal="never")) as server,
    ):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        submit(server.base_url)
        submit(server.base_url.replace("127.0.0.1", "localhost"))
        assert len(server.account.jobs()) == 2
    assert proxy.heard == []


def test_a_proxy_learns_the_hosts_name_and_neither_the_key_nor_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Listener() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}")
        with pytest.raises(RetryableError, match="proxy made no connection") as caught:
            submit("https://api.qualified.com")
    assert {said.split(b"\r\n")[0] for said in proxy.heard} == {
        b"CONNECT api.qualified.com:443 HTTP/1.1"
    }
    heard = b"".join(proxy.heard)
    assert CANARY.encode() not in heard
    assert PERSON.encode() not in heard
    said = everything_said(caught.value)
    assert CANARY not in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("proxy", "problem"),
    [
        (f"http://user:{PASSWORD}@proxy.test:port", "no address"),
        (f"ftp://user:{PASSWORD}@proxy.test", "no address"),
        (f"socks5://user:{PASSWORD}@proxy.test:1080", "SOCKS"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_said_to_be_that_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str, problem: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UserError, match=problem) as caught:
        client_of(None, None, base_url="https://api.qualified.com")
    assert "HTTPS_PROXY" in (caught.value.hint or "")
    assert PASSWORD not in everything_said(caught.value)


def test_certificates_that_are_not_there_are_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(UserError, match="certificates") as caught:
        client_of(None, None, base_url="https://api.qualified.com")
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


@pytest.mark.proves(fault="bad input", promise="nothing leaks")
def test_nothing_goes_unencrypted_to_another_machine() -> None:
    with pytest.raises(UserError, match="https"):
        client_of(None, None, base_url="http://api.qualified.com")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody has signed, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", *words, *names, "-keyout", str(path), "-out", str(path)],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture
def stranger(certificate: Path) -> Iterator[Listener]:
    """Somebody who speaks TLS with that certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Listener(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}", tls) as listener:
        yield listener


@pytest.mark.proves(fault="network fault", promise="nothing leaks")
def test_a_server_whose_certificate_is_not_trusted_hears_nothing(stranger: Listener) -> None:
    with pytest.raises(FinalError, match="certificate is not trusted"):
        submit(f"https://localhost:{stranger.port}")
    assert b"".join(stranger.heard) == b""


def test_a_certificate_that_the_environment_names_is_trusted(
    stranger: Listener, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(FinalError, match="401"):
        submit(f"https://localhost:{stranger.port}")
    assert CANARY.encode() in b"".join(stranger.heard)


def test_no_variable_of_the_environment_turns_the_check_off(
    stranger: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_VERIFY"):
        monkeypatch.setenv(name, "0")
    with pytest.raises(FinalError, match="certificate is not trusted"):
        submit(f"https://localhost:{stranger.port}")
