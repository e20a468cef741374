"""Whole conversations, recorded against the emulator on a socket and played back without one.

They hold what really went over the wire. To record them again, delete the cassettes and run

    pytest tests/qualified/test_recorded.py --record-mode=once
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from qsync.emulator import ApiKey, EmulatorSettings
from qsync.emulator.server import EmulatorServer
from qsync.execution.identity import live_fields
from qsync.execution.remote import AuthError, FinalError, ScopeError
from qsync.fields.model import FieldType
from qsync.qualified import BulkScope, QualifiedClient
from tests.qualified.kit import CANARY, client_of

T = TypeVar("T")

PORT = 8765
"""Part of what recorded requests are matched by."""

READER = f"{CANARY}-reader"
CASSETTES = Path(__file__).parent / "cassettes"

pytestmark = [pytest.mark.vcr, pytest.mark.block_network(allowed_hosts=["nobody.invalid"])]


@pytest.fixture(autouse=True)
def emulator(request: pytest.FixtureRequest) -> Iterator[None]:
    """The emulator while recording; nobody while playing back."""
    if request.config.getoption("--record-mode") == "none":
        yield
        return
    settings = EmulatorSettings(
        keys={CANARY: ApiKey(), READER: ApiKey(frozenset({"lead:view"}))}, job_base_seconds=0.0
    )
    with EmulatorServer(settings, port=PORT):
        yield


def talk(do: Callable[[QualifiedClient], Awaitable[T]], key: str = CANARY) -> T:
    async def main() -> T:
        async with client_of(None, None, base_url=f"http://127.0.0.1:{PORT}", key=key) as client:
            return await do(client)

    return asyncio.run(main())


def batch(name: str, **data: object) -> bytes:
    item = {
        "entity": "lead",
        "action": "POST",
        "data": {"email": f"{name}@example.com", **data},
        "request_id": name,
    }
    return json.dumps({"items": [item]}).encode()


def test_fields_have_names_types_options_and_ids() -> None:
    async def main(client: QualifiedClient) -> None:
        catalog = await client.fields()
        assert catalog.of("lead")["seniority"].options[0].value == "c_level"
        assert catalog.of("lead")["first_name"].known_type is FieldType.NAME
        assert len(live_fields(catalog)) == len(catalog.lead) + len(catalog.company)
        limit = client.rate_limit
        assert limit is not None
        assert (limit.limit, limit.remaining) == (2_000, 1_998)

    talk(main)


def test_each_of_several_batches_gets_the_results_of_its_own_items() -> None:
    async def one(client: QualifiedClient, name: str, phone: str) -> tuple[str, bool]:
        job = await client.submit(batch(name, fields={"phone": phone}))
        view = await client.job(job.id)
        assert view is not None
        assert view.finished
        (item,) = view.results
        return item.request_id, item.ok

    async def main(client: QualifiedClient) -> None:
        phones = {"ada": "+44 20 7946 0958", "grace": "12", "mary": "+1 212 555 0100"}
        ends = await asyncio.gather(*(one(client, *person) for person in phones.items()))
        assert dict(ends) == {"ada": True, "grace": False, "mary": True}

    talk(main)


def test_a_batch_without_items_is_refused_whole() -> None:
    async def main(client: QualifiedClient) -> None:
        with pytest.raises(FinalError) as caught:
            await client.submit(b'{"items": []}')
        assert (caught.value.status, caught.value.code) == (422, "invalid_items")

    talk(main)


def test_a_key_without_bulk_access_is_found_out_before_and_stopped_at_the_post() -> None:
    async def main(client: QualifiedClient) -> None:
        assert await client.probe_bulk_scope() is BulkScope.MISSING
        with pytest.raises(ScopeError) as caught:
            await client.submit(batch("ada"))
        assert caught.value.code == "insufficient_scope"
        assert (await client.fields()).lead

    talk(main, READER)


def test_a_key_with_bulk_access_is_found_out_before() -> None:
    async def main(client: QualifiedClient) -> None:
        assert await client.probe_bulk_scope() is BulkScope.GRANTED

    talk(main)


def test_an_invalid_key_is_said_to_be_one() -> None:
    async def main(client: QualifiedClient) -> None:
        with pytest.raises(AuthError) as caught:
            await client.fields()
        assert caught.value.code == "invalid_token"

    talk(main, f"{CANARY}-unknown")


def test_no_recording_holds_a_key() -> None:
    recordings = sorted(CASSETTES.rglob("*.yaml"))
    assert len(recordings) >= 6
    for path in recordings:
        text = path.read_text(encoding="utf-8")
        assert CANARY not in text
        assert "Bearer REDACTED" in text
