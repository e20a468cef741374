"""The account as an ASGI application, and its control endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from qsync.emulator import DEFAULT_KEY, Account, EmulatorSettings, Fault, fields_to_mapping
from qsync.emulator.app import BrokenConnectionError, create_app
from tests.emulator.kit import Clock, lead

HEADERS = {"Authorization": f"Bearer {DEFAULT_KEY}"}
Visit = Callable[[httpx.AsyncClient], Awaitable[None]]


class House:
    """An account behind an ASGI transport; delays pass on its clock."""

    def __init__(self, **settings: object) -> None:
        self.clock = Clock()
        self.account = Account(EmulatorSettings(**settings), clock=self.clock)  # type: ignore[arg-type]
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_(seconds)

    def visit(self, visit: Visit, **options: object) -> None:
        async def main() -> None:
            app = create_app(self.account, sleep=self.sleep, **options)  # type: ignore[arg-type]
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://emulator", headers=HEADERS
            ) as client:
                await visit(client)

        asyncio.run(main())


def test_a_job_goes_all_the_way_over_http() -> None:
    house = House()

    async def visit(client: httpx.AsyncClient) -> None:
        submitted = await client.post("/v2/bulk", json={"items": [lead()]})
        assert (submitted.status_code, submitted.headers["ratelimit-limit"]) == (202, "2000")
        assert submitted.headers["content-type"].startswith("application/json")
        house.clock.pass_(1)
        polled = await client.get(f"/v2/bulk/{submitted.json()['job']['id']}")
        assert polled.json()["job"]["status"] == "completed"

    house.visit(visit)
    assert [one.email for one in house.account.leads()] == ["ada@example.com"]


def test_a_body_may_come_in_pieces() -> None:
    async def pieces() -> object:
        for piece in (b'{"email":', b'"a@x.io"', b"}"):
            yield piece

    async def visit(client: httpx.AsyncClient) -> None:
        assert (await client.post("/v2/leads", content=pieces())).status_code == 201  # type: ignore[arg-type]

    House().visit(visit)


def test_latency_passes_before_the_answer_and_frees_its_place_after() -> None:
    house = House(latency=2.0)

    async def visit(client: httpx.AsyncClient) -> None:
        for _ in range(20):
            assert (await client.get("/v2/leads/fields")).status_code == 200

    house.visit(visit)
    assert house.slept == [2.0] * 20
    assert house.account.most_in_flight() == 1


def test_requests_that_wait_for_their_answer_are_in_flight() -> None:
    house = House(latency=0.01)

    async def main() -> None:
        transport = httpx.ASGITransport(create_app(house.account))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://emulator", headers=HEADERS
        ) as client:
            replies = await asyncio.gather(*(client.get("/v2/leads/fields") for _ in range(12)))
            assert sorted(reply.status_code for reply in replies) == [200] * 10 + [429] * 2
            assert (await client.get("/v2/leads/fields")).status_code == 200

    asyncio.run(main())


@pytest.mark.parametrize("cut", ["before", "after", "truncated"])
def test_without_a_socket_a_broken_connection_is_an_exception_of_ones_choice(cut: str) -> None:
    house = House()
    house.account.set_faults([Fault(cut=cut)])  # type: ignore[arg-type]

    async def visit(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ReadError):
            await client.post("/v2/leads", json={"email": "a@x.io"})

    house.visit(visit, broken=lambda: httpx.ReadError("cut"))
    assert len(house.account.leads()) == (cut != "before")

    async def visit_again(client: httpx.AsyncClient) -> None:
        with pytest.raises(BrokenConnectionError):
            await client.get("/v2/leads/fields")

    house.visit(visit_again)


def test_a_client_that_leaves_frees_its_place() -> None:
    house = House(latency=60.0)

    async def main() -> None:
        transport = httpx.ASGITransport(create_app(house.account))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://emulator", headers=HEADERS
        ) as client:
            for _ in range(11):
                asking = asyncio.ensure_future(client.get("/v2/leads/fields"))
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking

    asyncio.run(main())
    assert set(house.account.requests_by_status()) == {200}
    assert house.account.requests_by_status()[200] == 11


def test_control_endpoints_need_no_key_and_are_not_counted() -> None:
    house = House()

    async def visit(client: httpx.AsyncClient) -> None:
        client.headers.pop("Authorization")
        assert (await client.get("/_emulator/stats")).json()["requests"]["total"] == 0
        assert (await client.get("/_emulator/requests")).json() == {"requests": []}
        assert (await client.get("/_emulator/nothing")).status_code == 404
        assert (await client.put("/_emulator/stats")).status_code == 405

    house.visit(visit)


def test_control_endpoints_answer_only_to_the_hosts_they_are_given() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        assert (await client.get("/_emulator/stats")).status_code == 200
        other = await client.get("/_emulator/leads", headers={"Host": "evil.example"})
        assert other.status_code == 400

    House().visit(visit, hosts=["emulator"])


def test_faults_are_set_listed_and_cleared_over_http() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        await client.post("/_emulator/faults", json={"kind": "fields", "status": 503, "times": 1})
        await client.post("/_emulator/faults", json=[{"html": True, "nth": 2}])
        statuses = [(await client.get("/v2/leads/fields")).status_code for _ in range(3)]
        assert statuses == [503, 502, 200]
        listed = (await client.get("/_emulator/faults")).json()["faults"]
        assert [(one["status"], one["fired"]) for one in listed] == [(503, 1), (None, 1)]
        assert (await client.delete("/_emulator/faults")).json() == {"faults": []}
        assert (await client.get("/_emulator/stats")).json()["faults_fired"] == 2

    House().visit(visit)


def test_one_wrong_fault_in_a_list_sets_none() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        refused = await client.post("/_emulator/faults", json=[{"status": 503}, {"stat": 1}])
        assert refused.status_code == 400
        assert refused.json()["error"] == "fault 2 has an unknown key stat"
        assert (await client.get("/_emulator/faults")).json() == {"faults": []}
        assert (await client.post("/_emulator/faults", content=b"{")).status_code == 400

    House().visit(visit)


def test_settings_can_change_over_http() -> None:
    house = House()

    async def visit(client: httpx.AsyncClient) -> None:
        changed = await client.post(
            "/_emulator/settings",
            json={"null_semantics": "reject", "limits": {"per_15m": 3}, "job_base_seconds": 2},
        )
        assert changed.json() == {"changed": ["job_base_seconds", "limits", "null_semantics"]}
        refused: list[object] = [{"page_size": 0}, {"checks": {}}, {"limits": {"per_week": 1}}, []]
        for wrong in refused:
            assert (await client.post("/_emulator/settings", json=wrong)).status_code == 400

    house.visit(visit)
    settings = house.account.settings
    assert (settings.null_semantics, settings.job_base_seconds) == ("reject", 2.0)
    assert (settings.limits.per_15m, settings.limits.in_flight) == (3, 10)


def test_a_key_can_lose_its_scopes_and_the_team_its_api() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        await client.post("/_emulator/settings", json={"scopes": ["lead:view"]})
        assert (await client.post("/v2/bulk", json={})).status_code == 403
        assert (await client.get("/v2/leads")).status_code == 200
        await client.post("/_emulator/settings", json={"api_enabled": False})
        assert (await client.get("/v2/leads")).status_code == 401
        await client.post("/_emulator/settings", json={"api_enabled": True})
        assert (await client.post("/v2/bulk", json={})).status_code == 403

    House().visit(visit)


def test_fields_can_be_replaced_over_http() -> None:
    catalog = fields_to_mapping({"lead": (), "company": ()})
    catalog["lead"] = [{"name": "x", "label": "X", "type": "text"}]

    async def visit(client: httpx.AsyncClient) -> None:
        assert (await client.put("/_emulator/fields", json=catalog)).json() == {"fields": 1}
        shown = (await client.get("/v2/leads/fields")).json()["data"]
        assert [(field["name"], field["type"]) for field in shown] == [("x", "text")]
        assert (await client.put("/_emulator/fields", json={"version": 2})).status_code == 400

    House().visit(visit)


def test_records_can_be_looked_at_without_the_hold() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        await client.post("/v2/leads", json={"email": "a@x.io", "fields": {"source": "x"}})
        await client.post("/v2/leads", json={"email": "b@x.io"})
        await client.post("/v2/companies", json={"domain": "x.io", "name": "X"})
        leads = (await client.get("/_emulator/leads")).json()["leads"]
        assert [one["email"] for one in leads] == ["a@x.io", "b@x.io"]
        one = await client.get("/_emulator/leads", params={"email": "A@x.io"})
        assert [found["fields"] for found in one.json()["leads"]] == [{"source": "x"}]
        none = await client.get("/_emulator/leads", params={"email": "c@x.io"})
        assert none.json() == {"leads": []}
        companies = (await client.get("/_emulator/companies")).json()["companies"]
        assert [(found["domain"], found["name"]) for found in companies] == [("x.io", "X")]
        params = {"domain": "y.io"}
        none = await client.get("/_emulator/companies", params=params)
        assert none.json() == {"companies": []}

    House().visit(visit)


def test_the_log_and_the_counters_tell_what_happened_without_personal_values() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        await client.post("/v2/bulk", json={"items": [lead("a@x.io")]})
        await client.get("/v2/leads", params={"email": "a@x.io"})
        log = await client.get("/_emulator/requests")
        assert [(line["path"], line["items"]) for line in log.json()["requests"]] == [
            ("/v2/bulk", 1),
            ("/v2/leads", 0),
        ]
        assert "a@x.io" not in log.text
        stats = (await client.get("/_emulator/stats")).json()
        assert stats["requests"]["by_kind"] == {"submit": 1, "list_leads": 1}
        assert stats["requests"]["by_status"] == {"202": 1, "200": 1}
        assert stats["items"] == {"submitted": 1, "completed": 0, "failed": 0}
        assert stats["jobs"] == {"total": 1, "finished": 0}

    House(keep_bodies=True).visit(visit)


def test_a_reset_makes_a_new_account() -> None:
    house = House()

    async def visit(client: httpx.AsyncClient) -> None:
        await client.post("/v2/leads", json={"email": "a@x.io"})
        await client.post("/_emulator/settings", json={"latency": 1})
        await client.post("/_emulator/faults", json={"status": 503})
        ids = {field.id for field in house.account.fields()}
        await client.post("/_emulator/reset")
        assert (await client.get("/v2/leads/fields")).status_code == 200
        assert not ids & {field.id for field in house.account.fields()}
        assert (await client.get("/_emulator/stats")).json()["requests"]["total"] == 1

    house.visit(visit)
    assert (house.account.leads(), house.slept) == ([], [])
