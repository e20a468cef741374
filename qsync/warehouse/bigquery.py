"""BigQuery's ways: by text only."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery as Words
from sqlglot.generators.bigquery import BigQueryGenerator

from qsync.fields.kinds import ColumnKind
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.sql import Expression, case, is_null, null_text, text
from qsync.warehouse.textual import collated, column_query, every_match

_KINDS = {
    "ARRAY<STRING>": ColumnKind.TEXT_LIST,
    "BIGNUMERIC": ColumnKind.DECIMAL,
    "BOOL": ColumnKind.BOOLEAN,
    "DATE": ColumnKind.DATE,
    "DATETIME": ColumnKind.TIMESTAMP,
    "FLOAT64": ColumnKind.FLOAT,
    "INT64": ColumnKind.INTEGER,
    "NUMERIC": ColumnKind.DECIMAL,
    "STRING": ColumnKind.TEXT,
    "TIMESTAMP": ColumnKind.TIMESTAMP_TZ,
}

_MOMENT = "%E4Y-%m-%dT%H:%M:%E6SZ"


class _Generator(BigQueryGenerator):
    """What sqlglot leaves as it is and BigQuery does not have."""

    TRANSFORMS: ClassVar[Any] = {
        **BigQueryGenerator.TRANSFORMS,
        exp.PrimaryKey: lambda self, node: (
            f"PRIMARY KEY ({self.expressions(node, flat=True)}) NOT ENFORCED"
        ),
        exp.Collate: collated(""),
        exp.RegexpReplace: every_match,
    }


class _Words(Words):
    Generator = _Generator


class BigQuery(Dialect):
    """No session to set: functions say the zone. NULL of a list is an empty list once stored."""

    name = "bigquery"
    words = _Words
    by_text = True

    def kind(self, column_type: str) -> ColumnKind:
        return _KINDS.get(re.sub(r"\([\d, ]+\)", "", column_type.upper()), ColumnKind.OTHER)

    def columns_of(self, relation: exp.Table) -> exp.Select | None:
        """From the data set's own information schema."""
        view = exp.to_identifier("COLUMNS")
        project, data_set = relation.args.get("catalog"), relation.args.get("db")
        found = exp.Table(
            this=exp.Dot(this=exp.to_identifier("INFORMATION_SCHEMA"), expression=view),
            db=None if data_set is None else data_set.copy(),
            catalog=None if project is None else project.copy(),
        )
        return column_query(relation, exp.column("data_type"), fold=str, schema=found)

    def timestamp_text(self, value: Expression, *, zoned: bool) -> Expression:
        if not zoned:
            return exp.Anonymous(this="FORMAT_DATETIME", expressions=[text(_MOMENT), value])
        parts = [text(_MOMENT), value, text("UTC")]
        return exp.Anonymous(this="FORMAT_TIMESTAMP", expressions=parts)

    def list_text(self, value: Expression) -> Expression:
        """Of NULL the function makes the text `null`."""
        told = exp.Anonymous(this="TO_JSON_STRING", expressions=[value])
        return case([(is_null(value), null_text())], told)

    def md5(self, value: Expression) -> Expression:
        """`MD5` answers bytes here."""
        return exp.LowerHex(this=exp.MD5Digest(this=value))

    def epoch_now(self) -> Expression:
        return exp.Anonymous(
            this="UNIX_SECONDS", expressions=[exp.Anonymous(this="CURRENT_TIMESTAMP")]
        )
