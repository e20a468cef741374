"""Every kind of statement, in each warehouse's words, kept where a reviewer can read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlglot import exp

from qsync.execution.ports import BATCH_LEFT, CommitContext, Outcome, Reject, Stage
from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.comparison import CompareRequest, Side
from qsync.planning.compiled import CompiledStream
from qsync.planning.movement import Movement
from qsync.planning.ports import DiffRequest, StreamState
from qsync.project.model import ObjectType, OnNull
from qsync.warehouse.commits import StateWriter, acknowledged, numbered
from qsync.warehouse.comparing import comparison_query
from qsync.warehouse.counting import counting
from qsync.warehouse.dialect import BLANKS
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.diff import Diff
from qsync.warehouse.engine import engine_of
from qsync.warehouse.forgetting import is_suppressed, long_gone
from qsync.warehouse.layout import REJECTS, Layout
from qsync.warehouse.sql import col
from qsync.warehouse.staging import chunk_select, stage_select
from qsync.warehouse.unstaged import totals
from tests.support.golden import UPDATE
from tests.warehouse.kit import AT, field, stream

GOLDEN = Path(__file__).parent / "golden"

LEADS = stream(
    field("job_title", "title", on_null=OnNull.CLEAR),
    field("product_score", type=FieldType.DECIMAL, kind=ColumnKind.DECIMAL),
    field("last_seen_at", kind=ColumnKind.TIMESTAMP_TZ),
    field("seniority", type=FieldType.PICKLIST, options=["vp", "it's"]),
    field("source", constant="warehouse"),
    company="company_domain",
)
COMPANIES = stream(
    field("employees", type=FieldType.DECIMAL, kind=ColumnKind.INTEGER),
    field("segments", type=FieldType.MULTI_PICKLIST, kind=ColumnKind.TEXT_LIST, options=["a", "b"]),
    object=ObjectType.COMPANY,
    match="company_domain",
    grouped=True,
)

# What a pull request might do to each: another key, a field less, another column, another null.
LEADS_BEFORE = stream(
    field("job_title", "position"), field("phone"), match="work_email", company="company_domain"
)
COMPANIES_BEFORE = stream(
    field("employees", type=FieldType.STRING, kind=ColumnKind.INTEGER, on_null=OnNull.CLEAR),
    object=ObjectType.COMPANY,
    match="company_domain",
    grouped=True,
)

MOVED = Movement(added=("job_title", "segments"), retyped=("employees", "seniority"))


def _statements(of: CompiledStream, dialect_name: str) -> list[tuple[str, exp.Expr]]:
    dialect = DIALECTS[dialect_name]
    layout = Layout("qsync", "db" if dialect.names_database else None, engine_of(dialect_name))
    columns = frozenset(item.state_column for item in of.fields[1:])
    state = StreamState("0123456789abcdef", "state_people", columns, "f")
    request = DiffRequest(of, '"db"."prod"."people"', state)
    diff = Diff(request, dialect, layout.table("state_people"), layout.table(REJECTS))
    suppressed = is_suppressed(col("key"), of.object.value, layout, dialect)
    purge = [
        exp.delete(layout.table("state_people")).where(suppressed),
        *long_gone(layout, "state_people", "stage_r1", state.stream_id, AT),
    ]
    stage = Stage("r1", state.stream_id, "stage_r1", request, 1_000)
    writer = StateWriter(layout, stage, "state_people", CommitContext("r1", 7, AT))
    succeeded = acknowledged(
        [Outcome(1, 500, rejects=(Reject(3, "phone is invalid", "phone"),)), Outcome(501, 1_000)]
    )
    assert succeeded is not None
    commit = [
        *writer.acknowledge(succeeded),
        writer.forget_rejects(succeeded),
        *writer.reject([Reject(3, "phone is invalid: it's", None)]),
        *writer.unsettle(numbered([7, 8, 9])),
        *writer.entomb(),
        *writer.lose(numbered([7, 8]), "r0"),
        *writer.reject([Reject(4, BATCH_LEFT), Reject(5, "job_title is too long", "job_title")]),
    ]
    moved_table = layout.table("state_people")
    return [
        ("count", diff.query(counting(of, "diff", layout.table("state_people")))),
        ("count after the mapping moved", counting(of, "diff", moved_table, MOVED)),
        ("unstaged", totals(request, layout.table("stage_r1"), moved_table.copy(), dialect)),
        ("stage", diff.query(stage_select(of))),
        ("chunk", chunk_select(of, layout.table("stage_r1"), 1, 5_000)),
        *((f"purge {place}", statement) for place, statement in enumerate(purge, 1)),
        *((f"commit {place}", statement) for place, statement in enumerate(commit, 1)),
    ]


def _compare(before: CompiledStream, of: CompiledStream, dialect: str) -> exp.Expr:
    """One stream of two checkouts; what the base sent as source, if anything, is unknown."""
    relation = '"db"."prod"."people"'
    sides = Side(before, relation), Side(of, relation)
    return comparison_query(CompareRequest(*sides, frozenset({"source"})), DIALECTS[dialect])


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(("name", "of"), [("leads", LEADS), ("companies", COMPANIES)])
def test_statements_read_as_they_did(name: str, of: CompiledStream, dialect: str) -> None:
    _matches(f"{name}.{dialect}", dialect, _statements(of, dialect))


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_comparing_two_mappings_reads_as_it_did(dialect: str) -> None:
    statements = [
        ("leads", _compare(LEADS_BEFORE, LEADS, dialect)),
        ("companies", _compare(COMPANIES_BEFORE, COMPANIES, dialect)),
    ]
    _matches(f"compare.{dialect}", dialect, statements)


def _matches(name: str, dialect: str, statements: list[tuple[str, exp.Expr]]) -> None:
    text = "\n\n".join(
        f"-- {title}\n{DIALECTS[dialect].render(statement, pretty=True, copy=True)};"
        for title, statement in statements
    )
    # Characters an editor would not show, or a checkout would change.
    text = text.replace(BLANKS, " ␉␍␊")
    path = GOLDEN / f"{name}.sql"
    if UPDATE:
        GOLDEN.mkdir(exist_ok=True)
        path.write_bytes(text.encode() + b"\n")
    assert path.read_bytes().decode() == text + "\n"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_stream_without_state_is_not_joined_with_any(dialect: str) -> None:
    request = DiffRequest(LEADS, '"db"."prod"."people"', StreamState("0"))
    query = Diff(request, DIALECTS[dialect], None, None).query(counting(LEADS, "diff", None))
    text = DIALECTS[dialect].render(query)
    assert "state_" not in text.replace("state_rows", "")
    assert "FULL OUTER JOIN" not in text
