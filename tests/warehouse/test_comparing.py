"""Two mappings of a stream on the same rows: the counts are those that Python comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.comparison import CompareRequest, Counted, FieldCounts, Records, Side
from qsync.planning.compiled import CompiledField, CompiledStream
from qsync.project.model import ObjectType, OnNull
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

COLUMNS = ("email", "other", "x", "y")
ADDRESSES = ["a@x.example", "b@x.example", "c@x.example", "A@x.example", "broken", None]
Row = tuple[str | None, str | None, str | None, str | None]
NOTHING = "nothing"
"""What is sent for a field that is left out. None is null."""

ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.sampled_from(ADDRESSES),
        st.sampled_from(ADDRESSES),
        st.sampled_from([None, "", "1", "2"]),
        st.sampled_from([None, "1", "no"]),
    ),
    max_size=7,
)


def _fields(name: str) -> st.SearchStrategy[CompiledField]:
    return st.one_of(
        st.builds(
            lambda column, on_null: field(name, column, on_null=on_null),
            st.sampled_from("xy"),
            st.sampled_from(OnNull),
        ),
        st.just(field(name, constant="1")),
        st.just(field(name, "y", type=FieldType.PICKLIST, options=["1", "2"])),
    )


MAPPINGS: st.SearchStrategy[CompiledStream] = st.builds(
    lambda some, match: stream(*some, match=match),
    st.tuples(_fields("first"), _fields("second"), _fields("third")).flatmap(
        lambda three: st.lists(st.sampled_from(three), unique_by=lambda item: item.name, max_size=3)
    ),
    st.sampled_from(["email", "email", "other"]),
)


def _folded(value: str | None) -> str | None:
    return None if value is None else value.strip().lower()


def _records(of: CompiledStream, rows: Sequence[Row]) -> dict[str, tuple[str | None, Row]]:
    """Each key's reason and row, as one side sees it."""
    place = COLUMNS.index(of.match_column)
    keys = Counter(_folded(row[place]) for row in rows)
    found: dict[str, tuple[str | None, Row]] = {}
    for row in rows:
        key = _folded(row[place])
        if key is None:
            continue
        reason = "duplicate_key" if keys[key] > 1 else _wrong(of, row)
        found[key] = (reason if "@" in key else "malformed_key", row)
    return found


def _wrong(of: CompiledStream, row: Row) -> str | None:
    for item in of.fields:
        value = _value(item, row)
        if item.on_null is OnNull.FAIL and value is None:
            return f"null_value:{item.name}"
        if item.options and value is not None and value not in item.options:
            return f"not_an_option:{item.name}"
    return None


def _value(item: CompiledField, row: Row) -> str | None:
    return item.constant if item.column is None else row[COLUMNS.index(item.column)]


def _sent(of: CompiledStream, row: Row) -> dict[str, str | None]:
    """What a record's item holds: None is null."""
    values = {item.name: (_value(item, row), item.on_null) for item in of.fields}
    return {
        name: value
        for name, (value, on_null) in values.items()
        if value is not None or on_null is OnNull.CLEAR
    }


def oracle(base: CompiledStream, head: CompiledStream, rows: Sequence[Row]) -> Counted:
    """What the warehouse has to come to."""
    before, after = _records(base, rows), _records(head, rows)
    fates: Counter[str] = Counter()
    became: dict[str, Counter[str]] = {"valid": Counter(), "invalid": Counter()}
    counts: dict[str, Counter[str]] = {
        item.name: Counter() for item in (*base.fields, *head.fields)
    }
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        old_ok, new_ok = old is not None and old[0] is None, new is not None and new[0] is None
        had = _sent(base, old[1]) if old is not None and old_ok else {}
        has = _sent(head, new[1]) if new is not None and new_ok else {}
        for name, value in has.items():
            counts[name]["sent"] += value is not None
        if old_ok and new_ok:
            fates["alike" if had == has else "differing"] += 1
            for name, count in counts.items():
                count[_change(had.get(name, NOTHING), has.get(name, NOTHING))] += 1
        elif old_ok and new is not None:
            became["invalid"][str(new[0])] += 1
        elif new_ok and old is not None:
            became["valid"][str(old[0])] += 1
        elif old_ok or new_ok:
            fates["left" if old_ok else "new"] += 1
    keys = [
        tuple(_folded(row[COLUMNS.index(of.match_column)]) for of in (base, head)) for row in rows
    ]
    records = Records(
        **fates,
        valid=dict(became["valid"]),
        invalid=dict(became["invalid"]),
        rekeyed=sum(None not in pair and pair[0] != pair[1] for pair in keys),
    )
    names = ("sent", "set", "changed", "cleared", "unsent")
    return Counted(
        records,
        {name: FieldCounts(*(count[each] for each in names)) for name, count in counts.items()},
    )


def _change(old: str | None, new: str | None) -> str:
    if old == new:
        return "same"
    if new == NOTHING:
        return "unsent"
    if new is None:
        return "cleared"
    return "set" if old in (None, NOTHING) else "changed"


class Rows(Desk):
    """A model and nobody who writes: no table of qsync's is there, and none is needed."""

    def __init__(self, connection: DirectConnection, columns: str, *rows: Sequence[object]) -> None:
        self.connection = connection
        self.relation = '"people"'
        connection.execute(f"CREATE TABLE people ({columns})")
        self.warehouse = self.reopen()
        self.load(*rows)

    def compare(self, base: CompiledStream | None, head: CompiledStream | None) -> Counted:
        sides = [None if of is None else Side(of, self.relation) for of in (base, head)]
        return self.warehouse.compare(CompareRequest(*sides))


@pytest.mark.parametrize(
    "examples", [pytest.param(8, id="few"), pytest.param(100, id="many", marks=pytest.mark.slow)]
)
def test_whatever_the_mappings_and_the_rows_the_counts_are_those_python_comes_to(
    connection: DirectConnection, examples: int
) -> None:
    people = Rows(connection, "email text, other text, x text, y text")
    if connection.dialect.name == "duckdb":
        examples *= 4

    @settings(max_examples=examples)
    @given(base=MAPPINGS, head=MAPPINGS, rows=ROWS)
    def check(base: CompiledStream, head: CompiledStream, rows: list[Row]) -> None:
        people.load(*rows)
        assert people.compare(base, head) == oracle(base, head, rows)

    check()


def test_a_mapping_compared_with_itself_differs_nowhere(connection: DirectConnection) -> None:
    people = Rows(connection, "email text, other text, x text, y text")

    @settings(max_examples=8)
    @given(of=MAPPINGS, rows=ROWS)
    def check(of: CompiledStream, rows: list[Row]) -> None:
        people.load(*rows)
        counted = people.compare(of, of)
        assert counted.records.affected == counted.records.rekeyed == 0
        assert not any(count.total for count in counted.fields.values())

    check()


def test_a_stream_that_one_side_has_tells_all_that_is_sent(connection: DirectConnection) -> None:
    people = Rows(
        connection,
        "email text, x text",
        ("a@x.example", "1"),
        ("b@x.example", None),
        ("broken", "1"),
    )
    of = stream(field("first", "x", on_null=OnNull.CLEAR), field("second", constant="1"))
    added, removed = people.compare(None, of), people.compare(of, None)
    assert added == Counted(
        Records(new=2),
        {"first": FieldCounts(sent=1, set=1, cleared=1), "second": FieldCounts(sent=2, set=2)},
    )
    assert removed == Counted(
        Records(left=2), {"first": FieldCounts(unsent=2), "second": FieldCounts(unsent=2)}
    )


def test_a_domain_whose_rows_disagree_is_sent_nothing_which_is_not_null(
    connection: DirectConnection,
) -> None:
    people = Rows(
        connection,
        "domain text, x text, y text",
        ("a.example", "1", "1"),
        ("a.example", "1", "2"),
        ("b.example", "1", None),
        ("c.example", "1", "1"),
    )

    def of(column: str) -> CompiledStream:
        clearing = field("first", column, on_null=OnNull.CLEAR)
        return stream(clearing, object=ObjectType.COMPANY, grouped=True)

    assert people.compare(of("x"), of("y")) == Counted(
        Records(alike=1, differing=2), {"first": FieldCounts(sent=1, cleared=1, unsent=1)}
    )


def test_null_instead_of_null_is_no_difference_and_a_value_left_out_is_none_cleared(
    connection: DirectConnection,
) -> None:
    people = Rows(connection, "email text, x text", ("a@x.example", None), ("b@x.example", "1"))
    keeping, clearing = (
        stream(field("first", "x")),
        stream(field("first", "x", on_null=OnNull.CLEAR)),
    )
    assert people.compare(clearing, clearing).records == Records(alike=2)
    assert people.compare(keeping, clearing).fields["first"] == FieldCounts(sent=1, cleared=1)
    assert people.compare(clearing, keeping).fields["first"] == FieldCounts(sent=1, unsent=1)


def test_rows_that_share_a_key_are_one_record(connection: DirectConnection) -> None:
    twice = [("a@x.example", "1"), ("A@x.example", "2"), ("no", "1"), ("no", "1"), (None, "1")]
    people = Rows(connection, "email text, x text", *twice, ("b@x.example", None))
    failing = stream(field("first", "x", on_null=OnNull.FAIL))
    counted = people.compare(stream(field("first", "x")), failing)
    assert counted.records == Records(invalid={"null_value:first": 1})
    assert people.compare(None, failing).records == Records()


def test_a_number_is_not_the_text_of_the_number(connection: DirectConnection) -> None:
    people = Rows(connection, "email text, x integer", ("a@x.example", 12), ("b@x.example", None))
    as_text = field("first", "x", kind=ColumnKind.INTEGER)
    as_number = field("first", "x", type=FieldType.DECIMAL, kind=ColumnKind.INTEGER)
    counted = people.compare(stream(as_text), stream(as_number))
    assert counted.fields["first"] == FieldCounts(sent=1, changed=1)


def test_what_the_base_would_send_from_a_column_that_is_gone_counts_neither_way(
    connection: DirectConnection,
) -> None:
    people = Rows(connection, "email text, x text", ("a@x.example", "1"), ("b@x.example", None))
    base, head = stream(), stream(field("first", "x"))
    sides = Side(base, people.relation), Side(head, people.relation)
    request = CompareRequest(*sides, frozenset({"first"}))
    assert people.warehouse.compare(request) == Counted(
        Records(alike=2), {"first": FieldCounts(sent=1)}
    )


def test_each_side_reads_its_own_relation_and_then_no_row_tells_of_keys(
    connection: DirectConnection,
) -> None:
    people = Rows(
        connection,
        "email text, x text",
        ("a@x.example", "1"),
        ("b@x.example", "1"),
        ("e@x.example", "1"),
    )
    connection.execute("CREATE TABLE others (email text, x text)")
    connection.execute(
        "INSERT INTO others VALUES ('a@x.example', '2'), ('c@x.example', '1'), "
        "('B@x.example', '1'), ('b@x.example', '1')"
    )
    of = stream(field("first", "x"))
    request = CompareRequest(Side(of, people.relation), Side(replace(of, sync="new"), '"others"'))
    assert people.warehouse.compare(request).records == Records(
        differing=1, new=1, left=1, invalid={"duplicate_key": 1}, rekeyed=None
    )
