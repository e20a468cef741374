"""One request over HTTP: every exception of the library becomes ours, and nothing leaks."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from qsync import __version__
from qsync.errors import UserError
from qsync.execution.remote import AmbiguousError, FinalError, RemoteError, RetryableError
from qsync.qualified import QualifiedClient
from qsync.qualified.wire import EXPECTED, MAX_ANSWER_BYTES, Loss, LossKind, loss_of
from tests.qualified.kit import (
    ACCEPTED,
    BODY,
    CANARY,
    PERSON,
    answer,
    client_of,
    everything_said,
    run,
    script,
)


def exceptions_of_httpx() -> list[type[Exception]]:
    """Every exception class of the library, exported or not."""

    def below(kind: type[Exception]) -> Iterator[type[Exception]]:
        yield kind
        for inner in kind.__subclasses__():
            yield from below(inner)

    exported = [
        item
        for item in vars(httpx).values()
        if isinstance(item, type) and issubclass(item, Exception)
    ]
    found = {kind for item in exported for kind in below(item)}
    return sorted(
        (kind for kind in found if kind.__module__.startswith("httpx")), key=lambda k: k.__name__
    )


def made(kind: type[Exception]) -> Exception:
    """An instance that quotes the key, as h11's message about a bad header does."""
    text = f"Illegal header value b'Bearer {CANARY}' {PERSON}"
    if kind is httpx.HTTPStatusError:
        request = httpx.Request("GET", "http://qualified.test")
        return httpx.HTTPStatusError(text, request=request, response=httpx.Response(500))
    try:
        return kind(text)
    except TypeError:
        return kind()


NEVER_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
OURS = {
    "CookieConflict",
    "HTTPStatusError",
    "InvalidURL",
    "LocalProtocolError",
    "TooManyRedirects",
    "UnsupportedProtocol",
}


def test_the_library_has_the_exceptions_this_module_knows_by_name() -> None:
    assert {kind.__name__ for kind in exceptions_of_httpx()} >= NEVER_SENT | OURS | {"ReadTimeout"}


@pytest.mark.proves(fault="network fault", promise="nothing leaks")
@pytest.mark.parametrize("kind", exceptions_of_httpx())
def test_every_exception_of_the_library_is_one_of_ours_and_says_nothing_of_its_own(
    kind: type[Exception],
) -> None:
    assert issubclass(kind, EXPECTED)
    name = kind.__name__
    for submit in (True, False):

        async def call(client: QualifiedClient, submit: bool = submit) -> None:
            await (client.submit(BODY) if submit else client.job("job-1"))

        with pytest.raises(RemoteError) as caught:
            run(script(made(kind)), call)
        said = everything_said(caught.value)
        assert CANARY not in said
        assert PERSON not in said
        if name in OURS:
            assert type(caught.value) is FinalError
        elif submit and name not in NEVER_SENT:
            assert type(caught.value) is AmbiguousError
        else:
            assert type(caught.value) is RetryableError


def test_timeouts_are_known_as_such() -> None:
    timeouts = {kind.__name__ for kind in exceptions_of_httpx() if loss_of(made(kind)).timeout}
    assert timeouts == {
        "ConnectTimeout",
        "PoolTimeout",
        "ReadTimeout",
        "TimeoutException",
        "WriteTimeout",
    }


def caused(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("attempts", [OSError(), cause])
    return error


def test_an_untrusted_certificate_is_not_tried_again() -> None:
    loss = loss_of(caused(ssl.SSLCertVerificationError()))
    assert loss == Loss(LossKind.OURS, "the server's certificate is not trusted")


def test_a_name_that_is_not_found_is_said_to_be_that() -> None:
    assert loss_of(caused(socket.gaierror())).reason == "the host name was not found"


def test_a_port_where_nobody_listens_is_a_connection_never_made() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def main() -> None:
            async with client_of(None, None, base_url=url, max_wait=0.0) as client:
                await client.submit(BODY)

        with pytest.raises(RetryableError, match="no connection") as caught:
            asyncio.run(main())
    assert type(caught.value) is RetryableError
    assert CANARY not in everything_said(caught.value)


def test_requests_carry_the_key_the_version_and_nothing_that_names_a_person() -> None:
    server = script(answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> None:
        await client.submit(BODY)

    run(server, main)
    request = server.requests[0]
    assert request.headers["Authorization"] == f"Bearer {CANARY}"
    assert request.headers["User-Agent"] == f"qsync/{__version__}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.url.query == b""


@pytest.mark.parametrize("base", ["http://qualified.test/", "http://qualified.test/proxy/q/"])
def test_paths_go_below_the_base_url(base: str) -> None:
    server = script(answer(202, ACCEPTED))

    async def main(client: QualifiedClient) -> None:
        await client.submit(BODY)

    run(server, main, base_url=base)
    assert str(server.requests[0].url) == f"{base.rstrip('/')}/v2/bulk"


@pytest.mark.proves(fault="bad input", promise="nothing leaks")
@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.qualified.com",
        "ftp://api.qualified.com",
        "https://",
        "https://ada:secret@api.qualified.com",
        "https://api.qualified.com?key=secret",
        "https://api.qualified.com#secret",
        "https://[half",
        "https://api.qualified.com:port",
    ],
)
def test_a_base_url_that_is_none_or_holds_secrets_is_refused_unquoted(base_url: str) -> None:
    with pytest.raises(UserError) as caught:
        client_of(None, None, base_url=base_url)
    assert "secret" not in everything_said(caught.value).replace(repr(base_url), "")
    assert "secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.proves(fault="garbage, HTML or truncated", promise="ends cleanly")
def test_an_answer_without_end_is_cut_off() -> None:
    class Endless(httpx.AsyncByteStream):
        sent = 0

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                self.sent += 1
                yield b" " * 1_048_576

    stream = Endless()
    server = script(lambda request: httpx.Response(200, stream=stream))

    async def main(client: QualifiedClient) -> None:
        await client.submit(BODY)

    with pytest.raises(AmbiguousError, match="too long"):
        run(server, main)
    assert stream.sent <= 2 * (MAX_ANSWER_BYTES // 1_048_576 + 1)


@pytest.mark.proves(fault="network fault", promise="nothing leaks")
@pytest.mark.parametrize(
    "answers", [[answer(202, ACCEPTED)], [answer(401, {"code": "x", "message": PERSON})]]
)
def test_nothing_logged_at_any_level_names_the_key_or_a_person(
    caplog: pytest.LogCaptureFixture, answers: list[httpx.Response]
) -> None:
    caplog.set_level(logging.DEBUG)

    async def main(client: QualifiedClient) -> None:
        try:
            await client.submit(BODY)
            await client.job("job-1")
        except RemoteError:
            return

    run(script(*answers), main)
    assert caplog.records
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert CANARY not in logged
    assert PERSON not in logged


def test_importing_the_room_changes_no_logger_and_no_socket_default() -> None:
    code = (
        "import logging, socket, asyncio\n"
        "before = (logging.root.level, logging.root.handlers[:], socket.getdefaulttimeout())\n"
        "import qsync.qualified\n"
        "after = (logging.root.level, logging.root.handlers[:], socket.getdefaulttimeout())\n"
        "assert before == after\n"
        "assert logging.getLogger('httpx').level == logging.NOTSET\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_client_shows_no_key() -> None:
    client = client_of(script(answer(200)), None)
    shown: list[str] = []

    def look(item: object, depth: int) -> None:
        shown.append(repr(item))
        if depth and hasattr(item, "__dict__"):
            for value in vars(item).values():
                look(value, depth - 1)

    look(client, 3)
    assert CANARY not in "\n".join(shown)
