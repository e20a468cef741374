"""Base against head: which kinds of change there are, and what is asked to tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

import pytest

from qsync.artifacts import Manifest, Node
from qsync.execution.comparing import Base, compare
from qsync.fields import Field, FieldCatalog, FieldOption
from qsync.fields.kinds import ColumnKind
from qsync.planning.changes import ChangeCounts
from qsync.planning.comparison import (
    CompareRequest,
    Comparison,
    Counted,
    FieldCounts,
    Records,
    Reworded,
    Standing,
    StreamComparison,
    SyncComparison,
)
from qsync.planning.compile import compile_sync
from qsync.planning.plan import StreamPlan, SyncPlan
from qsync.planning.ports import Column
from qsync.project.model import (
    FieldMapping,
    Guards,
    Limit,
    LimitSettings,
    ModelRef,
    ObjectType,
    OnNull,
    OnRemoved,
    Project,
    ProjectSettings,
    QualifiedSettings,
    Requires,
    Sync,
    SyncConfig,
    TestsGate,
)
from tests.planning.kit import CATALOG, COLUMNS, NODE, a_sync, mapped
from tests.support import plans

RELATION = str(NODE.relation_name)
OTHER = replace(NODE, unique_id="model.shop.dim_people", name="dim_people")
OTHER_RELATION = '"db"."prod"."dim_people"'
FIELDS = (mapped("first_name"), mapped("job_title"))


@dataclass
class Warehouse:
    """Models by relation; says of every comparison that nothing differs, and writes it down."""

    models: dict[str, tuple[Column, ...]] = field(
        default_factory=lambda: {RELATION: COLUMNS, OTHER_RELATION: COLUMNS}
    )
    known: dict[str, str] = field(
        default_factory=lambda: {NODE.unique_id: RELATION, OTHER.unique_id: OTHER_RELATION}
    )
    asked: list[CompareRequest] = field(default_factory=list)
    records: Records = field(default_factory=lambda: Records(alike=7))
    fields: Mapping[str, FieldCounts] = field(default_factory=dict)

    def relations(self) -> Mapping[str, str]:
        return self.known

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        return self.models.get(relation)

    def compare(self, request: CompareRequest) -> Counted:
        self.asked.append(request)
        return Counted(self.records, self.fields)


def a_project(*syncs: Sync, settings: ProjectSettings | None = None) -> Project:
    return Project("shop", settings or ProjectSettings(), syncs)


def a_manifest(*nodes: Node) -> Manifest:
    return Manifest(
        path="target/manifest.json",
        schema_version=12,
        dbt_version="1.11",
        generated_at="",
        invocation_id=None,
        project_name="shop",
        adapter_type="duckdb",
        nodes={node.unique_id: node for node in nodes},
        tests=(),
    )


def compared(
    base: Sequence[Sync],
    head: Sequence[Sync],
    warehouse: Warehouse | None = None,
    *,
    base_catalog: FieldCatalog = CATALOG,
    head_columns: tuple[Column, ...] = COLUMNS,
    settings: tuple[ProjectSettings, ProjectSettings] = (ProjectSettings(), ProjectSettings()),
    settled: bool = True,
) -> Comparison:
    """The head's enabled syncs planned and compared with the base."""
    manifest = a_manifest(NODE, OTHER)
    planned = []
    for sync in head:
        if not sync.config.enabled:
            continue
        node = NODE if sync.model.name == NODE.name else OTHER
        compiled = compile_sync(sync, node, head_columns, CATALOG).compiled
        assert compiled is not None
        streams = tuple(
            StreamPlan(stream, "id", ChangeCounts(), (), first_load=False)
            for stream in compiled.streams
        )
        relation = RELATION if node is NODE else OTHER_RELATION
        planned.append(SyncPlan(compiled, relation, streams))
    project = a_project(*base, settings=settings[0])
    other = Base("../base", project, manifest, base_catalog, settled=settled)
    head_project = a_project(*head, settings=settings[1])
    return compare(plans.a_plan(*planned), head_project, other, warehouse or Warehouse())


def only(comparison: Comparison) -> SyncComparison:
    (found,) = comparison.syncs
    return found


def only_stream(comparison: Comparison) -> StreamComparison:
    (found,) = only(comparison).streams
    return found


def moves(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    return {item.name: item.moves for item in only_stream(comparison).fields}


def test_a_project_compared_with_itself_differs_nowhere_and_asks_nothing() -> None:
    syncs = [
        a_sync(*FIELDS, company=(mapped("region"),)),
        a_sync(mapped("tags", constant=None), name="off", config=SyncConfig(enabled=False)),
    ]
    warehouse = Warehouse()
    comparison = compared(syncs, syncs, warehouse)
    assert not comparison.has_differences
    assert (comparison.syncs, comparison.alike, comparison.affected) == ((), 1, 0)
    assert warehouse.asked == []


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ((mapped("first_name"),), {"job_title": ("dropped",)}),
        ((*FIELDS, mapped("is_customer")), {"is_customer": ("added",)}),
        ((FIELDS[0], mapped("job_title", "first_name")), {"job_title": ("remapped",)}),
        ((FIELDS[0], mapped("job_title", constant="Buyer")), {"job_title": ("remapped",)}),
        ((FIELDS[0], mapped("job_title", on_null=OnNull.CLEAR)), {"job_title": ("remapped",)}),
    ],
)
def test_a_field_that_moved_is_told_and_counted(
    head: tuple[FieldMapping, ...], told: dict[str, tuple[str, ...]]
) -> None:
    warehouse = Warehouse(records=Records(differing=4, alike=3))
    comparison = compared([a_sync(*FIELDS)], [a_sync(*head)], warehouse)
    assert moves(comparison) == told
    assert comparison.affected == 4
    (request,) = warehouse.asked
    assert request.base is not None
    assert request.head is not None
    assert request.base.relation == request.head.relation == RELATION
    assert request.unread == frozenset()


def test_a_field_that_is_sent_otherwise_is_told_though_its_mapping_stayed() -> None:
    warehouse = Warehouse(fields={"first_name": FieldCounts(9, set=2), "job_title": FieldCounts(9)})
    moved = replace(a_sync(*FIELDS), model=ModelRef("dim_people"))
    comparison = compared([a_sync(*FIELDS)], [moved], warehouse)
    assert moves(comparison) == {"first_name": ()}
    assert only(comparison).remodelled
    (request,) = warehouse.asked
    assert request.base is not None
    assert request.head is not None
    assert (request.base.relation, request.head.relation) == (RELATION, OTHER_RELATION)


def test_the_catalogs_types_and_options_are_compared() -> None:
    before = replace(
        CATALOG,
        lead=(
            Field("job_title", "Job Title", "text"),
            Field("seniority", "Seniority", "picklist", (FieldOption("cxo", "CXO"),)),
        ),
    )
    syncs = [a_sync(mapped("job_title"), mapped("seniority", "job_title"))]
    comparison = compared(syncs, syncs, base_catalog=before)
    assert moves(comparison) == {"job_title": ("retyped",), "seniority": ("reoptioned",)}


def test_a_match_key_from_another_column_is_told() -> None:
    comparison = compared([a_sync(*FIELDS)], [a_sync(*FIELDS, match="region")])
    stream = only_stream(comparison)
    assert stream.match_moved
    assert (stream.base_match, stream.head_match) == ("email", "region")


def test_syncs_are_new_removed_renamed_enabled_or_disabled() -> None:
    off = SyncConfig(enabled=False)
    base = [
        a_sync(*FIELDS, name="kept"),
        a_sync(*FIELDS, name="gone"),
        a_sync(*FIELDS, name="before"),
        a_sync(*FIELDS, name="on_now", config=off),
        a_sync(*FIELDS, name="off_now"),
        a_sync(*FIELDS, name="always_off", config=off),
    ]
    head = [
        a_sync(*FIELDS, name="kept"),
        a_sync(*FIELDS, name="after", renamed_from="before"),
        a_sync(*FIELDS, name="on_now"),
        a_sync(*FIELDS, name="off_now", config=off),
        a_sync(*FIELDS, name="always_off", config=off),
        a_sync(*FIELDS, name="fresh"),
    ]
    warehouse = Warehouse()
    comparison = compared(base, head, warehouse)
    assert {(sync.name, sync.former, sync.standing) for sync in comparison.syncs} == {
        ("after", "before", Standing.KEPT),
        ("on_now", None, Standing.ENABLED),
        ("fresh", None, Standing.ADDED),
        ("off_now", None, Standing.DISABLED),
        ("gone", None, Standing.REMOVED),
    }
    assert comparison.alike == 1
    # A new name alone changes nothing of what is sent.
    assert [(each.base is None, each.head is None) for each in warehouse.asked] == [
        (True, False),
        (True, False),
        (False, True),
        (False, True),
    ]


def test_a_rename_that_is_long_done_is_none() -> None:
    sync = a_sync(*FIELDS, name="after", renamed_from="before")
    assert not compared([sync], [sync]).has_differences


def test_a_company_block_that_is_new_is_a_stream_of_its_own() -> None:
    comparison = compared([a_sync(*FIELDS)], [a_sync(*FIELDS, company=(mapped("region"),))])
    company, lead = only(comparison).streams
    assert (company.object, company.base_match) == (ObjectType.COMPANY, None)
    assert {item.name: item.moves for item in company.fields} == {"region": ("added",)}
    assert not lead.differs


def test_policy_that_differs_is_a_list_of_its_own_and_asks_nothing() -> None:
    before = SyncConfig(tags=("b", "a"), owner="ops", guards=Guards(max_changed=Limit(rows=7)))
    after = SyncConfig(
        tags=("a", "b"),
        owner="growth",
        on_null=OnNull.CLEAR,
        on_removed=OnRemoved.CLEAR,
        guards=Guards(max_changed=Limit(share=Fraction(1, 5)), max_added_rows=9),
        requires=Requires(tests=TestsGate.PASSED, max_age=timedelta(days=7)),
    )
    warehouse = Warehouse()
    comparison = compared(
        [a_sync(*FIELDS, config=before)], [a_sync(*FIELDS, config=after)], warehouse
    )
    assert only(comparison).policy == (
        Reworded("on_null", "keep", "clear"),
        Reworded("on_removed", "keep", "clear"),
        Reworded("guards.max_changed", "7", "20%"),
        Reworded("guards.max_added_rows", None, "9"),
        Reworded("requires.tests", "none", "passed"),
        Reworded("requires.max_age", "24h", "7d"),
    )
    assert warehouse.asked == []


def test_allowing_free_mail_changes_which_records_are_valid_so_it_is_counted() -> None:
    warehouse = Warehouse(records=Records(alike=3, valid={"free_mail": 2}))
    syncs = [
        a_sync(*FIELDS, company=(mapped("region"),), config=SyncConfig(allow_free_mail=allowed))
        for allowed in (False, True)
    ]
    comparison = compared(syncs[:1], syncs[1:], warehouse)
    assert only(comparison).policy == (Reworded("allow_free_mail", "false", "true"),)
    assert [request.head.stream.object for request in warehouse.asked if request.head] == [
        ObjectType.COMPANY,
        ObjectType.LEAD,
    ]


def test_settings_that_decide_where_values_go_and_how_fast_are_compared() -> None:
    before = ProjectSettings(QualifiedSettings(apply_targets=("prod",)), keep_removed="30d")
    after = ProjectSettings(
        QualifiedSettings(
            base_url="https://other.example", account="two", limits=LimitSettings(share=0.5)
        ),
        state_schema="elsewhere",
    )
    syncs = [a_sync(*FIELDS)]
    comparison = compared(syncs, syncs, settings=(before, after))
    assert comparison.settings == (
        Reworded("qualified.base_url", "https://api.qualified.com", "https://other.example"),
        Reworded("qualified.account", None, "two"),
        Reworded("qualified.apply_targets", "prod", None),
        Reworded("qualified.limits.share", "0.9", "0.5"),
        Reworded("state.schema", "qsync", "elsewhere"),
        Reworded("state.keep_removed", "30d", None),
    )
    assert comparison.has_differences
    assert compared(syncs, syncs, settings=(before, after), settled=False).settings == ()


def test_a_column_that_is_gone_is_named_and_the_rest_is_counted() -> None:
    now = tuple(item for item in COLUMNS if item.name != "JOB_TITLE")
    now += (Column("title", ColumnKind.TEXT, "VARCHAR"),)
    warehouse = Warehouse({RELATION: now}, fields={"job_title": FieldCounts(sent=5)})
    comparison = compared(
        [a_sync(*FIELDS)],
        [a_sync(FIELDS[0], mapped("job_title", "title"))],
        warehouse,
        head_columns=now,
    )
    (told,) = only_stream(comparison).fields
    assert (told.moves, told.unread) == (("remapped",), "the column job_title is gone")
    assert told.counts == FieldCounts(sent=5)
    assert told.base is not None
    assert told.base.column == "job_title"
    (request,) = warehouse.asked
    assert request.unread == {"job_title"}
    assert request.base is not None
    assert [item.name for item in request.base.stream.fields] == ["first_name"]


def test_a_column_of_another_type_is_named_with_it() -> None:
    now = tuple(
        Column("is_customer", ColumnKind.TEXT, "VARCHAR") if item.name == "is_customer" else item
        for item in COLUMNS
    )
    comparison = compared(
        [a_sync(*FIELDS, mapped("is_customer"))],
        [a_sync(*FIELDS)],
        Warehouse({RELATION: now}),
        head_columns=now,
    )
    (told,) = only_stream(comparison).fields
    assert (told.moves, told.unread) == (("dropped",), "the column is_customer is VARCHAR now")


def test_without_its_match_key_nothing_is_counted_and_the_mapping_is_told() -> None:
    now = tuple(item for item in COLUMNS if item.name != "email")
    warehouse = Warehouse({RELATION: now})
    comparison = compared(
        [a_sync(*FIELDS)], [a_sync(FIELDS[0], match="region")], warehouse, head_columns=now
    )
    stream = only_stream(comparison)
    assert stream.uncounted == "the column email, from which it takes the match key, is gone"
    assert stream.match_moved
    assert moves(comparison) == {"job_title": ("dropped",)}
    assert warehouse.asked == []


@pytest.mark.parametrize(
    ("model", "warehouse", "why"),
    [
        ("dim_nobody", Warehouse(), "the manifest does not have its model dim_nobody"),
        (
            "dim_people",
            Warehouse(known={NODE.unique_id: RELATION}),
            "this checkout's dbt project has no dim_people",
        ),
        (
            "dim_people",
            Warehouse(models={RELATION: COLUMNS}),
            "the warehouse has no db.prod.dim_people",
        ),
    ],
)
def test_a_base_whose_model_is_gone_is_compared_by_its_mapping_alone(
    model: str, warehouse: Warehouse, why: str
) -> None:
    before = replace(a_sync(*FIELDS), model=ModelRef(model))
    after = a_sync(*FIELDS, mapped("is_customer"))
    comparison = compared([before], [after], warehouse)
    stream = only_stream(comparison)
    assert stream.uncounted is not None
    assert stream.uncounted.startswith(why)
    # The warehouse spells job_title in capitals, which nobody wrote.
    assert moves(comparison) == {"is_customer": ("added",)}
    assert only(comparison).remodelled
    assert warehouse.asked == []


def test_a_base_that_cannot_be_compiled_says_why_and_is_not_told_as_new() -> None:
    before = a_sync(mapped("no_such_field", "first_name"))
    warehouse = Warehouse()
    stream = only_stream(compared([before], [a_sync(*FIELDS)], warehouse))
    assert stream.uncounted is not None
    assert stream.uncounted.startswith("it cannot be compiled any more: Qualified has no lead")
    assert (stream.fields, stream.base_match, warehouse.asked) == ((), "email", [])
    gone = only_stream(compared([before], [], warehouse))
    assert gone.uncounted == stream.uncounted
