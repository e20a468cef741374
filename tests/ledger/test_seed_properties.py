"""The properties file tells dbt every column's type, in the ledger's order."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from qsync.ledger import LEDGER_COLUMNS, RunStatus, seed_properties


def seed_of(text: str) -> dict[str, Any]:
    """The one seed of a properties file."""
    (seed,) = YAML(typ="safe").load(StringIO(text))["seeds"]
    found: dict[str, Any] = seed
    return found


def test_every_column_has_its_type_and_its_description_in_order() -> None:
    seed = seed_of(seed_properties())
    assert list(seed["config"]["column_types"]) == [column.name for column in LEDGER_COLUMNS]
    assert [(column["name"], column["description"]) for column in seed["columns"]] == [
        (column.name, column.description) for column in LEDGER_COLUMNS
    ]


@pytest.mark.parametrize(
    ("adapter", "types"),
    [
        ("duckdb", {"varchar", "timestamp", "bigint"}),
        ("postgres", {"varchar", "timestamp", "bigint"}),
        ("bigquery", {"string", "timestamp", "int64"}),
        ("redshift", {"varchar(65535)", "timestamp", "bigint"}),
    ],
)
def test_the_types_are_the_adapters_own(adapter: str, types: set[str]) -> None:
    assert (
        set(seed_of(seed_properties(adapter=adapter))["config"]["column_types"].values()) == types
    )


def test_dbt_tests_accept_every_status_there_is() -> None:
    (status,) = (
        column for column in seed_of(seed_properties())["columns"] if column["name"] == "status"
    )
    (accepted,) = (test for test in status["data_tests"] if "accepted_values" in test)
    assert accepted["accepted_values"]["arguments"]["values"] == [item.value for item in RunStatus]


def test_the_seed_has_the_name_asked_for() -> None:
    text = seed_properties("runs_of_qsync")
    assert seed_of(text)["name"] == "runs_of_qsync"
    assert max(len(line) for line in text.splitlines()) <= 120
