"""Somebody who is alerted: a web hook and a mail server on sockets of this machine."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Receiver:
    """What arrived, and what is answered.

    Attributes:
        port: Where it listens.
        got: Title, message and kind of each, in order.
        status: The answer's status.
        hanging: While set, no answer comes.
    """

    port: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def titles(self) -> list[str]:
        """Of what arrived."""
        return [item["title"] for item in self.got]


@contextlib.contextmanager
def web_hook() -> Iterator[Receiver]:
    """A receiver of apprise's `json://`."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.hanging.is_set():
                receiver.released.wait(30)
                return
            receiver.got.append(json.loads(body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """Mails that arrived: subject and text of each."""

    port: int = 0
    got: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server without encryption, for this machine."""
    mailbox = Mailbox()

    class Keeper:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            mail = message_from_bytes(envelope.content)
            part = next(item for item in mail.walk() if item.get_content_type() == "text/plain")
            text = part.get_payload(decode=True)
            assert isinstance(text, bytes)
            subject = str(make_header(decode_header(mail["Subject"])))
            mailbox.got.append((subject, text.decode()))
            return "250 taken"

    class Local(Controller):
        def _trigger_server(self) -> None:
            """Connect to the port it was given, which is known only now."""
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    server = Local(Keeper(), hostname="127.0.0.1", port=0)
    server.start()
    mailbox.port = server.port
    try:
        yield mailbox
    finally:
        server.stop()
