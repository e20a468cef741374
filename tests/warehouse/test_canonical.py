"""From a warehouse's value to the JSON that is sent, on every warehouse."""

from __future__ import annotations

import orjson
import pytest

from qsync.execution.items import ItemWriter
from qsync.fields.kinds import RULES, ColumnKind, fits
from qsync.fields.model import FieldType
from qsync.warehouse.columns import column_reader
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

T, D, B, S, L = (
    FieldType.TEXT,
    FieldType.DECIMAL,
    FieldType.BOOLEAN,
    FieldType.STRING,
    FieldType.TEXT_ARRAY,
)
LISTS = {"duckdb": "varchar[]", "postgres": "text[]"}
FLOATS = {"duckdb": "double", "postgres": "double precision"}
ZONED = {"duckdb": "timestamptz", "postgres": "timestamptz"}

# column type (by warehouse where they differ), SQL value, field type, JSON as sent
CASES: list[tuple[str | dict[str, str], str, FieldType, bytes]] = [
    ("bigint", "9007199254740993", D, b"9007199254740993"),
    ("integer", "-7", D, b"-7"),
    ("integer", "7", S, b'"7"'),
    ("decimal(12, 2)", "12.50", D, b"12.5"),
    ("decimal(12, 2)", "0.00", D, b"0"),
    ("decimal(12, 2)", "-100.00", D, b"-100"),
    ("decimal(12, 2)", "100.00", S, b'"100"'),
    ("decimal(30, 10)", "12345678901234567890.1234567891", D, b"12345678901234567890.1234567891"),
    ("decimal(10, 0)", "120", D, b"120"),
    ("decimal(4, 3)", "0.125", D, b"0.125"),
    (FLOATS, "0.1", D, b"0.1"),
    (FLOATS, "5", D, b"5"),
    (FLOATS, "100.0", D, b"100"),
    (FLOATS, "1e20", D, b"1e+20"),
    ("text", "'12.50'", D, b"12.50"),
    ("text", "' 7 '", D, b"7"),
    ("boolean", "true", B, b"true"),
    ("boolean", "false", B, b"false"),
    ("date", "date '2026-11-03'", S, b'"2026-11-03"'),
    ("timestamp", "timestamp '2026-11-03 05:00:00'", S, b'"2026-11-03T05:00:00Z"'),
    ("timestamp", "timestamp '2026-11-03 05:00:00.25'", T, b'"2026-11-03T05:00:00.250000Z"'),
    (ZONED, "timestamptz '2026-11-03 05:00:00+02'", S, b'"2026-11-03T03:00:00Z"'),
    ("text", "'say \"hi\"\\ \n'", T, b'"say \\"hi\\"\\\\ \\n"'),
    ("text", "'J\u00fcrgen \U0001f600'", T, '"Jürgen 😀"'.encode()),
    ("text", "''", T, b'""'),
    ("varchar(20)", "'x'", S, b'"x"'),
    (
        "uuid",
        "'123e4567-e89b-12d3-a456-426614174000'",
        S,
        b'"123e4567-e89b-12d3-a456-426614174000"',
    ),
    (
        LISTS,
        "array['a,b', 'say \"hi\"', 'back\\slash', 'é']",
        L,
        '["a,b","say \\"hi\\"","back\\\\slash","é"]'.encode(),
    ),
    ("text", "' jo@acme.example '", FieldType.EMAIL, b'"jo@acme.example"'),
]


@pytest.mark.parametrize(("column_type", "value", "field_type", "expected"), CASES)
def test_a_value_is_sent_as_the_table_of_field_types_says(
    connection: DirectConnection,
    column_type: str | dict[str, str],
    value: str,
    field_type: FieldType,
    expected: bytes,
) -> None:
    if isinstance(column_type, dict):
        column_type = column_type[connection.dialect.name]
    # A server's own time zone must not matter; qsync sets it for its session.
    desk = Desk(connection, f"email text, v {column_type}")
    connection.execute(f"INSERT INTO people VALUES ('a@x.example', {value})")
    columns = column_reader(connection)(desk.relation_in_full())
    assert columns is not None
    kind = columns[1].kind
    assert fits(field_type, kind)
    people = stream(field("value", "v", type=field_type, kind=kind))
    stage, change_set = desk.stage(people)
    assert change_set.counts.invalid == {}
    written = ItemWriter(people, "r").write(desk.rows(stage))
    assert written.invalid_late == ()
    (item,) = written.items
    assert b'"fields":{"value":' + expected + b"}" in item.body
    orjson.loads(item.body)


@pytest.mark.parametrize("number", ["'NaN'", "'Infinity'", "'-Infinity'"])
def test_numbers_json_does_not_know_are_invalid(connection: DirectConnection, number: str) -> None:
    kind = FLOATS[connection.dialect.name]
    desk = Desk(connection, f"email text, v {kind}")
    connection.execute(f"INSERT INTO people VALUES ('a@x.example', cast({number} as {kind}))")
    people = stream(field("value", "v", type=D, kind=ColumnKind.FLOAT))
    assert desk.plan(people).counts.invalid == {"not_a_number:value": 1}


def test_a_list_with_a_null_in_it_is_invalid_late_and_an_empty_one_goes(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, f"email text, v {LISTS[connection.dialect.name]}")
    connection.execute("INSERT INTO people VALUES ('a@x.example', array['x', null])")
    empty = "array[]::varchar[]" if connection.dialect.name == "duckdb" else "'{}'"
    connection.execute(f"INSERT INTO people VALUES ('b@x.example', {empty})")
    people = stream(field("value", "v", type=L, kind=ColumnKind.TEXT_LIST))
    stage, _ = desk.stage(people)
    written = ItemWriter(people, "r").write(desk.rows(stage))
    assert [reject.reason for reject in written.invalid_late] == ["not_a_list_of_strings:value"]
    (item,) = written.items
    assert b'"fields":{"value":[]}' in item.body


def test_every_field_type_takes_something_and_says_how_it_is_written() -> None:
    assert set(RULES) == set(FieldType)
    for rule in RULES.values():
        assert rule.kinds
        assert ColumnKind.OTHER not in rule.kinds


def test_booleans_go_to_boolean_fields_and_nowhere_else() -> None:
    takers = [kind for kind in FieldType if fits(kind, ColumnKind.BOOLEAN)]
    assert takers == [FieldType.BOOLEAN]
    assert RULES[FieldType.BOOLEAN].kinds == {ColumnKind.BOOLEAN}
