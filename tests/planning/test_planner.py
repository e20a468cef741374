"""What a plan stands on, and what it says when something of it is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from qsync.artifacts import DataTest, Manifest, Node
from qsync.execution.gating import NOT_RUN, models_to_test
from qsync.execution.planner import (
    PlanInputs,
    PlanOptions,
    PlanResult,
    declared_streams,
    destination_of,
    make_plan,
)
from qsync.fields import FieldCatalog
from qsync.planning import ChangeCounts, ChangeSet, Column, DiffRequest, OrphanState, StreamState
from qsync.planning.cost import Pace
from qsync.planning.fingerprint import stream_id
from qsync.project.model import (
    Guards,
    Limit,
    ObjectType,
    Project,
    ProjectSettings,
    QualifiedSettings,
    Requires,
    Sync,
    SyncConfig,
    TestsGate,
)
from tests.planning.kit import CATALOG, COLUMNS, NODE, a_sync, mapped

RELATION = '"db"."prod"."dim_leads"'
HOST = "api.qualified.com"


@dataclass
class _Warehouse:
    """A warehouse whose every stream has changed in the same way."""

    relation: str | None = RELATION
    there: bool = True
    states: Mapping[str, StreamState] = field(default_factory=dict)
    change_sets: ChangeSet = field(
        default_factory=lambda: ChangeSet(ChangeCounts(state_rows=10, in_model=10, changed=4))
    )
    asked: list[DiffRequest] = field(default_factory=list)
    declared: Sequence[str] = ()
    spent: Sequence[tuple[float, int]] = ()
    measured: Pace | None = None
    asked_for_cost: int = 0

    def relations(self) -> Mapping[str, str]:
        return {} if self.relation is None else {NODE.unique_id: self.relation}

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        assert relation == self.relation
        return COLUMNS if self.there else None

    def stream_state(self, stream_id: str) -> StreamState:
        return self.states.get(stream_id, StreamState(stream_id))

    def change_set(self, request: DiffRequest) -> ChangeSet:
        self.asked.append(request)
        return self.change_sets

    def orphans(
        self, destination: str, project: str, declared: Sequence[str]
    ) -> tuple[OrphanState, ...]:
        self.declared = declared
        return (OrphanState("0ld", "old", "lead", 7),)

    def requests_spent(self, destination: str) -> Sequence[tuple[float, int]]:
        assert destination == HOST
        self.asked_for_cost += 1
        return self.spent

    def pace(self, destination: str) -> Pace | None:
        assert destination == HOST
        return self.measured


def _known(sync: str = "leads", object_name: str = "lead") -> dict[str, StreamState]:
    identity = stream_id(HOST, "shop", sync, object_name)
    return {identity: StreamState(identity, f"state_{sync}", frozenset({"v_first_name"}), "f")}


def _inputs(
    *syncs: Sync, target: str = "prod", live: FieldCatalog | None = None, node: Node = NODE
) -> PlanInputs:
    settings = ProjectSettings(QualifiedSettings(apply_targets=("prod",)))
    return PlanInputs(
        project=Project("shop", settings, syncs),
        project_dir=Path("nowhere"),
        manifest=Manifest(
            "target/manifest.json", 12, "1.11", "", "an-id", "shop", None, {node.unique_id: node}
        ),
        catalog=CATALOG,
        target=target,
        destination=HOST,
        syncs=syncs,
        live=live,
    )


def _plan(
    inputs: PlanInputs, warehouse: _Warehouse, options: PlanOptions | None = None
) -> PlanResult:
    return make_plan(
        inputs,
        options or PlanOptions(),
        warehouse,
        lambda _, request: warehouse.change_set(request),
    )


LEADS = a_sync(mapped("first_name"))


def test_a_manifest_made_for_another_target_stops_before_anything_is_measured() -> None:
    warehouse = _Warehouse(relation='"db"."dev"."dim_leads"')
    result = _plan(_inputs(LEADS, target="dev"), warehouse)
    (problem,) = result.diagnostics
    assert result.plan is None
    assert problem.code == "QS215"
    assert "the manifest has db.prod.dim_leads, target 'dev' is db.dev.dim_leads" in problem.message
    assert "dbt run --target dev" in problem.hint
    assert problem.position == LEADS.model_position
    assert warehouse.asked == []


def test_a_model_that_was_not_built_is_said_with_the_command_that_builds_it() -> None:
    result = _plan(_inputs(LEADS), _Warehouse(there=False))
    (problem,) = result.diagnostics
    assert (result.plan, problem.code) == (None, "QS216")
    assert "db.prod.dim_leads" in problem.message
    assert "dbt run --select dim_leads" in problem.hint


def test_a_model_dbt_no_longer_finds_stops_the_plan() -> None:
    result = _plan(_inputs(LEADS), _Warehouse(relation=None))
    assert [problem.code for problem in result.diagnostics] == ["QS214"]


def test_problems_of_every_sync_are_told_at_once() -> None:
    wrong = (a_sync(mapped("nope", "first_name")), a_sync(mapped("job_title", "no"), name="other"))
    result = _plan(_inputs(*wrong), _Warehouse())
    assert {problem.sync for problem in result.diagnostics} == {"leads", "other"}
    assert result.plan is None


def test_an_empty_model_stops_its_sync_and_no_other() -> None:
    companies = a_sync(
        mapped("region"), name="companies", object=ObjectType.COMPANY, match="company_domain"
    )
    warehouse = _Warehouse(states=_known())
    empty = ChangeSet(ChangeCounts(state_rows=10, removed=10))
    whole = ChangeSet(ChangeCounts(state_rows=10, in_model=10, changed=1))
    result = make_plan(
        _inputs(LEADS, companies),
        PlanOptions(),
        warehouse,
        lambda _, request: empty if request.stream.object is ObjectType.LEAD else whole,
    )
    assert result.plan is not None
    assert [sync.name for sync in result.plan.syncs] == ["companies", "leads"]
    assert [sync.stopped for sync in result.plan.syncs] == [False, True]
    assert "is empty" in (result.plan.syncs[1].blocked or "")


def test_a_live_field_of_another_type_stops_its_sync() -> None:
    live = replace(CATALOG, lead=CATALOG.lead[1:])
    result = _plan(_inputs(LEADS, live=live), _Warehouse(states=_known()))
    assert result.plan is not None
    assert "'first_name' any more" in (result.plan.syncs[0].blocked or "")


def test_a_closed_gate_stops_its_sync_and_no_other_whatever_else_is_wrong_with_its_rows() -> None:
    asks = SyncConfig(requires=Requires(TestsGate.PASSED), guards=Guards(Limit(rows=1)))
    gated = replace(LEADS, config=asks)
    companies = a_sync(
        mapped("region"), name="companies", object=ObjectType.COMPANY, match="company_domain"
    )
    plan = _plan(_inputs(gated, companies), _Warehouse(states=_known())).plan
    assert plan is not None
    fine, stopped = plan.syncs
    assert (fine.gate, fine.stopped) == (None, False)
    assert stopped.gate is not None
    assert (stopped.blocked, stopped.stopped) == (stopped.gate.reason, True)
    assert "dim_leads has no data test" in stopped.gate.reason
    assert stopped.streams[0].breaches == ()


def test_tests_that_apply_will_run_stop_no_plan_and_stop_an_apply_that_could_not() -> None:
    gated = replace(LEADS, config=SyncConfig(requires=Requires(TestsGate.RUN)))
    inputs = _inputs(gated)
    tests = {NODE.unique_id: (DataTest("test.shop.t", "t"),)}
    inputs = replace(inputs, manifest=replace(inputs.manifest, tests=tests))
    assert models_to_test(inputs) == (NODE,)
    plan = _plan(inputs, _Warehouse(states=_known())).plan
    assert plan is not None
    assert (plan.syncs[0].stopped, plan.jobs) == (False, (1,))
    applied = replace(inputs, evidence=replace(inputs.evidence, own=NOT_RUN))
    plan = _plan(applied, _Warehouse(states=_known())).plan
    assert plan is not None
    assert (plan.syncs[0].stopped, plan.jobs) == (True, ())
    assert "`dbt test` could not run: nobody ran it" in (plan.syncs[0].blocked or "")


def test_only_models_with_tests_whose_syncs_ask_for_it_are_tested_each_once() -> None:
    runs = SyncConfig(requires=Requires(TestsGate.RUN))
    twice = (replace(LEADS, config=runs), replace(LEADS, name="again", config=runs))
    inputs = _inputs(*twice, a_sync(mapped("job_title"), name="other"))
    assert models_to_test(inputs) == ()
    tests = {NODE.unique_id: (DataTest("test.shop.t", "t"),)}
    tested = replace(inputs, manifest=replace(inputs.manifest, tests=tests))
    assert models_to_test(tested) == (NODE,)


def test_a_renamed_sync_is_compared_with_the_state_of_its_former_name() -> None:
    renamed = a_sync(mapped("first_name"), name="new", renamed_from="leads")
    warehouse = _Warehouse(states=_known())
    result = _plan(_inputs(renamed), warehouse)
    assert result.plan is not None
    assert [request.state.table for request in warehouse.asked] == ["state_leads"]
    (stream,) = result.plan.syncs[0].streams
    assert stream.stream_id == stream_id(HOST, "shop", "new", "lead")
    assert not stream.first_load


def test_once_it_has_state_of_its_own_its_former_name_is_forgotten() -> None:
    renamed = a_sync(mapped("first_name"), name="new", renamed_from="leads")
    warehouse = _Warehouse(states={**_known(), **_known("new")})
    _plan(_inputs(renamed), warehouse)
    assert [request.state.table for request in warehouse.asked] == ["state_new"]


def test_state_nobody_declares_is_listed_and_a_former_name_is_declared() -> None:
    sync = a_sync(mapped("first_name"), company=(mapped("region"),), renamed_from="before")
    warehouse = _Warehouse(states=_known())
    inputs = _inputs(sync)
    result = _plan(inputs, warehouse)
    assert result.plan is not None
    assert [orphan.sync for orphan in result.plan.orphans] == ["old"]
    expected = {
        stream_id(HOST, "shop", name, object_name)
        for name in ("leads", "before")
        for object_name in ("lead", "company")
    }
    assert set(warehouse.declared) == expected == declared_streams(inputs.project, HOST)


def test_a_sync_that_is_disabled_keeps_its_state() -> None:
    disabled = replace(LEADS, config=SyncConfig(enabled=False))
    project = replace(_inputs(LEADS).project, syncs=(disabled,))
    assert stream_id(HOST, "shop", "leads", "lead") in declared_streams(project, HOST)


def test_a_target_that_may_not_apply_and_finds_no_state_calls_nothing_added() -> None:
    added = ChangeSet(ChangeCounts(in_model=10, added=10))
    result = _plan(_inputs(LEADS, target="ci"), _Warehouse(change_sets=added))
    assert result.plan is not None
    (stream,) = result.plan.syncs[0].streams
    assert (stream.baseline_unknown, stream.planned) == (True, 0)
    assert not result.plan.apply_allowed
    with_state = _plan(_inputs(LEADS, target="ci"), _Warehouse(states=_known()))
    assert with_state.plan is not None
    assert not with_state.plan.syncs[0].streams[0].baseline_unknown


def test_a_guard_stops_its_sync_unless_it_is_a_baseline() -> None:
    guarded = a_sync(
        mapped("first_name"), config=SyncConfig(guards=Guards(max_changed=Limit(rows=3)))
    )
    warehouse = _Warehouse(states=_known())
    result = _plan(_inputs(guarded), warehouse)
    assert result.plan is not None
    assert [breach.guard for breach in result.plan.syncs[0].streams[0].breaches] == ["max_changed"]
    assert result.plan.syncs[0].stopped
    baseline = _plan(_inputs(guarded), warehouse, PlanOptions(baseline=True))
    assert baseline.plan is not None
    assert not baseline.plan.syncs[0].stopped


def test_state_belongs_to_a_host_and_an_account_when_one_is_named() -> None:
    project = _inputs(LEADS).project
    assert destination_of(project) == HOST
    qualified = QualifiedSettings(base_url="http://127.0.0.1:8765/v2/", account="sandbox")
    named = replace(project, settings=ProjectSettings(qualified))
    assert destination_of(named) == "127.0.0.1:8765 (sandbox)"


def test_what_it_costs_is_told_with_what_earlier_runs_spent_and_measured() -> None:
    warehouse = _Warehouse(
        states=_known(), spent=((60.0, 500), (5_000.0, 70)), measured=Pace(3.0, 0.3)
    )
    plan = _plan(_inputs(LEADS), warehouse).plan
    assert plan is not None
    assert plan.jobs == (1,)
    assert plan.cost is not None
    assert [use.spent for use in plan.cost.windows] == [500, 500, 570]
    assert (plan.cost.requests, plan.cost.at_least) == (4, False)
    assert plan.cost.seconds == pytest.approx(3.9, rel=0.2)


def test_a_plan_that_sends_nothing_has_no_cost_and_asks_nothing_to_know_it() -> None:
    unchanged = ChangeSet(ChangeCounts(state_rows=10, in_model=10, unchanged=10))
    warehouse = _Warehouse(states=_known(), change_sets=unchanged)
    plan = _plan(_inputs(LEADS), warehouse).plan
    assert plan is not None
    assert (plan.cost, warehouse.asked_for_cost) == (None, 0)
