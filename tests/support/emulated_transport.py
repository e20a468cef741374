"""The emulated account behind the real client, without a socket, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from qsync.emulator import Account, EmulatedRequest
from tests.support.virtual_time import VirtualClock


@dataclass
class EmulatedTransport(httpx.AsyncBaseTransport):
    """Carries requests to an account; an answer takes the delay it says.

    The account must have been made with `clock.time` as its clock.
    """

    account: Account
    clock: VirtualClock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or break off as the account's faults ask for."""
        body = await request.aread()
        headers = {name.lower(): value for name, value in request.headers.items()}
        response, token = self.account.begin(
            EmulatedRequest(
                request.method, request.url.path, headers, body, request.url.query.decode()
            )
        )
        try:
            if response.delay:
                await self.clock.sleep(response.delay)
        finally:
            self.account.finish(token)
        if response.cut is not None:
            raise httpx.ReadError("the connection was reset", request=request)
        return httpx.Response(
            response.status, headers=list(response.headers), content=response.body
        )
