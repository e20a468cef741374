"""A small world in one process: a model, an emulated Qualified, runs that may die.

The engine is the real one, with its clock, randomness and transport handed in; so are the client,
the journal and, on DuckDB, the warehouse's SQL. Only time is made up, and the network is a function
call. A run that dies does so like a process that is killed: from that moment nothing it does has
any effect.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import orjson

from qsync.artifacts import Manifest, Node
from qsync.emulator import DEFAULT_KEY, Account, EmulatedRequest, EmulatorSettings
from qsync.emulator.jobs import Job
from qsync.errors import UserError
from qsync.execution.apply import ApplyBounds, ApplyResult, apply
from qsync.execution.gating import RunTests
from qsync.execution.journal import FileJournal, Step
from qsync.execution.planner import PlanInputs, PlanOptions
from qsync.execution.ports import ExecutionWarehouse
from qsync.execution.recording import Origin
from qsync.execution.remote import RemoteError
from qsync.fields import Field, FieldCatalog
from qsync.planning.plan import Plan
from qsync.project.model import (
    LimitSettings,
    OnNull,
    Project,
    ProjectSettings,
    QualifiedSettings,
)
from qsync.qualified import QualifiedClient, read_api_key
from tests.planning.kit import a_sync, mapped
from tests.simulation.grounds import HOST, MODEL, RELATION, Ground, MemoryGround, SqlGround, Values
from tests.support.emulated_transport import EmulatedTransport
from tests.support.memory_diff import UNKNOWN
from tests.support.virtual_time import VirtualClock
from tests.support.warehouses import DirectConnection

T = TypeVar("T")
NODE = Node(MODEL, "dim_leads", "shop", "model", relation_name=RELATION)
FIELDS = (
    Field("first_name", "First Name", "name"),
    Field("job_title", "Job Title", "string"),
)
CATALOG = FieldCatalog(lead=FIELDS, company=())
WINDOWS = {900.0: "per_15m", 3_600.0: "per_hour", 86_400.0: "per_day"}


class Died(BaseException):
    """The run is dead; nothing it does has any effect."""


@dataclass
class Death:
    """When a run dies: right before or after the nth time it comes to a label; never without."""

    label: str | None = None
    moment: str = "before"
    nth: int = 1
    dead: bool = False
    _count: int = 0

    def come_to(self, label: str) -> int:
        """The label is come to; how often by now."""
        self.check()
        if label != self.label:
            return 0
        self._count += 1
        self._die_at("before", self._count)
        return self._count

    def passed(self, label: str, count: int) -> None:
        """What it labels is done."""
        if label == self.label:
            self._die_at("after", count)

    def check(self) -> None:
        """Raise when dead."""
        if self.dead:
            raise Died

    def _die_at(self, moment: str, count: int) -> None:
        if moment == self.moment and count == self.nth:
            self.dead = True
            raise Died


WAREHOUSE_LABELS = {
    "stage": "staged",
    "begin": "begun",
    "mark_posted": "marked",
    "commit": "committed",
    "close_record": "closed",
    "close_dead": "recovered",
}
LABELS = (
    *WAREHOUSE_LABELS.values(),
    "posted",
    *(step.value for step in (Step.INTENT, Step.ACCEPTED, Step.RESULT)),
)


class MortalWarehouse:
    """A warehouse whose caller may be dead."""

    def __init__(self, warehouse: ExecutionWarehouse, death: Death) -> None:
        self._warehouse = warehouse
        self._death = death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._warehouse, name)
        if not callable(found):
            return found
        label = WAREHOUSE_LABELS.get(name, name)

        def calling(*args: Any, **named: Any) -> Any:
            count = self._death.come_to(label)
            result = found(*args, **named)
            self._death.passed(label, count)
            return result

        return calling


class MortalJournal(FileJournal):
    """A journal whose writer may be dead."""

    def __init__(self, folder: Path, run_id: str, death: Death) -> None:
        super().__init__(folder, run_id)
        self._death = death

    def write(self, step: Step, **facts: Any) -> None:
        count = self._death.come_to(step.value)
        super().write(step, **facts)
        self._death.passed(step.value, count)

    def discard(self, run_id: str) -> None:
        self._death.check()
        super().discard(run_id)


@dataclass
class MortalTransport(EmulatedTransport):
    """A network whose user may be dead, and that is watched."""

    death: Death = field(default_factory=Death)
    town: Town | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.town is not None
        self.death.check()
        posts = request.method == "POST"
        count = self.death.come_to("posted") if posts else 0
        if posts:
            self.town.check_post(await request.aread())
        self.town.sent_at.append(self.clock.time())
        response = await super().handle_async_request(request)
        self.death.check()
        if posts:
            self.death.passed("posted", count)
        return response


class Watcher:
    """Approves everything."""

    def approve(self, plan: Plan) -> bool:
        return True

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **named: None


@dataclass
class Town:
    """The model, the warehouse, Qualified, and everything that happened.

    Without a connection, the warehouse is in memory.
    """

    connection: DirectConnection | None
    folder: Path
    seed: int = 0
    limits: LimitSettings = field(default_factory=LimitSettings)
    clock: VirtualClock = field(default_factory=VirtualClock)
    model: dict[str, Values] = field(default_factory=dict)
    sent_at: list[float] = field(default_factory=list)
    """When each request of ours reached Qualified."""
    posted: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """By request id: the key and the fields of an item."""
    completed: set[str] = field(default_factory=set)
    """Request ids that Qualified has carried out."""
    known: set[str] = field(default_factory=set)
    """Jobs whose ids were in the warehouse or in a journal when a run began, or since."""
    violations: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    last_run: str = ""
    forgot_journals: bool = False
    """A run died when it had closed a dead one, and not yet removed its journal."""
    run_tests: RunTests | None = None
    """What stands for `dbt test`, in a town whose syncs ask for it."""

    def __post_init__(self) -> None:
        self.ground: Ground = (
            MemoryGround(self.clock.time) if self.connection is None else SqlGround(self.connection)
        )
        self.account = Account(
            EmulatorSettings(latency=0.05, latency_jitter=0.3, keep_bodies=False),
            clock=self.clock.time,
            seed=self.seed,
        )
        self._runs = itertools.count(1)
        sync = a_sync(mapped("first_name"), mapped("job_title", on_null=OnNull.CLEAR))
        settings = ProjectSettings(QualifiedSettings(apply_targets=("prod",), limits=self.limits))
        self.inputs = PlanInputs(
            project=Project("shop", settings, (sync,)),
            project_dir=self.folder,
            manifest=Manifest(
                "target/manifest.json",
                12,
                "1.11",
                "",
                "an-id",
                "shop",
                None,
                {NODE.unique_id: NODE},
            ),
            catalog=CATALOG,
            target="prod",
            destination=HOST,
            syncs=(sync,),
        )

    @property
    def journals(self) -> Path:
        return self.folder / "journal"

    # --- runs -------------------------------------------------------------------------------

    def run(
        self,
        death: Death | None = None,
        bounds: ApplyBounds | None = None,
        *,
        resume: str | None = None,
        stop_after: float | None = None,
    ) -> ApplyResult | Exception | None:
        """One apply: its result, the error it ended in, or None when it died."""
        death = death or Death()
        self._let_old_jobs_run()
        self.starts.append(self.clock.time())
        self.ground.load(self.model)
        if self.last_run:
            # What is known now the run must not forget before these jobs have ended.
            self.known |= self._known_jobs()
        self.last_run = f"r{next(self._runs):04}"
        try:
            result = self.clock.run(self._apply(death, bounds, resume, stop_after))
        except (UserError, RemoteError) as error:
            self._check()
            return error
        except BaseException:
            if not death.dead:
                raise
            self.forgot_journals |= death.label == "recovered"
            self.ground.let_the_lock_expire()
            self._check()
            return None
        assert not death.dead
        self._check()
        return result

    async def _apply(
        self,
        death: Death,
        bounds: ApplyBounds | None,
        resume: str | None,
        stop_after: float | None,
    ) -> ApplyResult:
        warehouse = self.ground.warehouse()
        stop = asyncio.Event()
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stop.set)

        async with QualifiedClient(
            "http://qualified.test",
            read_api_key({"QUALIFIED_API_KEY": DEFAULT_KEY}, "QUALIFIED_API_KEY"),
            limits=self.limits,
            transport=self._transport(death),
            clock=self._clock(),
            rng=random.Random(f"{self.seed} {self.last_run}"),
        ) as api:
            return await apply(
                self.inputs,
                PlanOptions(parent=resume),
                Origin(
                    run_id=self.last_run,
                    target="prod",
                    started_at=datetime.fromtimestamp(self.clock.time(), UTC),
                    dbt_invocation_id=None,
                    git_commit=None,
                    qsync_version="0",
                    parent=resume,
                ),
                warehouse=cast(ExecutionWarehouse, MortalWarehouse(warehouse, death)),
                in_warehouse=self._in_warehouse(death),
                api=api,
                clock=self._clock(),
                view=cast(Any, Watcher()),
                holder="the simulation",
                stop=stop,
                journal=MortalJournal(self.journals, self.last_run, death),
                bounds=bounds,
                resume=resume,
                run_tests=self.run_tests,
            )

    def _clock(self) -> Any:
        """The clock as a run sees it."""
        return self.clock

    def _transport(self, death: Death) -> MortalTransport:
        return MortalTransport(self.account, self.clock, death, self)

    def _in_warehouse(self, death: Death) -> Any:
        async def in_warehouse(work: Callable[[], T], /) -> T:
            death.check()
            return work()

        return in_warehouse

    def _let_old_jobs_run(self) -> None:
        """What is promised: a job whose answer was lost has run by the second run after."""
        if len(self.starts) < 2:
            return
        while any(job.created_at <= self.starts[-1] for job in self.waiting_jobs()):
            self.clock.advance(10.0)

    def waiting_jobs(self) -> list[Job]:
        """Jobs that may still do something."""
        return [
            job for job in self.account.jobs() if not job.finished and job.plan.ending is not None
        ]

    def others_spend(self, requests: int) -> None:
        """Another client of the team at work."""
        headers = {"authorization": f"Bearer {DEFAULT_KEY}"}
        for _ in range(requests):
            _, token = self.account.begin(
                EmulatedRequest("GET", "/v2/leads/fields", headers, b"", "")
            )
            self.account.finish(token)

    def close(self) -> None:
        """Let go of the warehouse."""
        self.ground.close()

    # --- what must hold ---------------------------------------------------------------------

    def check_post(self, body: bytes) -> None:
        """No other payload for a key of which a job is open whose id is known."""
        items = orjson.loads(body)["items"]
        self.known |= self._known_jobs()
        open_: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for job in self.waiting_jobs():
            if job.id in self.known:
                for item in job.items[job.processed :]:
                    data = cast(dict[str, Any], item)["data"]
                    open_[data["email"]].append(data["fields"])
        for item in items:
            data = item["data"]
            for fields in open_[data["email"]]:
                # Raised here it would be taken for trouble with the network.
                if fields != data["fields"]:
                    self.violations.append("another payload goes while a known job is open")
            self.posted[item["request_id"]] = (data["email"], data["fields"])

    def _known_jobs(self) -> set[str]:
        known = self.ground.known_jobs()
        if self.journals.exists():
            for path in self.journals.iterdir():
                for line in path.read_bytes().split(b"\n")[:-1]:
                    try:
                        entry = orjson.loads(line.partition(b" ")[2])
                    except orjson.JSONDecodeError:
                        continue
                    if entry.get("step") == "accepted":
                        known.add(entry["job"])
        return known

    def _check(self) -> None:
        assert not self.violations, self.violations[0]
        self._check_quota()
        if self.ground.records():
            self._check_records()
            self._check_state()

    def _check_quota(self) -> None:
        times = sorted(self.sent_at)
        for seconds, name in WINDOWS.items():
            most = int(getattr(self.limits, name) * self.limits.share)
            for place, at in enumerate(times):
                inside = place + 1 - bisect_left(times, at - seconds + 1e-6)
                assert inside <= most, f"{inside} requests within {seconds:.0f} s, {most} allowed"

    def _check_records(self) -> None:
        for row in self.ground.records():
            ends = ("succeeded", "rejected", "unknown", "invalid_late", "unsent")
            assert row["rows_planned"] == sum(row[f"rows_{name}"] for name in ends), row

    def _harvest(self) -> None:
        for job in self.account.jobs():
            results = orjson.loads(job.packed) if job.finished else job.results
            for result in results:
                if result["status"] == "completed" and result.get("requestId"):
                    self.completed.add(str(result["requestId"]))

    def _check_state(self) -> None:
        """What state calls synced was carried out by Qualified."""
        self._harvest()
        done: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for request_id in self.completed:
            if request_id in self.posted:
                key, fields = self.posted[request_id]
                done[key].append(fields)
        for key, first, title, status in self.ground.state():
            for name, value in (("first_name", first), ("job_title", title)):
                if status == "synced" and value not in {None, UNKNOWN}:
                    assert any(fields.get(name) == value for fields in done[key]), (
                        f"{key} is called synced with {name} {value!r}, which never arrived"
                    )

    def settle(self) -> None:
        """Everything goes well from now on, and every job runs."""
        self.account.set_faults([])
        while self.waiting_jobs():
            self.clock.advance(60.0)
        self._harvest()
        self.clock.advance(2 * 86_400.0)

    def check_converged(self) -> None:
        """Two plain runs bring everything there, and the third has nothing to do."""
        for _ in range(2):
            result = self.run()
            assert isinstance(result, ApplyResult), result
        before = len(self.sent_at)
        resting = self.ground.rejected()
        third = self.run()
        assert isinstance(third, ApplyResult)
        assert third.plan is not None
        stream = third.plan.syncs[0].streams[0]
        assert stream.planned <= len(resting), "the third run has nothing to do"
        if not resting:
            assert len(self.sent_at) == before + 2, "it asks for the fields, and nothing else"
        self._check_held(resting)
        assert self.ground.left() == (0, 0, 0)
        if not self.forgot_journals:
            assert not self.journals.exists() or list(self.journals.iterdir()) == []

    def _check_held(self, resting: set[str]) -> None:
        held = {lead.email: lead.values for lead in self.account.leads()}
        for key, (first, title) in self.model.items():
            if key not in resting:
                _check_values(key, held[key], first, title)
        # Of rejects that rest too: what state calls synced is what Qualified holds.
        for key, first, title, status in self.ground.state():
            if status == "synced":
                _check_values(key, held[key], first, title)


def _check_values(key: str, held: Mapping[str, Any], first: str | None, title: str | None) -> None:
    if first not in {None, UNKNOWN}:
        assert held.get("first_name") == first, f"{key}: the newest first name"
    assert held.get("job_title") == title, f"{key}: the newest job title, or none"
