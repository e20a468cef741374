"""The emulator on a socket: in a thread beside tests, or in the foreground for the command."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from qsync.emulator.account import Account
from qsync.emulator.app import TRANSPORT_EXTENSION, create_app
from qsync.emulator.settings import EmulatorSettings
from qsync.errors import UserError

HOST: Final = "127.0.0.1"
"""The only address it listens on: it holds what may be real people, and asks for no key there."""

_STOP_SECONDS: Final = 1
"""How long requests that are still waiting may take once the server stops."""

_GC_THRESHOLDS: Final = (50_000, 20, 100)


class EmulatorServer:
    """An emulator that listens while the context is entered.

        with EmulatorServer(EmulatorSettings()) as server:
            httpx.get(f"{server.base_url}/v2/leads/fields", …)

    Args:
        settings: How the account behaves; or hand in an `account`.
        port: 0 takes a free one.
        seed: Of everything random.
        account: An account of one's own, which may have a clock of its own.
    """

    def __init__(
        self,
        settings: EmulatorSettings | None = None,
        *,
        port: int = 0,
        seed: int = 0,
        account: Account | None = None,
    ) -> None:
        self.account = account or Account(
            settings or EmulatorSettings(), clock=time.time, seed=seed
        )
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:<port>`, once it listens."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Listen; connections are accepted when this returns.

        Raises:
            UserError: The port is taken or may not be used.
        """
        self._socket = _listen(self._port)
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.account, hosts=(HOST, "localhost")),
            http=_BreakableProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name="qsync-emulator",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and end the thread and all its connections."""
        if self._server is None or self._thread is None or self._socket is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._server = self._thread = self._socket = None

    def __enter__(self) -> EmulatorServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(
    settings: EmulatorSettings,
    *,
    port: int,
    seed: int = 0,
    ready: Callable[[EmulatorServer], None],
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once it listens. Main thread only.

    The process is taken to be the emulator's own: its garbage collector is told to look less often,
    because records only ever grow in number here, and looking through them costs half as much
    again as storing them.

    Raises:
        UserError: The port is taken or may not be used.
    """
    gc.set_threshold(*_GC_THRESHOLDS)
    stopped = threading.Event()
    with _on_signals(stopped.set), EmulatorServer(settings, port=port, seed=seed) as server:
        ready(server)
        stopped.wait()


@contextlib.contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    def handler(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _listen(port: int) -> socket.socket:
    # By its protocol asyncio knows that answers must not wait for the client's acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as problem:
        listening.close()
        raise UserError(
            f"The emulator cannot listen on port {port}: {problem}",
            hint="Choose another with --port; 0 takes a free one.",
        ) from None
    # From here on the system queues connections, even before the server's loop runs.
    listening.listen(128)
    return listening


class _BreakableProtocol(H11Protocol):
    """uvicorn's protocol, which hands the connection to the application as an extension."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app = _handing_over(transport, self.app)


def _handing_over(transport: asyncio.Transport, app: Any) -> ASGIApp:
    async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), TRANSPORT_EXTENSION: transport}
        await app({**scope, "extensions": extensions}, receive, send)

    return with_transport
