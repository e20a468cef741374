"""A sync's declaration: the same for the same meaning, another for another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from qsync.errors import UserError
from qsync.planning.declared import (
    Declaration,
    declare,
    declared_document,
    declared_from,
    state_words,
)
from qsync.project import load_project
from qsync.project.diagnostics import Position
from qsync.project.model import OnNull, Sync, SyncConfig
from tests.planning.kit import NODE, a_sync, mapped

MODEL = NODE.unique_id
SYNC = a_sync(
    mapped("first_name"),
    mapped("job_title"),
    mapped("source", constant="1"),
    company=(mapped("region"), mapped("employees")),
    config=SyncConfig(tags=("hourly", "daily")),
)


def _words(changed: Sync, model: str | None = MODEL) -> set[str]:
    """What is true of the changed sync against the one above."""
    return set(state_words(changed, declare(changed, model), {"leads": declare(SYNC, MODEL)}))


def _with(**changes: Any) -> Sync:
    return replace(SYNC, **changes)


assert SYNC.company is not None


@pytest.mark.parametrize(
    "same",
    [
        SYNC,
        _with(fields=tuple(reversed(SYNC.fields))),
        _with(company=replace(SYNC.company, fields=tuple(reversed(SYNC.company.fields)))),
        _with(position=Position("models/moved.qsync.yml", 9, 9), match_position=Position("x", 1)),
        _with(config=SyncConfig(tags=("daily", "hourly"))),
    ],
)
def test_order_place_and_file_are_no_change(same: Sync) -> None:
    assert _words(same) == {"old", "unmodified"}


@pytest.mark.parametrize(
    "other",
    [
        _with(fields=SYNC.fields[:-1]),
        _with(fields=(*SYNC.fields[:-1], mapped("source", constant=1))),
        _with(fields=(*SYNC.fields[:-1], mapped("source", constant=True))),
        _with(fields=(mapped("first_name", on_null=OnNull.CLEAR), *SYNC.fields[1:])),
        _with(fields=(mapped("first_name", "title"), *SYNC.fields[1:])),
        _with(match_column="work_email"),
        _with(company=None),
        _with(company=replace(SYNC.company, match_column="domain")),
    ],
)
def test_what_is_sent_is_the_body(other: Sync) -> None:
    assert _words(other) == {"old", "modified", "modified.body"}


def test_another_model_is_another_body_however_it_is_written() -> None:
    assert _words(SYNC, "model.shop.dim_people") == {"old", "modified", "modified.body"}
    assert _words(replace(SYNC, model=replace(SYNC.model, package="shop"))) == {"old", "unmodified"}


@pytest.mark.parametrize(
    "config",
    [
        SyncConfig(tags=("hourly",)),
        SyncConfig(tags=("hourly", "daily"), owner="growth"),
        SyncConfig(tags=("hourly", "daily"), enabled=False),
    ],
)
def test_the_policy_is_the_configs(config: SyncConfig) -> None:
    assert _words(_with(config=config)) == {"old", "modified", "modified.configs"}


def test_a_description_is_modified_and_neither_body_nor_configs() -> None:
    assert _words(_with(description="Leads")) == {"old", "modified"}


def test_what_is_new_is_modified_in_every_way_and_a_rename_is_not_new() -> None:
    new = {"new", "modified", "modified.body", "modified.configs"}
    assert _words(_with(name="people")) == new
    renamed = _with(name="people", renamed_from="leads")
    assert _words(renamed) == {"old", "modified", "modified.body"}


def test_numbers_of_any_length_are_constants() -> None:
    long = _with(fields=(mapped("source", constant=10**40),))
    longer = _with(fields=(mapped("source", constant=10**40 + 1),))
    assert declare(long, MODEL).body != declare(longer, MODEL).body


def test_a_default_of_qsyncs_own_is_no_part_of_it_and_one_of_the_project_is(
    tmp_path: Path,
) -> None:
    """So a key that a later version adds modifies no sync that does not write it."""

    def declared(defaults: str, config: str) -> Declaration:
        texts = {
            "dbt_project.yml": "name: shop\n",
            ".dbtignore": "*.qsync.*\n",
            "qsync.yml": f"version: 1\n{defaults}",
            "models/leads.qsync.yml": "version: 1\n# why\nsyncs:\n  - name: leads\n"
            "    model: dim_leads\n    object: lead\n    match: {email: email}\n"
            f"    fields: {{first_name: first_name}}\n    config: {{{config}}}\n",
        }
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        result = load_project(tmp_path)
        assert result.project is not None, result.diagnostics
        return declare(result.project.syncs[0], MODEL)

    plain = declared("", "")
    assert declared("", "on_null: keep, enabled: true, requires: {tests: none}") == plain
    assert declared("defaults: {on_null: clear}\n", "") == declared("", "on_null: clear") != plain


def test_the_file_is_the_same_for_the_same_syncs_and_is_read_back(repository: Path) -> None:
    syncs = {"leads": declare(SYNC, MODEL), "a": declare(_with(name="a"), None)}
    document = declared_document(syncs, "0.1.0")
    again = declared_document(dict(reversed(syncs.items())), "0.1.0")
    assert orjson.dumps(document) == orjson.dumps(again)
    schema = orjson.loads((repository / "schemas" / "syncs.schema.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(document)
    assert declared_from(document, "x") == syncs


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"format": 2, "syncs": {}}, "another version"),
        ({}, "another version"),
        ({"format": 1}, "not as qsync wrote it"),
        ({"format": 1, "syncs": {"leads": {"model": None}}}, "not as qsync wrote it"),
        ({"format": 1, "syncs": {"leads": []}}, "not as qsync wrote it"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_with_what_to_do(
    document: dict[str, Any], why: str
) -> None:
    with pytest.raises(UserError, match=why) as caught:
        declared_from(document, "base/qsync_syncs.json")
    assert caught.value.where == "base/qsync_syncs.json"
    assert "qsync validate" in (caught.value.hint or "")
