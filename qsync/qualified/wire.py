"""One request over HTTP: an answer or the reason there is none. The only file that knows httpx."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from typing import Literal

import httpx

from qsync import __version__
from qsync.errors import UserError
from qsync.qualified.key import ApiKey

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""A job of 500 items answers with some 100 kB; what is longer than this is no answer of the API."""

_HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
"""A host name (international ones as they are encoded) or an IPv6 address."""

_POOL = httpx.Limits(
    max_connections=10,
    max_keepalive_connections=10,
    # Short on purpose: a server that closes an idle connection just as a job is posted on it leaves
    # the question open whether the job exists.
    keepalive_expiry=5.0,
)

Method = Literal["GET", "POST"]
Transport = httpx.AsyncBaseTransport
"""What carries requests; handed in by tests."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the parts of a request may take.

    Attributes:
        connect: Until the connection stands.
        read: Between two pieces of the answer; also between two of the request.
        whole: For all of it. An answer that drips keeps `read` waiting for ever.
    """

    connect: float = 10.0
    read: float = 60.0
    whole: float = 300.0


class LossKind(Enum):
    """How far a request without a (readable) answer came."""

    NEVER_SENT = "never sent"
    """The connection was never made: nothing can have happened."""
    LOST = "lost"
    """It was sent, perhaps in part, and the answer was lost: anything can have happened."""
    OURS = "ours"
    """It cannot be sent at all, by nobody, at no time."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Why there is no answer. `reason` is ours: the library's text may hold a key or an address."""

    kind: LossKind
    reason: str
    timeout: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are lower case; the body, which names people, is in no repr."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


# A class stands for its subclasses, and the first line that fits counts.
_LOSSES: tuple[tuple[type[Exception], Loss], ...] = (
    (httpx.ConnectTimeout, Loss(LossKind.NEVER_SENT, "no connection in time", timeout=True)),
    (httpx.PoolTimeout, Loss(LossKind.NEVER_SENT, "no free connection in time", timeout=True)),
    (httpx.ConnectError, Loss(LossKind.NEVER_SENT, "no connection")),
    (httpx.ProxyError, Loss(LossKind.NEVER_SENT, "the proxy made no connection")),
    (httpx.ReadTimeout, Loss(LossKind.LOST, "no answer in time", timeout=True)),
    (httpx.TimeoutException, Loss(LossKind.LOST, "the request took too long", timeout=True)),
    (httpx.NetworkError, Loss(LossKind.LOST, "the connection broke")),
    (httpx.RemoteProtocolError, Loss(LossKind.LOST, "the connection broke or was not HTTP")),
    (httpx.DecodingError, Loss(LossKind.LOST, "the answer could not be decoded")),
    (httpx.StreamError, Loss(LossKind.LOST, "the answer could not be read")),
    # Of `Patience.whole`; it is an OSError too.
    (TimeoutError, Loss(LossKind.LOST, "the answer took too long", timeout=True)),
    (OSError, Loss(LossKind.LOST, "the connection broke")),
    (httpx.UnsupportedProtocol, Loss(LossKind.OURS, "base_url is no http(s) address")),
    (httpx.InvalidURL, Loss(LossKind.OURS, "base_url is no valid address")),
    (httpx.LocalProtocolError, Loss(LossKind.OURS, "the request is not valid HTTP")),
    (httpx.TooManyRedirects, Loss(LossKind.OURS, "redirects are not followed")),
    (httpx.HTTPStatusError, Loss(LossKind.OURS, "the status was refused by the library")),
    (httpx.CookieConflict, Loss(LossKind.OURS, "the answer set conflicting cookies")),
    (httpx.TransportError, Loss(LossKind.LOST, "the transport failed")),
    (httpx.HTTPError, Loss(LossKind.LOST, "the request failed")),
)

EXPECTED: tuple[type[Exception], ...] = tuple(known for known, _ in _LOSSES)
"""Every exception class that a request may end with; any other one is a bug."""


def loss_of(error: BaseException) -> Loss:
    """What an exception of the library means, in our words."""
    causes = tuple(_causes(error))
    if isinstance(error, httpx.ConnectError):
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return Loss(LossKind.OURS, "the server's certificate is not trusted")
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return Loss(LossKind.NEVER_SENT, "the host name was not found")
    return next(loss for known, loss in _LOSSES if isinstance(error, known))


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and those it came from."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or any(current is seen for seen in found):
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found


class Wire:
    """Sends requests to one host with one key. Neither retries nor follows redirects.

    Args:
        base_url: `https://host`, perhaps with a port and a path.
        key: The API key.
        transport: What carries requests; None is the network, with the proxies and certificates
            that the environment names. Requests to this machine go through no proxy: they may be
            plain HTTP, and would leave the machine readable by anybody.
        patience: How long a request may take.

    Raises:
        UserError: `base_url` is no address, or holds what does not belong there; or a proxy or a
            certificate that the environment names cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        transport: Transport | None,
        patience: Patience = Patience(),
    ) -> None:
        self._patience = patience
        self._client = _client(
            _checked(base_url),
            {
                "Authorization": key.authorization(),
                "User-Agent": f"qsync/{__version__}",
                "Accept": "application/json",
            },
            transport,
            patience,
        )

    async def send(self, method: Method, path: str, body: bytes | None) -> Reply | Loss:
        """Send one request; `body` is JSON, already serialized."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._patience.whole),
                self._client.stream(method, path, content=body, headers=headers) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        return Loss(LossKind.LOST, "the answer is too long")
                lower = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, lower, bytes(content))
        except EXPECTED as error:
            # Nothing is raised from here: the exception holds the request, headers and all.
            return loss_of(error)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _client(
    url: httpx.URL, headers: Mapping[str, str], transport: Transport | None, patience: Patience
) -> httpx.AsyncClient:
    hint = "Look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
    local = _is_this_machine(url.host)
    if url.scheme == "http" and not local and transport is None:
        # What reads qsync.yml says so earlier and better; nothing goes out unencrypted without it.
        raise UserError("base_url must be https; http is for this machine only", where="qsync.yml")
    try:
        return httpx.AsyncClient(
            base_url=url,
            headers=headers,
            transport=transport,
            mounts={f"all://{url.netloc.decode('ascii')}": None} if local else None,
            timeout=httpx.Timeout(patience.read, connect=patience.connect),
            limits=_POOL,
            follow_redirects=False,
            http2=False,
        )
    except (httpx.InvalidURL, ValueError):
        problem = "A proxy that the environment names is no address that can be used"
    except ImportError:
        problem = "A proxy that the environment names is of a kind that qsync cannot use (SOCKS)"
    except OSError:
        problem = "The certificates that the environment names cannot be read"
    # Raised out here: the library's own exception may quote a proxy's password.
    raise UserError(problem, hint=hint)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(base_url: str) -> httpx.URL:
    hint = "Write it like https://api.qualified.com."
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host):
        raise UserError("base_url is no http(s) address", hint=hint, where="qsync.yml")
    if url.userinfo or url.query or url.fragment:
        raise UserError(
            "base_url holds a user name, a password, a query or a fragment",
            hint=f"{hint} The key goes into an environment variable.",
            where="qsync.yml",
        )
    return url
