"""The statements somebody who knows SQL writes by hand for the one table they have.

They do a part of what qsync's do: nothing is checked (keys, duplicates, numbers, options), nothing
is said about fields, rejects and tombstones are not known.
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


def canonical(request: DiffRequest, dialect: Dialect, state: str) -> str:
    """The same, with keys and values made canonical as qsync does it, against qsync's state."""
    ctes = {
        name: tree.sql(dialect=dialect.name)
        for name, tree in source_query(request.stream, request.relation, dialect).ctes
    }
    found = _LAST_HASH.search(ctes["source"])
    assert found is not None
    return (
        f"WITH keyed AS ({ctes['keyed']}), "
        f"m AS (SELECT k AS key, {found.group(1)} AS h FROM keyed) "
        f"{_COUNTS} FROM m FULL JOIN {state} AS s ON m.key = s.key"
    )


def stage(table: str) -> str:
    """The rows to send, numbered."""
    names = ", ".join(f"{name}::text AS {name}" for name in FIELDS)
    return (
        f"CREATE TABLE {table} AS SELECT row_number() OVER (ORDER BY m.key) AS number, m.* "
        f"FROM (SELECT lower(trim(email)) AS key, {_hash()} AS h, {names} FROM {MODEL}) AS m "
        f"LEFT JOIN {STATE} AS s ON m.key = s.key WHERE s.key IS NULL OR m.h <> s.row_hash"
    )
