"""A TCP proxy between a client and an HTTP server that breaks connections as a test asks.

    with FaultProxy(server.base_url, on("submit", 1, DropAnswer())) as proxy:
        …  # a client of proxy.base_url

The client keeps its connections alive as with any server; the server gets one per request.
Every request is noted with its body, whether the server got it, and whether the client sent all of
it. What is broken, is broken on the wire: resets are RSTs, refusals are closed ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

_HOST = "127.0.0.1"
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """Reset the connection while the body comes in; the server gets what came so far, and no end.

    Attributes:
        after: Bytes of the body that are read; never more than half of it.
    """

    after: int = 1


@dataclass(frozen=True, slots=True)
class DropAnswer:
    """The server does as asked; the connection is closed, or reset, instead of the answer."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """The answer ends early: its head promises more than comes.

    Attributes:
        keep: Bytes of its body that come; None is half of them.
        reset: Whether the connection is reset then, else it is closed.
        chunked: Whether it is a chunked answer without its last chunk.
    """

    keep: int | None = None
    reset: bool = False
    chunked: bool = False


@dataclass(frozen=True, slots=True)
class Drip:
    """The answer comes byte by byte.

    Attributes:
        seconds: Between two bytes.
    """

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Garble:
    """Something else comes instead of the answer.

    Attributes:
        answer: Raw bytes, perhaps of an HTTP answer.
        carried: Whether the server got the request.
        keep_open: Whether the connection stays open.
    """

    answer: bytes
    carried: bool = True
    keep_open: bool = False


@dataclass(frozen=True, slots=True)
class AnswerTwice:
    """The answer comes, and at once another one that nobody asked for.

    Attributes:
        second: Raw bytes; None is the same answer once more.
    """

    second: bytes | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer ever comes.

    Attributes:
        carried: Whether the server got the request.
    """

    carried: bool = True


Fault = ResetRequest | DropAnswer | CutAnswer | Drip | Garble | AnswerTwice | Silence


@dataclass(slots=True)
class Exchange:
    """A request as it came.

    Attributes:
        kind: `submit`, `poll` or `fields`.
        number: Of its kind, from 1.
        body: What came of the body.
        whole: Whether all of it came.
        carried: Whether the server got it whole.
    """

    kind: str
    number: int
    body: bytes = field(repr=False)
    whole: bool = False
    carried: bool = False


Script = Callable[[Exchange], Fault | None]


def on(kind: str, number: int | None, fault: Fault) -> Script:
    """The fault for the request of that number of its kind; None is every one."""
    return lambda seen: fault if seen.kind == kind and number in {None, seen.number} else None


def first_of(*scripts: Script) -> Script:
    """The first fault that any of the scripts has for a request."""
    return lambda seen: next((fault for script in scripts if (fault := script(seen))), None)


def http(status: str, body: bytes, content_type: str = "application/json") -> bytes:
    """The bytes of an answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    return head.encode() + _HEAD_END + body


class FaultProxy:
    """Listens on a port of its own, in a thread of its own, while the context is entered.

    Args:
        upstream: The server's address, `http://127.0.0.1:<port>`.
        script: Asked once per request, when its head has come; may be exchanged at any time.
    """

    def __init__(self, upstream: str, script: Script = lambda _: None) -> None:
        self.script = script
        self.exchanges: list[Exchange] = []
        self._upstream = int(upstream.rpartition(":")[2])
        self._counts: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:<port>`."""
        return f"http://{_HOST}:{self._port}"

    def bodies(self, kind: str) -> list[bytes]:
        """The whole bodies of a kind of request, in the order in which they came."""
        return [seen.body for seen in self.exchanges if seen.kind == kind and seen.whole]

    def count(self, kind: str) -> int:
        """How many requests of a kind began."""
        return sum(seen.kind == kind for seen in self.exchanges)

    def refuse(self) -> None:
        """Close the port: connections are refused until `listen`."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    def listen(self) -> None:
        """Open the port, the same one as before; nothing happens when it is open."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, _HOST, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection is still of use."""
        head = await reader.readuntil(_HEAD_END)
        kind = _kind_of(head)
        self._counts[kind] += 1
        seen = Exchange(kind, self._counts[kind], b"")
        self.exchanges.append(seen)
        fault = self.script(seen)
        length = _length_of(head)
        if isinstance(fault, ResetRequest):
            seen.body = await reader.readexactly(min(fault.after, length // 2))
            await self._half(head + seen.body)
            _reset(writer)
            return False
        seen.body = await reader.readexactly(length)
        seen.whole = True
        if isinstance(fault, (Garble, Silence)) and not fault.carried:
            answer = b""
        else:
            answer = await self._ask(head + seen.body)
            seen.carried = True
        return await _answer(writer, answer, fault)

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(_HOST, self._upstream)
        try:
            writer.write(request)
            head = await reader.readuntil(_HEAD_END)
            return head + await reader.readexactly(_length_of(head))
        finally:
            writer.close()

    async def _half(self, request: bytes) -> None:
        """Hand the server a request without its end, and break off."""
        _, writer = await asyncio.open_connection(_HOST, self._upstream)
        writer.write(request)
        await writer.drain()
        _reset(writer)


async def _answer(writer: asyncio.StreamWriter, answer: bytes, fault: Fault | None) -> bool:
    """Give the answer as the fault will have it; whether the connection is still of use."""
    match fault:
        case Silence():
            await asyncio.Event().wait()
        case DropAnswer(reset=reset):
            if reset:
                _reset(writer)
            return False
        case CutAnswer():
            writer.write(_cut(answer, fault))
            await writer.drain()
            if fault.reset:
                _reset(writer)
            return False
        case Drip(seconds=seconds):
            for at in range(len(answer)):
                writer.write(answer[at : at + 1])
                await writer.drain()
                await asyncio.sleep(seconds)
            return True
        case Garble(answer=other, keep_open=keep_open):
            writer.write(other)
            await writer.drain()
            return keep_open
        case AnswerTwice(second=second):
            writer.write(answer + (answer if second is None else second))
        case _:
            writer.write(answer)
    await writer.drain()
    return True


def _cut(answer: bytes, fault: CutAnswer) -> bytes:
    head, _, body = answer.partition(_HEAD_END)
    keep = body[: len(body) // 2 if fault.keep is None else fault.keep]
    if not fault.chunked:
        return head + _HEAD_END + keep
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    head = b"\r\n".join([*lines, b"Transfer-Encoding: chunked"])
    return head + _HEAD_END + f"{len(keep):x}\r\n".encode() + keep + b"\r\n"


def _kind_of(head: bytes) -> str:
    method, path, _ = head.split(b" ", 2)
    if path.endswith(b"/fields"):
        return "fields"
    return "submit" if method == b"POST" else "poll"


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: what is on the way is thrown away."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
