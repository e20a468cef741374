"""An account as an ASGI application, for uvicorn or for `httpx.ASGITransport`.

The API's own paths are answered without Starlette's routing, which a benchmark would feel; the
control endpoints under `/_emulator/` are Starlette's.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from qsync.emulator import control
from qsync.emulator.account import Account
from qsync.emulator.messages import EmulatedRequest, EmulatedResponse
from qsync.errors import UserError

CONTROL_PREFIX: Final = "/_emulator/"

TRANSPORT_EXTENSION: Final = "qsync.transport"
"""The ASGI extension by which `server.py` hands over the connection, so that it can be broken."""


class BrokenConnectionError(ConnectionError):
    """Raised in place of breaking a connection where there is none (`httpx.ASGITransport`)."""


def create_app(
    account: Account,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    broken: Callable[[], Exception] = BrokenConnectionError,
    hosts: Sequence[str] = ("*",),
) -> ASGIApp:
    """The ASGI application of an account.

    Args:
        account: What answers.
        sleep: How a delay passes, in seconds of the account's clock.
        broken: The exception that stands for a broken connection when there is no socket; with
            `httpx.ASGITransport` hand in a transport error of httpx.
        hosts: The `Host` headers that the control endpoints accept. A server on a real socket
            names its own, so that no web page can read records by pointing a name at it.
    """
    return _Application(account, sleep, broken, _control_app(account, hosts))


class _Application:
    def __init__(
        self,
        account: Account,
        sleep: Callable[[float], Awaitable[None]],
        broken: Callable[[], Exception],
        control_app: ASGIApp,
    ) -> None:
        self._account = account
        self._sleep = sleep
        self._broken = broken
        self._control_app = control_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._control_app(scope, receive, send)
            return
        body = await _read_body(receive)
        if body is None:
            return
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        query = scope["query_string"].decode("latin-1")
        request = EmulatedRequest(scope["method"], scope["path"], headers, body, query)
        response, token = self._account.begin(request)
        try:
            if response.delay > 0:
                await self._sleep(response.delay)
            if response.cut is None:
                await _send(response, send)
            else:
                await self._break(response, scope, receive, send)
        finally:
            self._account.finish(token)

    async def _break(
        self, response: EmulatedResponse, scope: Scope, receive: Receive, send: Send
    ) -> None:
        transport = scope.get("extensions", {}).get(TRANSPORT_EXTENSION)
        if transport is None:
            raise self._broken()
        if response.cut == "truncated":
            await _send(response, send, whole=False)
        _close(transport, reset=response.reset)
        # The server is told of the end before this returns, and so adds no answer of its own.
        while (await receive())["type"] != "http.disconnect":
            pass


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None if the client left before it was there."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return bytes(message.get("body", b""))
    parts: list[bytes] = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    return None


async def _send(response: EmulatedResponse, send: Send, *, whole: bool = True) -> None:
    body = response.body
    headers = [
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in response.headers
    ]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if whole:
        await send({"type": "http.response.body", "body": body})
    else:
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def _close(transport: asyncio.Transport, *, reset: bool) -> None:
    if not reset:
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    # Lingering for no time makes the system send a reset instead of an orderly end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _json(status: int, payload: object) -> Response:
    return Response(orjson.dumps(payload), status, media_type="application/json")


def _control_app(account: Account, hosts: Sequence[str]) -> Starlette:
    def reading(action: Callable[[Account], object]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            del request
            return _json(200, action(account))

        return endpoint

    def taking(
        action: Callable[[Account, object], object],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return _json(200, action(account, control.parsed(await request.body())))
            except UserError as problem:
                return _json(400, {"error": problem.message, "hint": problem.hint})

        return endpoint

    def finding(
        action: Callable[[Account, str | None], object], parameter: str
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return _json(200, action(account, request.query_params.get(parameter)))

        return endpoint

    paths: list[tuple[str, str, Any]] = [
        ("GET", "stats", reading(control.stats)),
        ("GET", "requests", reading(control.requests)),
        ("GET", "faults", reading(control.list_faults)),
        ("POST", "faults", taking(control.add_faults)),
        ("DELETE", "faults", reading(control.clear_faults)),
        ("POST", "reset", reading(control.reset)),
        ("POST", "settings", taking(control.change_settings)),
        ("PUT", "fields", taking(control.put_fields)),
        ("GET", "leads", finding(control.leads, "email")),
        ("GET", "companies", finding(control.companies, "domain")),
    ]
    return Starlette(
        routes=[
            Route(CONTROL_PREFIX + path, endpoint, methods=[method])
            for method, path, endpoint in paths
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
    )
