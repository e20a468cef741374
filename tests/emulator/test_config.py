"""Field catalogs and options become settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.emulator import (
    DEFAULT_FIELDS,
    DEFAULT_KEY,
    EmulatedField,
    EmulatorOptions,
    EmulatorSettings,
    Limits,
    fields_from_mapping,
    fields_to_mapping,
    settings_from_options,
)
from qsync.emulator.fields import FIELD_TYPES
from qsync.errors import UserError

texts = st.text(min_size=1, max_size=10)
fields = st.builds(
    EmulatedField,
    name=texts,
    label=texts,
    type=st.sampled_from(sorted(FIELD_TYPES)),
    options=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
)
many = st.lists(fields, unique_by=lambda field: field.name, max_size=4).map(tuple)


@given(st.fixed_dictionaries({"lead": many, "company": many}))
def test_field_definitions_survive_the_way_to_a_file_and_back(
    catalog: dict[str, tuple[EmulatedField, ...]],
) -> None:
    assert fields_from_mapping(fields_to_mapping(catalog)) == catalog  # type: ignore[arg-type]


def test_the_default_fields_survive_too() -> None:
    assert fields_from_mapping(fields_to_mapping(DEFAULT_FIELDS)) == DEFAULT_FIELDS


def test_an_empty_or_missing_section_is_no_fields() -> None:
    assert fields_from_mapping({"version": 1, "lead": None}) == {"lead": (), "company": ()}


ONE = {"name": "x", "label": "X", "type": "text"}


@pytest.mark.parametrize(
    ("data", "said", "where"),
    [
        (None, "the field catalog must be a mapping", "the field catalog"),
        ({}, "must have version 1", "version"),
        ({"version": 2}, "must have version 1", "version"),
        ({"version": 1, "leads": []}, "unknown key leads", "the field catalog"),
        ({"version": 1, "lead": {}}, "lead of the field catalog must be a list", None),
        ({"version": 1, "lead": ["x"]}, "lead[0] must be a mapping", "lead[0]"),
        ({"version": 1, "company": [{"name": "x"}]}, "company[0] lacks type", "company[0]"),
        ({"version": 1, "lead": [ONE, ONE]}, "lead has the field x twice", "lead"),
        ({"version": 1, "lead": [{**ONE, "type": "number"}]}, "type of lead[0] must be one", None),
        ({"version": 1, "lead": [{**ONE, "name": 1}]}, "name of lead[0] must be a text", None),
        (
            {"version": 1, "lead": [{**ONE, "options": [{"label": "A"}]}]},
            "lead[0].options[0] lacks value",
            "lead[0].options[0]",
        ),
    ],
)
def test_a_catalog_in_another_format_is_refused_with_the_place(
    data: object, said: str, where: str | None
) -> None:
    with pytest.raises(UserError) as caught:
        fields_from_mapping(data)
    assert said in caught.value.message
    assert where in {None, caught.value.where}


def test_options_left_out_give_the_faithful_account() -> None:
    ours, faithful = settings_from_options(EmulatorOptions()), EmulatorSettings()
    assert ours.keys == faithful.keys == {DEFAULT_KEY: next(iter(faithful.keys.values()))}
    assert ours.limits == faithful.limits == Limits(10, 2_000, 7_000, 120_000)
    assert ours.fields == faithful.fields
    assert (ours.latency, ours.null_semantics, ours.job_order) == (0.0, "clear", "fifo")


def test_each_option_reaches_its_setting() -> None:
    options = EmulatorOptions(
        key="k",
        fields={"lead": (), "company": ()},
        job_seconds=2,
        latency=0.5,
        in_flight=1,
        per_15m=2,
        per_hour=3,
        per_day=None,
        null_semantics="ignore",
        job_order="random",
        job_concurrency=4,
    )
    settings = settings_from_options(options)
    assert set(settings.keys) == {"k"}
    assert settings.fields == {"lead": (), "company": ()}
    assert (settings.job_base_seconds, settings.latency) == (2, 0.5)
    assert settings.limits == Limits(1, 2, 3, None)
    assert (settings.null_semantics, settings.job_order) == ("ignore", "random")
    assert settings.job_concurrency == 4
