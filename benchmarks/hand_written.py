"""The statements somebody who knows SQL writes by hand for the one table they have.

They do a part of what qsync's do: nothing is checked (keys, numbers, options), nothing is said
about fields, rejects and tombstones are not known. Only the correct diff sees duplicates.
"""

from __future__ import annotations

import re

from benchmarks.setting import FIELDS
from qsync.planning.ports import DiffRequest
from qsync.warehouse.dialect import Dialect
from qsync.warehouse.source import source_query

_LAST_HASH = re.compile(r'(MD5\(.*?\)) AS "h"', re.DOTALL)

STATE = "prod.hand_state"
"""Key and hash of every row as it was sent last."""

MODEL = "prod.dim_leads"


class Raw:
    """Text where a connection wants a statement."""

    def __init__(self, text: str) -> None:
        self._text = text

    def sql(self, **_: object) -> str:
        """The text."""
        return self._text


def _hash() -> str:
    parts = (f"coalesce(length({name}::text) || ':' || {name}::text, '~')" for name in FIELDS)
    return f"md5({' || '.join(parts)})"


def make_state() -> list[str]:
    """What its author would keep: the key and the hash."""
    return [
        f"DROP TABLE IF EXISTS {STATE}",
        f"CREATE TABLE {STATE} AS SELECT lower(trim(email)) AS key, {_hash()} AS row_hash FROM "
        + MODEL,
    ]


_COUNTS = """\
SELECT count(*) FILTER (WHERE s.key IS NULL) AS added,
    count(*) FILTER (WHERE m.key IS NULL) AS removed,
    count(*) FILTER (WHERE m.h <> s.row_hash) AS changed,
    count(*) FILTER (WHERE m.h = s.row_hash) AS unchanged
"""


def bare() -> str:
    """The diff: a full outer join on the key, md5 of the texts, four counts."""
    return (
        f"{_COUNTS} FROM (SELECT lower(trim(email)) AS key, {_hash()} AS h FROM {MODEL}) AS m "
        f"FULL JOIN {STATE} AS s ON m.key = s.key"
    )


def correct(request: DiffRequest, dialect: Dialect, state: str) -> str:
    """What any diff must do to be right, against qsync's state.

    Keys are folded and values made canonical as qsync does it, so that no session's setting and no
    way of writing a number is a change; rows that share a key, of which each would be sent, are
    found and counted beside the four counts.
    """
    ctes = {
        name: tree.sql(dialect=dialect.name)
        for name, tree in source_query(request.stream, request.relation, dialect).ctes
    }
    found = _LAST_HASH.search(ctes["source"])
    assert found is not None
    return (
        f"WITH keyed AS ({ctes['keyed']}), "
        f"m AS (SELECT k AS key, {found.group(1)} AS h FROM keyed), "
        f"d AS ({ctes['shared']}) "
        f"{_COUNTS}, count(*) FILTER (WHERE d.shared_key IS NOT NULL) AS shared "
        f"FROM m LEFT JOIN d ON m.key = d.shared_key FULL JOIN {state} AS s ON m.key = s.key "
    )


def correct_stage(request: DiffRequest, dialect: Dialect, state: str, table: str) -> str:
    """The rows to send, numbered, by the correct diff."""
    ctes = {
        name: tree.sql(dialect=dialect.name)
        for name, tree in source_query(request.stream, request.relation, dialect).ctes
    }
    found = _LAST_HASH.search(ctes["source"])
    assert found is not None
    names = ", ".join(field.state_column for field in request.stream.fields)
    return (
        f"CREATE TABLE {table} AS WITH keyed AS ({ctes['keyed']}), "
        f"m AS (SELECT k AS key, {found.group(1)} AS h, {names} FROM keyed), "
        f"d AS ({ctes['shared']}) "
        f"SELECT row_number() OVER (ORDER BY m.key) AS number, m.* "
        f"FROM m LEFT JOIN d ON m.key = d.shared_key LEFT JOIN {state} AS s ON m.key = s.key "
        f"WHERE d.shared_key IS NULL AND (s.key IS NULL OR m.h <> s.row_hash)"
    )


def stage(table: str) -> str:
    """The rows to send, numbered."""
    names = ", ".join(f"{name}::text AS {name}" for name in FIELDS)
    return (
        f"CREATE TABLE {table} AS SELECT row_number() OVER (ORDER BY m.key) AS number, m.* "
        f"FROM (SELECT lower(trim(email)) AS key, {_hash()} AS h, {names} FROM {MODEL}) AS m "
        f"LEFT JOIN {STATE} AS s ON m.key = s.key WHERE s.key IS NULL OR m.h <> s.row_hash"
    )
