"""What columns hold, by the types that each warehouse tells."""

from __future__ import annotations

import pytest

from qsync.fields.kinds import ColumnKind as Kind
from qsync.warehouse.dialects import DIALECTS

TOLD = {
    # data_type of Snowflake's information schema; numbers with their scale, as `columns_of` asks.
    "snowflake": {
        "TEXT": Kind.TEXT,
        "VARCHAR(16777216)": Kind.TEXT,
        "NUMBER(38,0)": Kind.INTEGER,
        "NUMBER(38,2)": Kind.DECIMAL,
        "FLOAT": Kind.FLOAT,
        "BOOLEAN": Kind.BOOLEAN,
        "DATE": Kind.DATE,
        "TIMESTAMP_NTZ": Kind.TIMESTAMP,
        "TIMESTAMP_NTZ(9)": Kind.TIMESTAMP,
        "TIMESTAMP_LTZ": Kind.TIMESTAMP_TZ,
        "TIMESTAMP_TZ": Kind.TIMESTAMP_TZ,
        "ARRAY": Kind.TEXT_LIST,
        "VARIANT": Kind.OTHER,
        "OBJECT": Kind.OTHER,
        "BINARY": Kind.OTHER,
        "TIME": Kind.OTHER,
        "GEOGRAPHY": Kind.OTHER,
    },
    "bigquery": {
        "STRING": Kind.TEXT,
        "STRING(40)": Kind.TEXT,
        "INT64": Kind.INTEGER,
        "NUMERIC": Kind.DECIMAL,
        "NUMERIC(10, 2)": Kind.DECIMAL,
        "BIGNUMERIC(40)": Kind.DECIMAL,
        "FLOAT64": Kind.FLOAT,
        "BOOL": Kind.BOOLEAN,
        "DATE": Kind.DATE,
        "DATETIME": Kind.TIMESTAMP,
        "TIMESTAMP": Kind.TIMESTAMP_TZ,
        "ARRAY<STRING>": Kind.TEXT_LIST,
        "ARRAY<INT64>": Kind.OTHER,
        "STRUCT<a INT64, b STRING>": Kind.OTHER,
        "BYTES": Kind.OTHER,
        "JSON": Kind.OTHER,
        "TIME": Kind.OTHER,
        "INTERVAL": Kind.OTHER,
    },
    # data_type of svv_columns; numbers with their scale, as `columns_of` asks.
    "redshift": {
        "character varying": Kind.TEXT,
        "character varying(256)": Kind.TEXT,
        "character(2)": Kind.TEXT,
        "smallint": Kind.INTEGER,
        "integer": Kind.INTEGER,
        "bigint": Kind.INTEGER,
        "numeric(38,0)": Kind.INTEGER,
        "numeric(38,2)": Kind.DECIMAL,
        "numeric(38,)": Kind.DECIMAL,
        "real": Kind.FLOAT,
        "double precision": Kind.FLOAT,
        "boolean": Kind.BOOLEAN,
        "date": Kind.DATE,
        "timestamp without time zone": Kind.TIMESTAMP,
        "timestamp with time zone": Kind.TIMESTAMP_TZ,
        "super": Kind.TEXT_LIST,
        "time without time zone": Kind.OTHER,
        "binary varying": Kind.OTHER,
        "geometry": Kind.OTHER,
    },
    # full_data_type of Unity Catalog's information schema.
    "databricks": {
        "string": Kind.TEXT,
        "string collate UNICODE_CI": Kind.TEXT,
        "varchar(40)": Kind.TEXT,
        "char(2)": Kind.TEXT,
        "tinyint": Kind.INTEGER,
        "smallint": Kind.INTEGER,
        "int": Kind.INTEGER,
        "bigint": Kind.INTEGER,
        "decimal(38,0)": Kind.INTEGER,
        "decimal(10,2)": Kind.DECIMAL,
        "float": Kind.FLOAT,
        "double": Kind.FLOAT,
        "boolean": Kind.BOOLEAN,
        "date": Kind.DATE,
        "timestamp": Kind.TIMESTAMP_TZ,
        "timestamp_ntz": Kind.TIMESTAMP,
        "array<string>": Kind.TEXT_LIST,
        "array<int>": Kind.OTHER,
        "map<string,string>": Kind.OTHER,
        "struct<a:int>": Kind.OTHER,
        "binary": Kind.OTHER,
        "variant": Kind.OTHER,
    },
}


@pytest.mark.parametrize("warehouse", sorted(TOLD))
def test_types_are_read_as_what_they_hold(warehouse: str) -> None:
    dialect = DIALECTS[warehouse]
    assert {told: dialect.kind(told) for told in TOLD[warehouse]} == TOLD[warehouse]


def test_every_warehouse_by_text_has_its_types_here() -> None:
    assert set(TOLD) == {name for name, dialect in DIALECTS.items() if dialect.by_text}
