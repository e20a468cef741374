"""Statements through dbt's real adapters: transactions are transactions, errors are words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

from qsync.planning.ports import Column
from qsync.warehouse import (
    DbtOptions,
    DbtSession,
    WarehouseError,
    WritingWarehouse,
    column_reader,
    open_dbt,
)
from tests.support.dbt_project import EXAMPLE
from tests.support.dbt_small import write_small_project
from tests.support.warehouses import PostgresServer

CANARY = "canary@person.example"


def _project(folder: Path, output: dict[str, Any]) -> DbtOptions:
    catalog = (EXAMPLE / "qualified_fields.yml").read_text()
    written = write_small_project(folder, output, catalog)
    return DbtOptions(written, written, own_target_path=written / "target")


def _duckdb(path: Path) -> dict[str, Any]:
    return {"type": "duckdb", "path": str(path), "schema": "main", "threads": 1}


def _postgres(server: PostgresServer, **changes: Any) -> dict[str, Any]:
    return {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": server.port,
        "user": "qsync",
        "password": "none",
        "dbname": "postgres",
        "schema": "public",
        "threads": 1,
        **changes,
    }


@pytest.fixture(
    scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DbtSession]:
    """dbt's session over an empty database."""
    folder = tmp_path_factory.mktemp("small")
    if request.param == "duckdb":
        output = _duckdb(folder / "small.duckdb")
    else:
        server = request.getfixturevalue("postgres_server")
        output = _postgres(server, dbname=server.new_database())
    opened = open_dbt(_project(folder / "project", output))
    yield opened
    opened.close()


def _sql(session: DbtSession, text: str) -> exp.Expr:
    return parse_one(text, dialect=session.adapter_type)


def _count(session: DbtSession, table: str) -> int:
    return int(session.connection.rows(_sql(session, f"SELECT count(*) FROM {table}"))[0][0])


def test_dbt_names_the_relations_of_its_target(session: DbtSession) -> None:
    assert session.target == "prod"
    schema = "main" if session.adapter_type == "duckdb" else "public"
    assert session.relations["model.small.dim_leads"].endswith(f'"{schema}"."dim_leads"')


@pytest.mark.proves(fault="warehouse refuses", promise="no row lost")
def test_statements_run_together_are_all_done_or_none(session: DbtSession) -> None:
    run = session.connection.run
    run(_sql(session, "CREATE TABLE together (one INTEGER)"))
    insert = _sql(session, "INSERT INTO together VALUES (1)")
    with pytest.raises(WarehouseError):
        run(insert.copy(), _sql(session, "INSERT INTO nowhere VALUES (1)"))
    assert _count(session, "together") == 0
    run(insert.copy(), insert.copy())
    assert _count(session, "together") == 2


@pytest.mark.proves(fault="lock lost or rival run", promise="no false success")
def test_a_guard_that_does_not_hold_keeps_everything_out_its_own_statement_too(
    session: DbtSession,
) -> None:
    connection = session.connection
    connection.run(_sql(session, "CREATE TABLE guarded (one INTEGER)"))
    insert = _sql(session, "INSERT INTO guarded VALUES (1)")
    no, yes = (_sql(session, f"SELECT 1 FROM guarded WHERE one = {number}") for number in (2, 1))
    assert connection.run_guarded(insert.copy(), no, [insert.copy()]) is False
    assert _count(session, "guarded") == 0
    assert connection.run_guarded(insert.copy(), yes, [insert.copy()]) is True
    assert _count(session, "guarded") == 2


def test_what_a_transaction_wrote_is_read_in_it(session: DbtSession) -> None:
    make = _sql(session, "CREATE TABLE made AS SELECT 7 AS one")
    assert session.connection.run_and_read([make], _sql(session, "SELECT one FROM made")) == [(7,)]


def test_temporary_tables_last_as_long_as_a_session_even_after_an_error(
    session: DbtSession,
) -> None:
    lasting = session.connection.session()
    lasting.run(_sql(session, "CREATE TEMPORARY TABLE passing AS SELECT 7 AS one"))
    select = _sql(session, "SELECT one FROM passing")
    with pytest.raises(WarehouseError):
        lasting.rows(_sql(session, "SELECT * FROM no_such_table"))
    assert lasting.rows(select) == lasting.rows(select) == [(7,)]
    zone = _sql(session, "SELECT current_setting('TimeZone')")
    assert lasting.rows(zone) == [("UTC",)]


def test_times_are_told_in_utc(session: DbtSession) -> None:
    zone = "SELECT current_setting('TimeZone')"
    assert session.connection.rows(_sql(session, zone)) == [("UTC",)]


@pytest.mark.proves(fault="warehouse refuses", promise="nothing leaks")
@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT CAST('{CANARY}' AS INTEGER)",
        f"SELECT CAST('{CANARY}' AS DATE)",
        f"SELECT CAST('it''s {CANARY}, \"so\"' AS INTEGER)",
        f"SELECT CAST('two\nlines: {CANARY}' AS INTEGER)",
        f"INSERT INTO once VALUES ('{CANARY}')",
        "SELECT CAST(55501999 AS SMALLINT)",
    ],
)
def test_a_value_the_warehouse_refuses_is_not_repeated(session: DbtSession, statement: str) -> None:
    run = session.connection.run
    run(
        _sql(session, "DROP TABLE IF EXISTS once"),
        _sql(session, "CREATE TABLE once (one TEXT PRIMARY KEY)"),
        _sql(session, f"INSERT INTO once VALUES ('{CANARY}')"),
    )
    with pytest.raises(WarehouseError) as caught:
        run(_sql(session, statement))
    told = f"{caught.value.message} {caught.value.hint}"
    assert "canary" not in told
    assert "55501999" not in told
    assert "lines" not in told
    assert len(caught.value.message) > len("The warehouse refused: ") + 10
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_error_the_models_own_sql_raises_is_not_repeated_either(session: DbtSession) -> None:
    if session.adapter_type == "duckdb":
        raising = _sql(session, f"SELECT error('no row for {CANARY}')")
    else:
        body = f"BEGIN RAISE EXCEPTION 'no row for {CANARY}'; END"
        raising = exp.Command(this="DO", expression=f" $$ {body} $$")
    with pytest.raises(WarehouseError) as caught:
        session.connection.run(raising)
    assert "canary" not in caught.value.message
    assert "the model's SQL" in caught.value.message


def test_a_name_that_is_not_there_is_said(session: DbtSession) -> None:
    with pytest.raises(WarehouseError, match="no_such_table"):
        session.connection.rows(_sql(session, "SELECT * FROM no_such_table"))


def test_columns_come_with_kinds_whatever_the_case_of_their_names(session: DbtSession) -> None:
    schema = "Mixed Schema"
    session.connection.run(
        _sql(session, f'CREATE SCHEMA "{schema}"'),
        _sql(session, f'CREATE TABLE "{schema}"."Dim Leads" ("E mail" TEXT, "Größe" INTEGER)'),
    )
    read = column_reader(session.connection)
    database = session.connection.database
    columns = read(f'"{database}"."{schema}"."Dim Leads"')
    assert columns is not None
    assert [(column.name, column.kind.value) for column in columns] == [
        ("E mail", "text"),
        ("Größe", "integer"),
    ]
    assert read(f'"{database}"."{schema}"."Dim Others"') is None


def test_a_relation_rendered_without_quotes_is_found_as_the_warehouse_finds_it(
    session: DbtSession,
) -> None:
    session.connection.run(_sql(session, "CREATE TABLE unquoted_people (email TEXT)"))
    schema = "main" if session.adapter_type == "duckdb" else "public"
    columns = column_reader(session.connection)(f"{schema}.Unquoted_People")
    assert [column.name for column in columns or ()] == ["email"]


def _warehouse(session: DbtSession, schema: str) -> WritingWarehouse:
    columns: Any = column_reader(session.connection)
    return WritingWarehouse(
        session.connection, schema, {}, columns, destination="api.qualified.com", project="x"
    )


def test_a_state_schema_with_capitals_is_one_schema_and_made_once(session: DbtSession) -> None:
    for _ in range(2):
        _warehouse(session, "Qsync State").prepare()
    assert len(_warehouse(session, "Qsync State").tables) >= 7
    assert (
        _count(session, '"Qsync State".qsync_meta') == 3
    )  # layout, secret, and the view's version


def test_a_lock_is_taken_and_lost_through_the_adapter_as_well(session: DbtSession) -> None:
    warehouse = _warehouse(session, "qsync_locked")
    warehouse.prepare()
    epoch = warehouse.acquire_lock("one", "here")
    assert isinstance(epoch, int)
    assert not isinstance(_warehouse(session, "qsync_locked").acquire_lock("two", "there"), int)
    warehouse.renew_lock(epoch)


@pytest.mark.proves(fault="warehouse refuses", promise="ends cleanly")
def test_a_duckdb_file_in_other_hands_is_said_with_whose_hands(tmp_path: Path) -> None:
    path = tmp_path / "taken.duckdb"
    session = open_dbt(_project(tmp_path / "project", _duckdb(path)))
    session.connection.rows(_sql(session, "SELECT 1"))
    session.close()
    hold = (
        f"import duckdb; held = duckdb.connect({str(path)!r}); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        try:
            with pytest.raises(WarehouseError) as caught:
                session.connection.rows(_sql(session, "SELECT 1"))
        finally:
            other.communicate(b"\n")
    assert "The DuckDB file 'taken.duckdb' is open in another process" in caught.value.message
    assert f"PID {other.pid}" in caught.value.message
    assert "close the other one" in (caught.value.hint or "")
    assert session.connection.rows(_sql(session, "SELECT 1")) == [(1,)]
    session.close()


@pytest.mark.proves(fault="warehouse refuses", promise="ends cleanly")
@pytest.mark.postgres
def test_missing_rights_are_said_with_the_grant_that_mends_them(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    database = postgres_server.new_database()
    raw = postgres_server.raw(database)
    raw.cursor().execute(
        "CREATE ROLE stranger LOGIN; CREATE SCHEMA qsync; CREATE TABLE qsync.qsync_meta (x TEXT); "
        "CREATE SCHEMA marts; GRANT USAGE ON SCHEMA marts TO stranger; "
        "CREATE TABLE marts.dim_leads (email TEXT)"
    )
    output = _postgres(postgres_server, dbname=database, user="stranger")
    session = open_dbt(_project(tmp_path / "project", output))

    def refused(call: Any) -> tuple[str, str]:
        with pytest.raises(WarehouseError) as caught:
            call()
        return caught.value.message, caught.value.hint or ""

    message, hint = refused(_warehouse(session, "elsewhere").prepare)
    assert f"permission denied for database {database}" in message
    assert f'GRANT CREATE ON DATABASE "{database}"' in hint
    assert "CREATE SCHEMA qsync AUTHORIZATION" in hint

    message, hint = refused(lambda: _warehouse(session, "qsync").tables)
    assert "permission denied for schema qsync" in message
    assert 'GRANT USAGE ON SCHEMA "qsync"' in hint

    select = _sql(session, "SELECT * FROM marts.dim_leads")
    message, hint = refused(lambda: session.connection.rows(select))
    assert "permission denied for table dim_leads" in message
    assert 'GRANT SELECT ON "dim_leads"' in hint
    assert column_reader(session.connection)('"marts"."dim_leads"') == (
        Column("email", column_reader(session.connection)('"marts"."dim_leads"')[0].kind, "text"),  # type: ignore[index]
    )
    session.close()
    raw.close()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"port": 1}, "Connection refused"),
        ({"dbname": "no_such_database"}, 'database "no_such_database" does not exist'),
        ({"user": "no_such_user"}, 'role "no_such_user" does not exist'),
    ],
)
def test_a_server_that_cannot_be_reached_is_said_with_why(
    postgres_server: PostgresServer, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    options = _project(tmp_path / "project", _postgres(postgres_server, **changes))
    session = open_dbt(options)
    with pytest.raises(WarehouseError) as caught:
        session.connection.rows(_sql(session, "SELECT 1"))
    assert said in caught.value.message
    assert "host, port, user and password" in (caught.value.hint or "")
    session.close()
