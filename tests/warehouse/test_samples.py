"""A few records of each kind with their values before and after."""

from __future__ import annotations

from qsync.planning.samples import FieldSample, Sample
from qsync.project.model import OnNull
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

BOTH = stream(field("job_title", on_null=OnNull.CLEAR), field("phone"))


def test_each_kind_has_its_first_records_with_the_fields_that_differ(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, job_title text, phone text")
    desk.load(
        ("a@x.example", "CEO", "1"),
        ("b@x.example", "CFO", "2"),
        ("c@x.example", "CTO", "3"),
        ("d@x.example", "COO", "4"),
        ("e@x.example", "same", "5"),
    )
    assert [item.kind for item in desk.warehouse.samples(desk.request(BOTH), 2)] == ["added"] * 2
    desk.run(BOTH)
    desk.load(
        ("a@x.example", "CIO", "1"),
        ("b@x.example", None, "22"),
        ("c@x.example", "CTO", "33"),
        ("e@x.example", "same", "5"),
        ("f@x.example", "new", None),
        ("g@x.example", "new", None),
    )
    found = desk.warehouse.samples(desk.request(BOTH), 1)
    assert found == (
        Sample("added", "f@x.example", (FieldSample("job_title", None, "new"),)),
        Sample("changed", "a@x.example", (FieldSample("job_title", "CEO", "CIO"),)),
        Sample(
            "cleared",
            "b@x.example",
            (FieldSample("job_title", "CFO", None), FieldSample("phone", "2", "22")),
        ),
        Sample("removed", "d@x.example"),
    )


def test_what_an_unsettled_record_held_is_called_unknown(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, job_title text, phone text")
    desk.load(("a@x.example", "CEO", "1"))
    desk.run(BOTH)
    desk.load(("a@x.example", "CIO", None))
    desk.run(BOTH, unknown=["a@x.example"])
    desk.run(BOTH)
    desk.load(("a@x.example", "CIO", "2"))
    (sample,) = desk.warehouse.samples(desk.request(BOTH), 1)
    assert [(item.name, item.unknown) for item in sample.fields][-1] == ("phone", True)


def test_a_sample_shows_no_value_in_a_traceback() -> None:
    sample = Sample("added", "ada@x.example", (FieldSample("phone", "+1 555", "+1 556"),))
    assert "ada" not in repr(sample)
    assert "555" not in repr(sample)
