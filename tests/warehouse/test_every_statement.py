"""Every statement the whole room sends, in the words of each warehouse, read back and looked up.

Nothing runs: a connection that only writes statements down answers as a warehouse might. That a
text parses proves little, so each function in it is looked up in what its vendor documents
(`functions`), and a golden file keeps the text where a person can read it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlglot import ErrorLevel, exp, parse_one

from qsync.execution.ports import (
    Commit,
    CommitContext,
    DeadStream,
    KnownJob,
    LiveField,
    Outcome,
    Reject,
    Stage,
)
from qsync.ledger.alerts import OpenAlert, Trouble
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.compiled import CompiledStream
from qsync.planning.ports import DiffRequest, Only, StreamState
from qsync.project.model import ObjectType
from qsync.warehouse.alerting import AlertBook
from qsync.warehouse.columns import column_reader
from qsync.warehouse.connection import Row
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.engine import engine_of
from qsync.warehouse.layout import ALERTS, META, SUPPRESSED, Layout
from qsync.warehouse.probe import probe_connection, probe_rights
from qsync.warehouse.rejected import Rejected
from qsync.warehouse.sequential import run_guarded_one_by_one
from qsync.warehouse.sql import Expression
from qsync.warehouse.telling import Telling
from qsync.warehouse.writing import WritingWarehouse
from tests.support.golden import UPDATE
from tests.warehouse.functions import FUNCTIONS
from tests.warehouse.kit import AT
from tests.warehouse.test_golden import COMPANIES, GOLDEN, LEADS

BY_TEXT = sorted(name for name, dialect in DIALECTS.items() if dialect.by_text)

RELATION = {
    "snowflake": "DB.prod.people",
    "bigquery": "`db`.`prod`.`people`",
    "redshift": '"db"."prod"."people"',
    "databricks": "`db`.`prod`.`people`",
}


class Answer:
    """What a cursor is after a statement."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def fetchall(self) -> list[Row]:
        return self._rows


class Notebook:
    """A connection that writes statements down, and answers so that everything gets its turn."""

    def __init__(self, dialect: Dialect, tables: Sequence[str]) -> None:
        self.dialect = dialect
        self.database = "db"
        self.texts: list[str] = []
        self._tables = tables

    def rows(self, statement: Expression) -> list[Row]:
        columns = statement.expressions
        self._note(statement)
        text = self.texts[-1].replace("`", '"')
        if re.search("FROM .*(information_schema.tables|pg_tables)", text, re.IGNORECASE):
            return [(name,) for name in self._tables]
        if 'AS "digest"' in text:
            return [("d" * 32,)]
        if '"history"."run_id"' in text and '"sent"."number"' in text:
            return [("stage_r1_0123", "r1", "0" * 16, "people", AT, 7, "[]", 3, "changed", "c")]
        if "LIMIT 20" in text or text.startswith("WITH") or "GROUP BY" in text:
            return []
        if '"qsync_meta"' in text and text.startswith('SELECT "value"'):
            return [("ab" * 32,)] if "secret" in text else [("2",)]
        if text.startswith('SELECT "epoch"'):
            return [(1, "mine", "tests", 0, 0)] if self._tables else []
        if '"streams"."columns"' in text:
            return [("state_people", '["v_phone"]', "f", None)]
        if text.startswith('SELECT "state_table" FROM'):
            return [("state_people",)]
        if '"qsync_streams"' in text and '"columns"' in text:
            return [("0123456789abcdef", "state_people", '["v_phone"]', "f")]
        if len(columns) == 1 and re.match(r"SELECT (COUNT|COALESCE|MAX|CAST|UNIX)", text):
            return [(7,)]
        return [(AT,)] if text.startswith('SELECT "at"') else []

    def has_schema(self, schema: str) -> bool:
        return bool(self._tables) and schema == "qsync"

    def run(self, *statements: Expression) -> None:
        for statement in statements:
            self._note(statement)

    def run_and_read(self, statements: Sequence[Expression], read: Expression) -> list[Row]:
        self.run(*statements)
        return self.rows(read)

    def run_guarded(
        self, guard: Expression, check: Expression, statements: Sequence[Expression]
    ) -> bool:
        if engine_of(self.dialect.name).atomic:
            self.run(guard)
            self.rows(check)
            self.run(*statements)
            return True
        return run_guarded_one_by_one(self._execute, guard, check, statements)

    def _execute(self, statement: Expression) -> Answer:
        if isinstance(statement, exp.Query):
            return Answer(self.rows(statement))
        self._note(statement)
        return Answer([])

    def _note(self, statement: Expression) -> None:
        self.texts.append(self.dialect.render(statement))


class Called:
    """Remembers which of an object's methods were asked for."""

    def __init__(self, of: WritingWarehouse, names: set[str]) -> None:
        self._of = of
        self._names = names

    def __getattr__(self, name: str) -> object:
        self._names.add(name)
        return getattr(self._of, name)


def _opened(
    dialect: Dialect, tables: Sequence[str], names: set[str]
) -> tuple[Notebook, WritingWarehouse]:
    notebook = Notebook(dialect, tables)
    warehouse = WritingWarehouse(
        notebook,
        "qsync",
        {"model.x.people": RELATION[dialect.name]},
        column_reader(notebook),
        destination="api.qualified.com",
        project="x",
    )
    called: WritingWarehouse = Called(warehouse, names)  # type: ignore[assignment]
    return notebook, called


def _stream_work(room: WritingWarehouse, of: CompiledStream, relation: str) -> None:
    identity = "0123456789abcdef"
    known = StreamState(identity, "state_people", frozenset({"v_phone"}), "f")
    context = CommitContext("r1", 1, AT)
    request = DiffRequest(of, relation, known)
    room.change_set(request)
    room.imprint(request, room.diff(request).query(room.digest("diff")))
    room.samples(request, 3)
    room.change_set(DiffRequest(of, relation, StreamState(identity)))
    only = Only(stage="stage_r0_0123", rejects=True, run_id="r0")
    room.change_set(DiffRequest(of, relation, known, False, only))
    stage, _ = room.stage("r1", identity, request)
    room.read_stage(stage, 1, 500)
    room.begin(stage, context)
    room.keep_history(replace(stage, rows=7), AT, context)
    room.mark_posted(stage, 3, context, journaled=True)
    outcomes = [
        Outcome(
            1, 3, rejects=(Reject(2, "phone is invalid: it's", "phone"), Reject(3, "no", None))
        ),
        Outcome(4, 6, unknown=(5,), unresolved=True),
    ]
    job = KnownJob("j1", 1, 3, 1_700_000_000.0, 0)
    room.commit(stage, Commit(outcomes, (job,), ("j0",)), context)
    room.settle_mapping(stage, context)
    room.baseline(stage, context)
    room.purge_removed(stage, AT, context)
    dead = DeadStream("r0", of.sync, of.object.value, 7, True, stage, 5, False, (job,), stage.table)
    room.close_dead(dead, [(1, 5)], context)
    room.drop_stage(stage)
    fresh = Stage("r2", "f" * 16, "stage_r2", DiffRequest(of, relation, StreamState("f" * 16)), 7)
    room.begin(fresh, context)


@functools.cache
def _texts(name: str) -> tuple[str, ...]:
    return tuple(_everything(DIALECTS[name], set()))


def _everything(dialect: Dialect, names: set[str]) -> list[str]:
    """The texts of all statements, by asking everything of the room that it can do."""
    first, room = _opened(dialect, (), names)
    room.prepare()
    notebook, room = _opened(dialect, (*Layout.own_tables(), SUPPRESSED, "stage_x_01234567"), names)
    probe_connection(notebook)
    probe_rights(room, "ab12")
    room.prepare()
    room.columns(RELATION[dialect.name])
    room.remember_fields([LiveField("lead", "phone", "f1")])
    room.known_field_ids()
    room.acquire_lock("mine", "tests")
    room.renew_lock(1)
    room.lock_holder()
    room.break_lock("other")
    room.release_lock(1)
    for of in (LEADS, replace(COMPANIES, sync="companies")):
        _stream_work(room, of, RELATION[dialect.name])
    context = CommitContext("r1", 1, AT)
    room.dead_streams()
    room.close_dead_runs(context)
    room.suppress("lead", ["ann@example.com"], context)
    bare, another = _opened(dialect, Layout.own_tables(), names)
    another.suppress("lead", ["ann@example.com"], context)
    room.purge_suppressed("lead", 1)
    room.note_requests("r1", 1_700_000_000, 3)
    room.settle_requests("r1", {1_700_000_000: 2}, 1_600_000_000)
    room.requests_since(1_600_000_000)
    room.requests_spent("api.qualified.com")
    at = datetime(2026, 11, 3, 5, tzinfo=UTC)
    record = RunRecord("r1", "people", "lead", "prod", RunStatus.RUNNING, at)
    room.open_record(record)
    room.close_record(record, 1)
    room.run_details("r1")
    room.run_of_plan("0a1b")
    room.pace("api.qualified.com")
    room.ledger("x")
    room.last_runs("api.qualified.com", "x")
    room.orphans("api.qualified.com", "x", [])
    room.state_summaries()
    room.reject_summaries("x")
    room.stream_state("0123456789abcdef")
    room.destinations()
    room.secret()
    room.at("elsewhere")
    room.streams.rename("0" * 16, "1" * 16, "others")
    room.streams.remove("0123456789abcdef")
    _tell(notebook, room)
    return list(dict.fromkeys([*first.texts, *notebook.texts, *bare.texts]))


def _tell(notebook: Notebook, room: WritingWarehouse) -> None:
    """What `why`, `rejects`, `inspect` and alerts ask beside the room."""
    real = room.at("elsewhere")
    tables = frozenset({*Layout.own_tables(), SUPPRESSED, ALERTS})
    telling = Telling(real, "api.qualified.com")
    identity, lead = "0123456789abcdef", ObjectType.LEAD
    known = StreamState(identity, "state_people", frozenset({"v_phone"}), "f")
    request = DiffRequest(LEADS, RELATION[notebook.dialect.name], known)
    telling.standing(request, "ann@example.com", with_values=True)
    telling.acknowledged("state_people", "ann@example.com", lead)
    telling.rejection(identity, "ann@example.com", lead)
    telling.suppressed_since("ann@example.com", lead)
    telling.sendings([identity], "ann@example.com", lead, 5)
    telling.jobs_of("r1")
    rejected = Rejected(notebook, real.layout, "api.qualified.com", "x", tables=tables)
    rejected.groups()
    rejected.count()
    list(rejected.records())
    book = AlertBook(notebook, real.layout, "api.qualified.com", "x", tables=tables)
    book.last_records()
    book.times()
    book.opened()
    book.keep([OpenAlert("late", "people", Trouble.FAILED, "2026-11-03 05:00:00")], [])
    fresh = AlertBook(notebook, real.layout, "api.qualified.com", "x", tables=frozenset({META}))
    fresh.keep([OpenAlert("late", "people", Trouble.FAILED, "2026-11-03 05:00:00")], [])


NO_STATEMENT = {
    "change_set",
    "commit_seconds",
    "layout_version",
    "own_run",
    "relations",
    "tables",
    "refresh",
    # Parts of what is asked for here as a whole.
    "diff",
    "digest",
    "imprinted",
    "imprint",
    "counting",
    "counted",
    "unstaged",
    # `test_golden` has it.
    "compare",
}


@pytest.fixture(params=BY_TEXT)
def warehouse(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_nothing_the_room_can_do_is_left_out() -> None:
    called: set[str] = set()
    _everything(DIALECTS["snowflake"], called)
    public = {name for name in dir(WritingWarehouse) if not name.startswith("_")}
    assert public - called - NO_STATEMENT == set()


def test_every_statement_reads_as_it_did(warehouse: str) -> None:
    texts = _texts(warehouse)
    text = re.sub("[0-9a-f]{64}|'[0-9a-f]{16}'(?=, \\S*expires)", "…", ";\n".join(texts))
    text = re.sub(r"(holder.{0,4} = )'[0-9a-f]{16}'", r"\1'…'", text)
    path = GOLDEN / f"room.{warehouse}.sql"
    if UPDATE:
        path.write_bytes(text.encode() + b";\n")
    assert path.read_bytes().decode() == text + ";\n"


def _golden_and_room(name: str) -> list[str]:
    kept = [
        statement
        for part in ("leads", "companies", "compare")
        for statement in re.split(
            r"(?m)^-- .*\n", (GOLDEN / f"{part}.{name}.sql").read_text(encoding="utf-8")
        )
        if statement.strip()
    ]
    return [*_texts(name), *(text.rstrip().rstrip(";") for text in kept)]


@functools.cache
def _trees(name: str) -> tuple[exp.Expr, ...]:
    """All statements, read back."""
    texts = _golden_and_room(name)
    return tuple(parse_one(text, dialect=name, error_level=ErrorLevel.RAISE) for text in texts)


def test_every_statement_parses_and_uses_only_functions_the_vendor_documents(
    warehouse: str,
) -> None:
    unknown: set[str] = set()
    assert len(_trees(warehouse)) > 100
    for text in _golden_and_room(warehouse):
        unknown |= _function_names(text) - FUNCTIONS[warehouse].keys()
    assert unknown == set()


_NOT_FUNCTIONS = {
    *("AND", "AS", "BY", "EXISTS", "FROM", "IN", "INTO", "JOIN", "NOT", "ON", "OR", "OVER", "WHEN"),
    *("SELECT", "TABLE", "THEN", "VALUES", "WHERE", "WITH", "GROUP", "KEY", "ELSE", "SAID", "SET"),
    *("VARCHAR", "UNION", "ALL", "DISTINCT", "HAVING", "INSERT", "USING"),
}
_CALL = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"[^"]*"|`[^`]*`|\b([A-Za-z_]\w*)\s*\(""")


def _function_names(text: str) -> set[str]:
    """Whatever stands before a parenthesis in the text itself: trees may know it by other names."""
    found = {match[1].upper() for match in _CALL.finditer(text) if match[1]}
    return found - _NOT_FUNCTIONS


FOREIGN = {
    "snowflake": ["::", " ~ ", "ON CONFLICT", "`", "REGEXP_LIKE"],
    "bigquery": ["::", " ~ ", "ON CONFLICT", "FULL OUTER JOIN (", "AS TEXT", "VARCHAR", "LISTAGG"],
    "redshift": ["::", "ON CONFLICT", "FILTER", "IS DISTINCT FROM", "STRING_AGG", "`", "AS TEXT"],
    "databricks": ["::", " ~ ", "ON CONFLICT", "LISTAGG", "AS TEXT", "VARCHAR"],
}


def test_no_statement_has_words_of_another_warehouse(warehouse: str) -> None:
    for text in _golden_and_room(warehouse):
        outside = re.sub(r"'(?:[^'\\]|\\.|'')*'", "''", text)
        assert [word for word in FOREIGN[warehouse] if word in outside] == []
        assert "CONCAT(" not in outside  # `||` of NULL is NULL, whatever CONCAT makes of it
        wrong = '"' if warehouse in {"bigquery", "databricks"} else "`"
        assert wrong not in outside


def test_no_name_is_longer_than_a_warehouse_takes(warehouse: str) -> None:
    for tree in _trees(warehouse):
        names = [node.name for node in tree.find_all(exp.Identifier)]
        assert all(len(name.encode()) <= 127 for name in names)


def test_every_name_of_a_statement_s_own_is_quoted() -> None:
    """Snowflake would look for unquoted ones in capitals."""
    allowed = {"information_schema", "DB", "prod", "people"}
    for tree in _trees("snowflake"):
        bare = {node.name for node in tree.find_all(exp.Identifier) if not node.args.get("quoted")}
        if "information_schema" not in bare:
            assert bare <= allowed


def test_texts_are_joined_in_an_order(warehouse: str) -> None:
    """A digest of the same records in another order would be another one."""
    joined = {
        "bigquery": "STRING_AGG(`b`, '' ORDER BY `b`",
        "databricks": "ARRAY_JOIN(SORT_ARRAY(COLLECT_LIST(`b`)), '')",
    }.get(warehouse, 'LISTAGG("b", \'\') WITHIN GROUP (ORDER BY "b"')
    digests = [text for text in _texts(warehouse) if "digest" in text]
    assert digests
    assert all(joined in text for text in digests)


def test_on_databricks_patterns_have_no_set_within_a_set() -> None:
    """Java would begin a set of its own at the inner bracket, and find no end."""
    patterns = [
        node.expression.name
        for tree in _trees("databricks")
        for node in tree.find_all(exp.RegexpLike)
    ]
    assert any(pattern.startswith("^\\[(") for pattern in patterns)
    assert [pattern for pattern in patterns if "[[" in pattern or "[]" in pattern] == []
    assert [pattern for pattern in patterns if pattern.endswith("$")] == []


def test_md5_is_hex_everywhere(warehouse: str) -> None:
    built = DIALECTS[warehouse].render(DIALECTS[warehouse].md5(exp.column("x")))
    assert built == {"bigquery": "TO_HEX(MD5(x))"}.get(warehouse, "MD5(x)")


def test_rows_are_selected_from_something_where_there_is_a_condition() -> None:
    """BigQuery takes no WHERE without FROM."""
    for tree in _trees("bigquery"):
        for select in tree.find_all(exp.Select):
            assert select.args.get("where") is None or select.args.get("from_") is not None


def test_no_result_has_two_columns_of_one_name() -> None:
    """BigQuery refuses them."""
    for tree in _trees("bigquery"):
        if isinstance(tree, exp.Select):
            names = [name for name in tree.named_selects if name]
            assert len(names) == len(set(names))


def test_rows_are_changed_without_a_subquery_within_a_subquery(warehouse: str) -> None:
    """Databricks refuses them in UPDATE and DELETE."""
    changes = [tree for tree in _trees(warehouse) if isinstance(tree, (exp.Update, exp.Delete))]
    assert changes
    for tree in changes:
        assert [node for node in tree.find_all(exp.Select) if node.find_ancestor(exp.Select)] == []


def test_whether_a_value_is_in_a_subquery_is_asked_in_conditions_only(warehouse: str) -> None:
    """Redshift takes it nowhere else."""
    asked = [
        node
        for tree in _trees(warehouse)
        for node in tree.find_all(exp.In, exp.Exists)
        if isinstance(node, exp.Exists) or node.args.get("query") is not None
    ]
    assert asked
    for node in asked:
        assert isinstance(node.find_ancestor(exp.Where, exp.Case, exp.Alias), exp.Where)
