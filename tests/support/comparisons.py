"""Small factories of comparisons: what a test does not name has a quiet default."""

from __future__ import annotations

from qsync.planning.comparison import (
    Comparison,
    FieldComparison,
    FieldCounts,
    Mapped,
    Records,
    Reworded,
    Standing,
    StreamComparison,
    SyncComparison,
)
from qsync.project.model import ObjectType

RELATION = '"warehouse"."prod"."dim_leads"'


def column(name: str, on_null: str = "keep", type: str = "string") -> Mapped:
    return Mapped(type, name, None, on_null)


def a_stream(
    *fields: FieldComparison,
    object: ObjectType = ObjectType.LEAD,
    records: Records | None = None,
    base_match: str | None = "email",
    head_match: str | None = "email",
    regrouped: bool = False,
    uncounted: str | None = None,
) -> StreamComparison:
    return StreamComparison(object, base_match, head_match, regrouped, fields, records, uncounted)


def a_sync(
    *streams: StreamComparison,
    name: str = "leads",
    former: str | None = None,
    standing: Standing = Standing.KEPT,
    models: tuple[str | None, str | None] = ("dim_leads", "dim_leads"),
    relations: tuple[str | None, str | None] = (RELATION, RELATION),
    policy: tuple[Reworded, ...] = (),
) -> SyncComparison:
    path = f"models/marts/{name}.qsync.yml"
    return SyncComparison(name, former, standing, path, 4, 5, *models, *relations, policy, streams)


def a_comparison(
    *syncs: SyncComparison,
    base: str = "../base",
    own: bool = True,
    settings: tuple[Reworded, ...] = (),
    alike: int = 0,
) -> Comparison:
    return Comparison("shop", "prod", base, own, own, settings, syncs, alike)


def everything() -> Comparison:
    """Each kind of change once, in numbers."""
    company = a_stream(
        FieldComparison(
            "region", ("reoptioned",), column("region"), column("region"), None, FieldCounts(361)
        ),
        object=ObjectType.COMPANY,
        records=Records(alike=361, invalid={"not_an_option:region": 9}),
        base_match="company_domain",
        head_match="company_domain",
    )
    lead = a_stream(
        FieldComparison(
            "country",
            ("remapped",),
            column("country"),
            column("country_code", "clear"),
            None,
            FieldCounts(2_470, set=14, changed=1_011, cleared=3),
        ),
        FieldComparison(
            "employees",
            ("retyped",),
            column("employees", type="string"),
            column("employees", type="decimal"),
            None,
            FieldCounts(800, changed=800),
        ),
        FieldComparison(
            "job_title",
            ("remapped",),
            column("title"),
            column("job_title"),
            "the column title is gone",
            FieldCounts(1_890),
        ),
        FieldComparison(
            "phone", ("dropped",), column("phone"), None, None, FieldCounts(unsent=1_948)
        ),
        FieldComparison(
            "seniority",
            ("remapped",),
            column("seniority"),
            column("seniority", "fail"),
            None,
            FieldCounts(2_000),
        ),
        FieldComparison(
            "source",
            ("added",),
            None,
            Mapped("string", None, "warehouse", "keep"),
            None,
            FieldCounts(2_474, set=2_474),
        ),
        records=Records(
            differing=2_400,
            alike=60,
            new=2,
            left=1,
            valid={"malformed_key": 7},
            invalid={"null_value:seniority": 3, "duplicate_key": 2},
            rekeyed=12,
        ),
        head_match="work_email",
    )
    leads = a_sync(
        company,
        lead,
        policy=(
            Reworded("on_removed", "keep", "clear"),
            Reworded("guards.max_changed", None, "40%"),
            Reworded("tags", "hourly", None),
        ),
    )
    usage = a_sync(
        a_stream(
            FieldComparison(
                "score", (), column("score"), column("score"), None, FieldCounts(90, changed=88)
            ),
            records=Records(differing=88, alike=2, left=4, rekeyed=None),
        ),
        name="usage",
        former="product_usage",
        models=("dim_product_users", "dim_users"),
        relations=("warehouse.prod.dim_product_users", "warehouse.prod.dim_users"),
    )
    trials = a_sync(
        a_stream(
            FieldComparison(
                "plan", ("added",), None, column("plan"), None, FieldCounts(300, set=300)
            ),
            records=Records(new=310),
            base_match=None,
        ),
        name="trials",
        standing=Standing.ADDED,
        models=(None, "dim_trials"),
    )
    visits = a_sync(
        a_stream(records=Records(new=5), base_match=None),
        name="visits",
        standing=Standing.ENABLED,
        models=(None, "dim_visits"),
    )
    partners = a_sync(
        a_stream(
            object=ObjectType.COMPANY,
            uncounted="this checkout's dbt project has no dim_partners, which it reads",
            regrouped=True,
        ),
        name="partners",
        models=("dim_partners", "dim_companies"),
        relations=(None, "warehouse.prod.dim_companies"),
    )
    events = a_sync(
        a_stream(
            FieldComparison(
                "seat", ("dropped",), column("seat"), None, None, FieldCounts(unsent=9)
            ),
            records=Records(left=40),
            head_match=None,
        ),
        name="events",
        standing=Standing.DISABLED,
        models=("dim_events", None),
    )
    old = a_sync(
        a_stream(
            FieldComparison("fax", ("dropped",), column("fax"), None, None, FieldCounts(unsent=11)),
            records=Records(left=1_200),
            head_match=None,
        ),
        name="old_leads",
        standing=Standing.REMOVED,
        models=("dim_old_leads", None),
    )
    tagged = a_sync(
        a_stream(), name="daily", policy=(Reworded("requires.tests", "none", "passed"),)
    )
    return a_comparison(
        leads,
        usage,
        trials,
        visits,
        partners,
        tagged,
        events,
        old,
        own=False,
        settings=(
            Reworded("qualified.apply_targets", "prod", "prod, staging"),
            Reworded("state.keep_removed", None, "30d"),
        ),
        alike=3,
    )
