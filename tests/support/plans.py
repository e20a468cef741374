"""Small factories of plans: what a test does not name has a quiet default."""

from __future__ import annotations

from dataclasses import replace

from qsync.artifacts import Node
from qsync.diagnostics import Position
from qsync.execution.costing import cost_of
from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.changes import Cause, ChangeCounts, FieldChange
from qsync.planning.compiled import CompiledField, CompiledStream, CompiledSync
from qsync.planning.cost import Pace, Spent
from qsync.planning.gate import Gate, TestOutcome, Verdict
from qsync.planning.movement import Movement
from qsync.planning.plan import GuardBreach, OrphanState, Plan, StreamPlan, SyncPlan
from qsync.project.model import (
    LimitSettings,
    ModelRef,
    ObjectType,
    OnNull,
    OnRemoved,
    Sync,
    SyncConfig,
    TestsGate,
)


def a_field(name: str = "job_title", on_null: OnNull = OnNull.KEEP) -> CompiledField:
    """A text field from the column of the same name."""
    return CompiledField(
        name=name,
        type=FieldType.STRING,
        column=name,
        constant=None,
        kind=ColumnKind.TEXT,
        check=None,
        options=(),
        on_null=on_null,
        state_column=f"v_{name}",
    )


def a_stream_plan(
    counts: ChangeCounts,
    fields: tuple[FieldChange, ...] = (),
    *,
    sync: str = "leads",
    object_type: ObjectType = ObjectType.LEAD,
    grouped: bool = False,
    mapped: tuple[CompiledField, ...] = (a_field(),),
    on_removed: OnRemoved = OnRemoved.KEEP,
    first_load: bool = False,
    baseline_unknown: bool = False,
    limit: int | None = None,
    breaches: tuple[GuardBreach, ...] = (),
    full_refresh: bool = False,
    baseline: bool = False,
    moved: Movement | None = None,
) -> StreamPlan:
    """One stream with these counts."""
    stream = CompiledStream(
        sync=sync,
        object=object_type,
        match_column=object_type.match_field,
        fields=mapped,
        grouped=grouped,
        allow_free_mail=False,
        on_removed=on_removed,
        company_match_column=None,
        hash_prefix="1",
        fingerprint="f1e2d3",
        meaning="a1b2c3",
    )
    return StreamPlan(
        stream=stream,
        stream_id=f"{sync}_{object_type.value}",
        counts=counts,
        fields=fields,
        first_load=first_load,
        baseline_unknown=baseline_unknown,
        limit=limit,
        breaches=breaches,
        full_refresh=full_refresh,
        baseline=baseline,
        moved=moved,
    )


def a_sync_plan(
    *streams: StreamPlan,
    name: str = "leads",
    model: str = "dim_leads",
    blocked: str | None = None,
    gate: Gate | None = None,
) -> SyncPlan:
    """A sync of these streams on a model."""
    place = Position(f"models/marts/{name}.qsync.yml", 4, 5)
    object_type = streams[-1].object if streams else ObjectType.LEAD
    sync = Sync(
        name=name,
        model=ModelRef(model),
        object=object_type,
        match_column=object_type.match_field,
        fields=(),
        company=None,
        config=SyncConfig(owner="growth-eng", tags=("hourly",)),
        position=place,
        model_position=place,
        match_position=place,
    )
    node = Node(unique_id=f"model.shop.{model}", name=model, package="shop", resource_type="model")
    compiled = CompiledSync(
        sync=sync,
        node=node,
        streams=tuple(item.stream for item in streams),
        fingerprint="9f8e7d",
    )
    return SyncPlan(compiled, f"warehouse.prod.{model}", streams, blocked, gate)


def a_plan(
    *syncs: SyncPlan,
    target: str = "prod",
    orphans: tuple[OrphanState, ...] = (),
    apply_allowed: bool = True,
) -> Plan:
    """A plan of these syncs."""
    return Plan(
        project="shop",
        target=target,
        destination="api.qualified.com",
        dbt_invocation_id="8f0c2d4e",
        syncs=syncs,
        orphans=orphans,
        apply_allowed=apply_allowed,
    )


def with_cost(plan: Plan, spent: Spent = (), pace: Pace | None = None) -> Plan:
    """The plan with what it costs at the usual limits."""
    if not plan.jobs:
        return plan
    return replace(plan, cost=cost_of(plan.jobs, LimitSettings(), spent, pace))


def first_load() -> Plan:
    """Nothing was ever sent: companies, and leads with a `company:` block."""
    companies = a_sync_plan(
        a_stream_plan(
            ChangeCounts(
                in_model=406, added=394, invalid={"free_mail": 4, "null_key": 2, "duplicate_key": 6}
            ),
            sync="companies",
            object_type=ObjectType.COMPANY,
            first_load=True,
        ),
        name="companies",
        model="dim_companies",
    )
    leads = a_sync_plan(
        a_stream_plan(
            ChangeCounts(in_model=363, added=363, conflicts={"region": 3}),
            object_type=ObjectType.COMPANY,
            grouped=True,
            first_load=True,
        ),
        a_stream_plan(
            ChangeCounts(
                in_model=2_514,
                added=2_500,
                invalid={"null_key": 6, "duplicate_key": 4, "not_an_option:industry": 4},
                other_domain=12,
                filled={"first_name": 2_431, "job_title": 1_890},
            ),
            (FieldChange("first_name", set=2_431), FieldChange("job_title", set=1_890)),
            mapped=(a_field("first_name"), a_field("job_title", OnNull.CLEAR)),
            first_load=True,
        ),
    )
    return with_cost(a_plan(companies, leads))


def second_day() -> Plan:
    """Some rows changed, some left, some were rejected or unanswered before."""
    names = ("job_title", "phone", "country", "seniority", "city", "source", "zip", "street", "fax")
    changes = tuple(
        FieldChange(name, changed=1_204 - 100 * place, set=place, cleared=3 if place == 0 else 0)
        for place, name in enumerate(names)
    )
    leads = a_sync_plan(
        a_stream_plan(
            ChangeCounts(
                state_rows=24_310,
                in_model=24_402,
                added=100,
                changed=1_312,
                cleared=3,
                removed=21,
                unchanged=22_971,
                resting=3,
                suppressed=2,
                invalid={"not_a_number:employees": 11, "malformed_key": 3},
                retried=3,
                unsettled=1,
                returned=2,
                rehashed=7,
                other_domain=1,
                stranded=64,
                causes={Cause.RETRY: 2, Cause.UNSETTLED: 1},
            ),
            changes,
        )
    )
    return with_cost(a_plan(leads), spent=((300.0, 520), (2_000.0, 44)), pace=Pace(12.0, 0.3))


def of_days() -> Plan:
    """A first load so large that it waits for the windows, and no run yet that tells the pace."""
    counts = ChangeCounts(in_model=61_000_000, added=61_000_000)
    return with_cost(a_plan(a_sync_plan(a_stream_plan(counts, first_load=True))))


def of_hours() -> Plan:
    """A large load, some of it beyond what an hour allows."""
    counts = ChangeCounts(
        state_rows=9_000_000, in_model=9_000_000, changed=5_000_000, unchanged=4_000_000
    )
    plan = a_plan(a_sync_plan(a_stream_plan(counts, (FieldChange("job_title", 5_000_000),))))
    return with_cost(plan, spent=((1_500.0, 600),), pace=Pace(20.0, 0.4))


def nothing_new() -> Plan:
    """Everything is as it was acknowledged."""
    counts = ChangeCounts(
        state_rows=2_431, in_model=2_445, unchanged=2_431, invalid={"null_key": 14}, stranded=1
    )
    return a_plan(a_sync_plan(a_stream_plan(counts)))


def stopped() -> Plan:
    """A guard that does not hold, an empty model, state that nobody declares any more."""
    guarded = a_sync_plan(
        a_stream_plan(
            ChangeCounts(
                state_rows=2_500,
                in_model=2_480,
                changed=780,
                removed=20,
                unchanged=1_700,
                stranded=20,
            ),
            (FieldChange("job_title", changed=780),),
            breaches=(GuardBreach("max_changed", "20%", 780, 2_500),),
        )
    )
    empty = a_sync_plan(
        a_stream_plan(ChangeCounts(state_rows=40), sync="usage"),
        name="usage",
        model="dim_usage",
        blocked="the model has no rows; everything would count as removed",
    )
    fine = a_sync_plan(
        a_stream_plan(
            ChangeCounts(
                state_rows=400,
                in_model=400,
                changed=1,
                cleared=2,
                removed=2,
                clearing=1,
                unchanged=399,
                stranded=2,
            ),
            (FieldChange("employees", cleared=2),),
            sync="companies",
            object_type=ObjectType.COMPANY,
            on_removed=OnRemoved.CLEAR,
        ),
        name="companies",
        model="dim_companies",
    )
    orphan = OrphanState("old_lead", "old_leads", "lead", 2_300)
    return a_plan(fine, guarded, empty, orphans=(orphan,))


def gated() -> Plan:
    """Gates on dbt: one that is open, one that apply opens or not, one that is closed."""
    counts = ChangeCounts(state_rows=40, in_model=40, changed=1, unchanged=39)
    path = "models/marts/_models.yml"
    at = "2026-11-03T04:30:00Z"
    warned = TestOutcome("not_null_dim_companies_domain", path, "warn", 2)
    failed = TestOutcome("unique_dim_leads_email", path, "fail", 1_204)
    again = (
        "run `dbt build --select dim_leads` as the last dbt command before qsync, or write "
        "`requires: {tests: run}`"
    )
    opened = Gate(
        TestsGate.PASSED,
        Verdict.PASSED,
        "6 passed and 1 warned, which is allowed, in `dbt build` of 2026-11-03 04:30 UTC",
        "",
        7,
        (warned,),
        "build",
        at,
    )
    closed = Gate(
        TestsGate.PASSED,
        Verdict.FAILED,
        f"{failed} in `dbt build` of 2026-11-03 04:30 UTC",
        again,
        11,
        (failed,),
        "build",
        at,
    )
    to_run = Gate(
        TestsGate.RUN, Verdict.TO_RUN, "apply runs 3 tests first, and goes on if they pass", tests=3
    )
    return with_cost(
        a_plan(
            a_sync_plan(
                a_stream_plan(counts, sync="companies", object_type=ObjectType.COMPANY),
                name="companies",
                model="dim_companies",
                gate=opened,
            ),
            a_sync_plan(
                a_stream_plan(counts, sync="usage"), name="usage", model="dim_usage", gate=to_run
            ),
            a_sync_plan(a_stream_plan(counts), blocked=closed.reason, gate=closed),
            a_sync_plan(
                a_stream_plan(ChangeCounts(state_rows=40), sync="visits"),
                name="visits",
                model="dim_visits",
                blocked="the model has no rows; everything would count as removed",
                gate=closed,
            ),
        )
    )


def unknown_baseline() -> Plan:
    """A target that may only plan, and no state."""
    counts = ChangeCounts(in_model=2_500, added=2_494, invalid={"null_key": 6})
    return a_plan(
        a_sync_plan(a_stream_plan(counts, baseline_unknown=True)), target="dev", apply_allowed=False
    )


def careful() -> Plan:
    """A first careful send: a limit on one sync, a full refresh and a baseline on others."""
    counts = ChangeCounts(in_model=2_500, added=2_500)
    return a_plan(
        a_sync_plan(a_stream_plan(counts, first_load=True, limit=100)),
        a_sync_plan(
            a_stream_plan(
                ChangeCounts(state_rows=400, in_model=400, changed=400),
                sync="companies",
                object_type=ObjectType.COMPANY,
                full_refresh=True,
            ),
            name="companies",
            model="dim_companies",
        ),
        a_sync_plan(
            a_stream_plan(
                ChangeCounts(in_model=77, added=77), sync="usage", first_load=True, baseline=True
            ),
            name="usage",
            model="dim_usage",
        ),
    )


def causes() -> Plan:
    """Records change for other reasons than the data, and one run is about some of them only."""
    known = {"state_rows": 9_000, "in_model": 9_000}
    moved = Movement(
        added=("phone",), dropped=("fax",), remapped=("job_title",), retyped=("employees",)
    )
    leads = a_sync_plan(
        a_stream_plan(
            ChangeCounts(
                **known,
                changed=1_600,
                unchanged=7_400,
                causes={Cause.MAPPING: 1_200, Cause.CATALOG: 50, Cause.RETRY: 7},
            ),
            (
                FieldChange("phone", set=1_150),
                FieldChange("job_title", changed=90),
                FieldChange("employees", changed=50),
            ),
            moved=moved,
        )
    )
    unclear = a_sync_plan(
        a_stream_plan(
            ChangeCounts(**known, changed=31, unchanged=8_947, deferred=22),
            (FieldChange("industry", changed=31),),
            sync="usage",
            moved=Movement(reoptioned=("industry",), match_key=True, versions=True),
        ),
        name="usage",
        model="dim_usage",
    )
    forgotten = a_sync_plan(
        a_stream_plan(
            ChangeCounts(**known, unchanged=9_000),
            sync="trials",
            moved=Movement(added=("plan",), untold=True),
        ),
        name="trials",
        model="dim_trials",
    )
    return with_cost(a_plan(leads, unclear, forgotten))


def companies() -> Plan:
    """A lead with a `company:` block, both with changes; in some companies rows disagree."""
    return with_cost(
        a_plan(
            a_sync_plan(
                a_stream_plan(
                    ChangeCounts(
                        state_rows=370,
                        in_model=374,
                        added=2,
                        changed=3,
                        removed=1,
                        unchanged=366,
                        invalid={"free_mail": 2, "non_ascii_key": 1},
                        conflicts={"region": 4, "employees": 1},
                    ),
                    (FieldChange("region", changed=3),),
                    object_type=ObjectType.COMPANY,
                    grouped=True,
                    mapped=(a_field("employees"), a_field("region")),
                ),
                a_stream_plan(
                    ChangeCounts(
                        state_rows=2_474, in_model=2_500, added=27, changed=60, unchanged=2_413
                    ),
                    (FieldChange("job_title", changed=60),),
                ),
            )
        )
    )
