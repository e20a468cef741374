"""From a warehouse's value to the JSON that is sent, on every warehouse."""

from __future__ import annotations

import orjson
import pytest

from qsync.execution.items import ItemWriter
from qsync.execution.ports import StagedRow
from qsync.fields.kinds import ColumnKind, fits
from qsync.fields.model import FieldType
from qsync.planning.compiled import CompiledStream
from qsync.project.model import ObjectType
from qsync.warehouse.columns import column_reader
from qsync.warehouse.dialects import DIALECTS
from tests.support.warehouses import DirectConnection, PostgresServer, duckdb_connection
from tests.warehouse.kit import Desk, field, stream

S, T, D, B = FieldType.STRING, FieldType.TEXT, FieldType.DECIMAL, FieldType.BOOLEAN
A, M, P = FieldType.TEXT_ARRAY, FieldType.MULTI_PICKLIST, FieldType.PICKLIST

Case = tuple[str, str, FieldType, str]
"""A column's type, a value in SQL, the field's type, the JSON sent: empty where nothing is."""

COMMON: list[Case] = [
    ("smallint", "-7", D, "-7"),
    ("integer", "7", S, '"7"'),
    ("integer", "0", D, "0"),
    ("integer", "4477700", FieldType.PHONE, '"4477700"'),
    ("integer", "3", P, '"3"'),
    ("bigint", "9007199254740993", D, "9007199254740993"),
    ("bigint", "-9223372036854775808", D, "-9223372036854775808"),
    ("decimal(12, 2)", "12.50", D, "12.5"),
    ("decimal(12, 2)", "0.00", D, "0"),
    ("decimal(12, 2)", "-0.10", D, "-0.1"),
    ("decimal(12, 2)", "-100.00", D, "-100"),
    ("decimal(12, 2)", "100.00", S, '"100"'),
    ("decimal(4, 3)", "0.125", D, "0.125"),
    ("decimal(10, 0)", "120", D, "120"),
    ("decimal(10, 0)", "120", FieldType.PHONE, '"120"'),
    ("decimal(30, 10)", "12345678901234567890.1234567891", D, "12345678901234567890.1234567891"),
    ("decimal(38, 9)", "-0.000000001", D, "-0.000000001"),
    ("double precision", "0.1", D, "0.1"),
    ("double precision", "5", D, "5"),
    ("double precision", "100.0", S, '"100"'),
    ("double precision", "-2.5", D, "-2.5"),
    ("double precision", "1e20", D, "1e+20"),
    ("double precision", "1e-7", D, "1e-07"),
    ("double precision", "0.30000000000000004", D, "0.30000000000000004"),
    ("double precision", "'-0'::double precision", D, "0"),
    ("double precision", "null", D, ""),
    ("real", "0.1", D, "0.1"),
    ("real", "'-0'::real", S, '"0"'),
    ("text", "'12.50'", D, "12.50"),
    ("text", "' 7 '", D, "7"),
    ("text", "''", D, ""),
    ("text", "'-1e3'", D, "-1e3"),
    ("boolean", "true", B, "true"),
    ("boolean", "false", B, "false"),
    ("boolean", "null", B, ""),
    ("date", "date '2026-11-03'", S, '"2026-11-03"'),
    ("date", "date '0987-01-02'", S, '"0987-01-02"'),
    ("date", "date 'infinity'", S, ""),
    ("timestamp", "timestamp '2026-11-03 05:00:00'", S, '"2026-11-03T05:00:00Z"'),
    ("timestamp", "timestamp '2026-11-03 05:00:00.25'", T, '"2026-11-03T05:00:00.250000Z"'),
    ("timestamp", "timestamp '2026-11-03 23:59:59.000001'", T, '"2026-11-03T23:59:59.000001Z"'),
    ("timestamp", "timestamp '-infinity'", T, ""),
    ("timestamptz", "timestamptz '2026-11-03 05:00:00+02'", S, '"2026-11-03T03:00:00Z"'),
    (
        "timestamptz",
        "timestamptz '2026-01-01 00:30:00.5+05:30'",
        S,
        '"2025-12-31T19:00:00.500000Z"',
    ),
    ("timestamptz", "timestamptz 'infinity'", S, ""),
    ("text", "'say \"hi\"\\ \n\t'", T, r'"say \"hi\"\\ \n\t"'),
    ("text", "'Jürgen 😀 \u200b'", T, '"Jürgen 😀 \u200b"'),
    ("text", "'it''s 50%'", T, '"it\'s 50%"'),
    ("text", "''", T, '""'),
    ("text", "' padded '", T, '" padded "'),
    ("text", "null", T, ""),
    ("varchar(20)", "'x'", S, '"x"'),
    ("text", "' jo@acme.example '", FieldType.EMAIL, '"jo@acme.example"'),
    ("text", "'  '", FieldType.EMAIL, ""),
    ("uuid", "'123e4567-e89b-12d3-a456-426614174000'", S, '"123e4567-e89b-12d3-a456-426614174000"'),
    (
        "text[]",
        "array['a,b', 'say \"hi\"', 'b\\s', 'é\n']",
        A,
        r'["a,b","say \"hi\"","b\\s","é\n"]',
    ),
    ("text[]", "array['']", A, '[""]'),
    ("varchar[]", "array['x', 'null', '[]']", M, '["x","null","[]"]'),
    ("text[]", "null", A, ""),
]
ONLY: dict[str, list[Case]] = {
    "duckdb": [
        ("double precision", "1e15", D, "1000000000000000"),
        ("hugeint", "1" + "6" * 38, D, "1" + "6" * 38),
        ("utinyint", "255", D, "255"),
        ("enum('vp', 'it''s')", "'it''s'", P, '"it\'s"'),
        ("varchar[]", "[]", A, "[]"),
        ("timestamp_ns", "'2026-11-03 05:00:00.123456789'", S, '"2026-11-03T05:00:00.123457Z"'),
        ("timestamp_s", "timestamp_s '2026-11-03 05:00:00'", S, '"2026-11-03T05:00:00Z"'),
    ],
    "postgres": [
        ("double precision", "1e15", D, "1e+15"),
        ("numeric", "12345678901234567890123456789.10", D, "12345678901234567890123456789.1"),
        ("numeric", "1e30", D, "1" + "0" * 30),
        ("numeric(5, -2)", "1234", D, "1200"),
        ("char(5)", "'ab'", S, '"ab"'),
        ("bpchar", "'ab'", S, '"ab"'),
        ("name", "'ab'", S, '"ab"'),
        ("seniority", "'it''s'", P, '"it\'s"'),
        ("address", "'jo@acme.example'", FieldType.EMAIL, '"jo@acme.example"'),
        ("percent", "12.50", D, "12.5"),
        ("varchar(9)[]", "'{}'", A, "[]"),
        ("timestamp(3)", "'2026-11-03 05:00:00.1234'", S, '"2026-11-03T05:00:00.123000Z"'),
    ],
}  # fmt: skip
TYPES = (
    "CREATE TYPE seniority AS ENUM ('vp', 'it''s')",
    "CREATE DOMAIN address AS text",
    "CREATE DOMAIN percent AS numeric(5, 2)",
)


def _cases(connection: DirectConnection) -> list[Case]:
    return COMMON + ONLY[connection.dialect.name]


def _made(connection: DirectConnection, cases: list[Case]) -> tuple[Desk, CompiledStream]:
    """A model of one row with a column per case, and a stream that maps each."""
    if connection.dialect.name == "postgres":
        for statement in TYPES:
            connection.execute(statement)
    columns = "".join(f", c{place} {case[0]}" for place, case in enumerate(cases))
    desk = Desk(connection, f"email text{columns}")
    values = "".join(f", {case[1]}" for case in cases)
    connection.execute(f"INSERT INTO people VALUES ('a@x.example'{values})")
    _, *found = column_reader(connection)(desk.relation_in_full()) or ()
    for case, column in zip(cases, found, strict=True):
        assert fits(case[2], column.kind), column
    fields = [
        field(f"f{place:03}", f"c{place}", type=case[2], kind=column.kind)
        for place, (case, column) in enumerate(zip(cases, found, strict=True))
    ]
    return desk, stream(*fields)


def _sent(desk: Desk, people: CompiledStream) -> tuple[StagedRow, bytes]:
    stage, change_set = desk.stage(people)
    assert change_set.counts.invalid == {}
    (row,) = desk.rows(stage)
    (item,) = ItemWriter(people, "r").write([row]).items
    orjson.loads(item.body)
    return row, item.body


def test_values_are_sent_as_the_table_of_field_types_says(connection: DirectConnection) -> None:
    cases = _cases(connection)
    desk, people = _made(connection, cases)
    _, body = _sent(desk, people)
    expected = [f'"f{place:03}":{case[3]}' for place, case in enumerate(cases) if case[3]]
    assert b'"fields":{' in body
    written = body.partition(b'"fields":{')[2].decode()
    missing = [text for text in expected if text + "," not in written and text + "}" not in written]
    assert missing == []
    assert len(orjson.loads(body)["data"]["fields"]) == len(expected)


def test_what_was_sent_is_what_is_acknowledged_and_equal_again(
    connection: DirectConnection,
) -> None:
    desk, people = _made(connection, _cases(connection))
    desk.run(people)
    counts = desk.plan(people).counts
    assert (counts.unchanged, counts.rehashed, counts.changed) == (1, 0, 0)


@pytest.mark.postgres
def test_a_servers_own_settings_do_not_change_a_text(postgres_server: PostgresServer) -> None:
    """Neither its time zone nor how it shows dates and numbers; else every row would be resent."""
    name = postgres_server.new_database()
    raw = postgres_server.raw(name)
    for setting in (
        "timezone TO 'Asia/Tokyo'",
        "datestyle TO 'SQL, DMY'",
        "extra_float_digits TO -4",
        "standard_conforming_strings TO off",
        "intervalstyle TO 'iso_8601'",
    ):
        raw.cursor().execute(f"ALTER DATABASE {name} SET {setting}")
    raw.close()
    connection = DirectConnection(postgres_server.raw(name), DIALECTS["postgres"], name)
    test_values_are_sent_as_the_table_of_field_types_says(connection)
    connection.raw.close()


def test_duckdbs_own_time_zone_does_not_change_a_text() -> None:
    connection = duckdb_connection()
    connection.execute("SET GLOBAL TimeZone = 'Asia/Tokyo'")
    again = DirectConnection(connection.raw, connection.dialect, connection.database)
    test_values_are_sent_as_the_table_of_field_types_says(again)
    connection.raw.close()


@pytest.mark.parametrize("kind", ["double precision", "real"])
@pytest.mark.parametrize("into", [D, S])
def test_numbers_that_are_none_are_invalid_as_numbers_and_as_texts(
    connection: DirectConnection, kind: str, into: FieldType
) -> None:
    desk = Desk(connection, f"email text, v {kind}")
    for place, number in enumerate(("NaN", "Infinity", "-Infinity", "1")):
        connection.execute(f"INSERT INTO people VALUES ('p{place}@x.example', '{number}'::{kind})")
    people = stream(field("value", "v", type=into, kind=ColumnKind.FLOAT))
    assert desk.plan(people).counts.invalid == {"not_a_number:value": 3}
    assert [row.values for row in desk.run(people)] == [("1",)]


@pytest.mark.parametrize("type_", [A, M])
def test_a_list_with_a_null_in_it_is_invalid(
    connection: DirectConnection, type_: FieldType
) -> None:
    desk = Desk(connection, "email text, v text[]")
    lists: tuple[list[str | None], ...] = (
        ["x", None],
        [None],
        ["null"],
        [],
        ['"', "\\", ",", '",null,"'],
    )
    desk.load(*([f"p{place}@x.example", entries] for place, entries in enumerate(lists)))
    people = stream(field("value", "v", type=type_, kind=ColumnKind.TEXT_LIST))
    assert desk.plan(people).counts.invalid == {"not_a_list_of_strings:value": 2}
    assert [orjson.loads(row.values[0] or "") for row in desk.run(people)] == [*lists[2:]]


@pytest.mark.parametrize(
    "type_",
    ["integer[]", "decimal(3, 1)[]", "time", "interval", "json", "date[]"],
)
def test_what_no_field_takes_is_of_no_kind(connection: DirectConnection, type_: str) -> None:
    desk = Desk(connection, f"email text, v {type_}")
    _, column = column_reader(connection)(desk.relation_in_full()) or ()
    assert column.kind is ColumnKind.OTHER
    assert not any(fits(known, column.kind) for known in FieldType)


def test_columns_are_told_with_the_warehouses_own_types(connection: DirectConnection) -> None:
    desk = Desk(connection, 'email text, "Mixed Case" decimal(5, 2)')
    columns = column_reader(connection)(desk.relation_in_full())
    assert columns is not None
    own = {"duckdb": ("VARCHAR", "DECIMAL(5,2)"), "postgres": ("text", "numeric(5,2)")}
    assert tuple(column.type for column in columns) == own[connection.dialect.name]
    assert columns[1].name == "Mixed Case"
    absent = desk.relation_in_full().replace("people", "nobody")
    assert column_reader(connection)(absent) is None


@pytest.mark.parametrize("grouped", [False, True])
def test_a_collation_that_ignores_case_hides_no_change_and_lets_no_option_pass(
    connection: DirectConnection, grouped: bool
) -> None:
    collation = {"duckdb": "NOCASE.NOACCENT", "postgres": '"loose"'}[connection.dialect.name]
    if connection.dialect.name == "postgres":
        connection.execute(
            "CREATE COLLATION loose "
            "(provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
        )
    columns = (f"{name} text COLLATE {collation}" for name in ("domain", "title", "role", "n"))
    desk = Desk(connection, ", ".join(columns))
    companies = stream(
        field("title"),
        field("role", type=P, options=["vp"]),
        field("n", type=D),
        object=ObjectType.COMPANY,
        grouped=grouped,
    )
    desk.load(
        ("ACME.example", "ceo", "vp", "1e3"),
        ("acmé.example", "ceo", "vp", "1"),
        ("beta.example", "ceo", "VP", "1"),
    )
    invalid = {"non_ascii_key": 1, "not_an_option:role": 1}
    assert desk.plan(companies).counts.invalid == invalid
    desk.run(companies)
    desk.load(("acme.example", "CEO", "vp", "1E3"))
    assert [row.values for row in desk.run(companies)] == [("1E3", "vp", "CEO")]
    if grouped:
        desk.load(("acme.example", "CEO", "vp", "1"), ("acme.example", "Ceo", "vp", "1"))
        assert desk.plan(companies).counts.conflicts == {"title": 1}
