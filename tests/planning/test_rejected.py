"""What to do about rejects, from the field catalog and the mapping."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.diagnostics import Position
from qsync.execution.ports import BATCH_LEFT
from qsync.fields.model import Field, FieldCatalog, FieldOption, FieldType
from qsync.planning.rejected import LEFT_IN_BATCH, RejectGroup, advise
from qsync.project.model import (
    CompanyBlock,
    FieldMapping,
    ModelRef,
    ObjectType,
    OnNull,
    Sync,
    SyncConfig,
)

PATH = "models/marts/leads.qsync.yml"


def _line(number: int) -> Position:
    return Position(PATH, number, 7)


def _mapping(field: str, column: str | None, line: int) -> FieldMapping:
    constant = None if column else "warehouse"
    return FieldMapping(field, column, constant, OnNull.KEEP, _line(line), _line(line))


SYNC = Sync(
    name="leads",
    model=ModelRef("dim_leads"),
    object=ObjectType.LEAD,
    match_column="email_address",
    fields=(
        *(_mapping(kind.value, f"a_{kind.value}", 10 + n) for n, kind in enumerate(FieldType)),
        _mapping("source", None, 30),
        _mapping("odd", "odd", 31),
        _mapping("new", "new", 32),
        _mapping("bare", "bare", 33),
    ),
    company=CompanyBlock(
        "company_domain", (_mapping("company_name", "company", 40),), _line(38), _line(39)
    ),
    config=SyncConfig(),
    position=_line(4),
    model_position=_line(5),
    match_position=_line(6),
)
OPTIONS = tuple(FieldOption(f"v{n}", f"V{n}") for n in range(1, 13))
CATALOG = FieldCatalog(
    lead=(
        *(
            Field(kind.value, kind.value, kind.value, OPTIONS if "picklist" in kind.value else ())
            for kind in FieldType
        ),
        Field("source", "Source", "picklist", OPTIONS[:1]),
        Field("odd", "Odd", "hologram"),
        Field("bare", "Bare", "picklist"),
    )
)
GROUP = RejectGroup("leads", "lead", "is no good", None, 3, 1, 2, "first", "last")


def _advice(field: str | None, **changes: str) -> tuple[str, str | None, int | None]:
    group = replace(GROUP, field=field, **changes)
    found = advise(group, {"leads": SYNC}, CATALOG)
    return found.text, found.column, None if found.place is None else found.place.line


def test_a_picklist_names_its_options_and_how_many_there_are() -> None:
    text, column, line = _advice("picklist")
    assert text.startswith("picklist takes one of 12 options: v1, v2, v3, v4, v5, v6, …. Map")
    assert (column, line) == ("a_picklist", 10 + list(FieldType).index(FieldType.PICKLIST))
    assert _advice("multi_picklist")[0].startswith("multi_picklist takes any of 12 options")
    text, column, line = _advice("source")
    assert text.startswith("source takes one of 1 option: v1. Map")
    assert (column, line) == (None, 30)


@pytest.mark.parametrize("kind", [kind for kind in FieldType if "picklist" not in kind.value])
def test_every_other_type_says_what_it_takes(kind: FieldType) -> None:
    text, column, _ = _advice(kind.value)
    if kind is FieldType.EMAIL:
        assert "match key" in text
    else:
        assert text.startswith(f"{kind.value} is ")
        assert column == f"a_{kind.value}"


def test_an_email_field_that_is_no_match_key_takes_an_address() -> None:
    catalog = FieldCatalog(lead=(Field("new", "New", "email"),))
    found = advise(replace(GROUP, field="new"), {"leads": SYNC}, catalog)
    assert found.text.startswith("new is an email field: it takes one address")


def test_the_match_key_of_either_object_leads_to_its_line() -> None:
    assert _advice("email")[1:] == ("email_address", 6)
    assert _advice("domain", object="company")[1:] == ("company_domain", 39)


def test_a_company_name_is_known_without_a_catalog_entry() -> None:
    text, column, line = _advice("company_name", object="company")
    assert text.startswith("company_name is a company's name")
    assert (column, line) == ("company", 40)


@pytest.mark.parametrize(
    ("field", "changes", "said", "line"),
    [
        (None, {}, "The answer names no mapped field", 4),
        (None, {"reason": BATCH_LEFT}, "Refused together with others", 4),
        ("gone", {}, "gone is not mapped any more", None),
        ("gone", {"sync": "no more"}, "No sync of this name", None),
        ("odd", {}, "odd has the type hologram", 31),
        ("bare", {}, "bare takes options only, and the field catalog lists none of them", 33),
        ("new", {}, "new is not in the field catalog", 32),
    ],
)
def test_what_cannot_be_looked_up_says_why(
    field: str | None, changes: dict[str, str], said: str, line: int | None
) -> None:
    text, _, place = _advice(field, **changes)
    assert text.startswith(said)
    assert place == line


def test_without_a_catalog_it_asks_for_one() -> None:
    found = advise(replace(GROUP, field="picklist"), {"leads": SYNC}, None)
    assert found.text.startswith("picklist is unknown without a catalog: pull it")


def test_the_reason_of_records_left_in_a_batch_is_the_one_execution_gives() -> None:
    assert LEFT_IN_BATCH == BATCH_LEFT
