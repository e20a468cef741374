"""Syncs as dbt's exposures: what is said of each, and that dbt reads just that."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from qsync.errors import UserError
from qsync.project.exposures import NO_OWNER, exposures, without_owner
from qsync.project.exposures_file import MARK, compare, exposures_text, write
from qsync.project.model import (
    ModelRef,
    Project,
    ProjectSettings,
    QualifiedSettings,
    Sync,
    SyncConfig,
)
from tests.planning.kit import a_sync, mapped

HOST = "api.qualified.com"


def _project(*syncs: Sync, base_url: str = f"https://{HOST}") -> Project:
    return Project("shop", ProjectSettings(qualified=QualifiedSettings(base_url=base_url)), syncs)


def _one(sync: Sync) -> dict[str, Any]:
    (found,) = exposures(_project(sync), HOST)
    return found


def _text(*syncs: Sync) -> str:
    return exposures_text(exposures(_project(*syncs), HOST))


def test_a_sync_becomes_an_application_that_depends_on_its_model() -> None:
    found = _one(replace(a_sync(), description="For sales"))
    assert found["name"] == "qsync_leads"
    assert found["type"] == "application"
    assert found["depends_on"] == ["ref('dim_leads')"]
    assert found["description"] == "For sales"
    assert found["maturity"] == "high"
    assert found["url"] == "https://www.qualified.com/sign-in"
    assert found["config"]["enabled"] is True
    assert found["config"]["tags"] == ["qsync"]


def test_meta_names_objects_fields_and_destination_and_no_constants_value() -> None:
    sync = a_sync(
        mapped("first_name", "name"),
        mapped("source", constant="s3cr3t"),
        company=(mapped("region"),),
        config=SyncConfig(tags=("hourly",)),
    )
    meta = _one(sync)["config"]["meta"]["qsync"]
    assert meta["sync"] == "leads"
    assert meta["file"] == "models/leads.qsync.yml"
    assert meta["tags"] == ["hourly"]
    assert meta["destination"] == HOST
    assert [part["object"] for part in meta["objects"]] == ["lead", "company"]
    assert meta["objects"][0]["fields"] == {"first_name": "name"}
    assert meta["objects"][0]["constants"] == ["source"]
    assert "s3cr3t" not in _text(sync)


@pytest.mark.parametrize(
    ("owner", "written"),
    [
        ("growth-eng", {"name": "growth-eng"}),
        ("growth@shop.example", {"email": "growth@shop.example"}),
        (None, {"name": NO_OWNER}),
    ],
)
def test_an_owner_is_a_name_or_an_address(owner: str | None, written: dict[str, str]) -> None:
    sync = replace(a_sync(), config=SyncConfig(owner=owner))
    assert _one(sync)["owner"] == written
    assert without_owner(_project(sync)) == ([] if owner else ["leads"])


@pytest.mark.parametrize(
    ("model", "written"),
    [
        (ModelRef("dim_leads", package="crm"), "ref('crm', 'dim_leads')"),
        (ModelRef("dim_leads", version="2"), "ref('dim_leads', v=2)"),
        (ModelRef("dim_leads", version="beta"), "ref('dim_leads', v='beta')"),
        (ModelRef("dim\\leads"), "ref('dim\\\\leads')"),
    ],
)
def test_a_model_is_referred_to_as_dbt_does(model: ModelRef, written: str) -> None:
    assert _one(replace(a_sync(), model=model))["depends_on"] == [written]


def test_a_disabled_sync_is_a_disabled_exposure() -> None:
    sync = replace(a_sync(), config=SyncConfig(enabled=False))
    assert _one(sync)["config"]["enabled"] is False


def test_an_account_of_ones_own_is_linked_as_it_is_named() -> None:
    local = "http://127.0.0.1:8765"
    assert exposures(_project(a_sync(), base_url=local), "x")[0]["url"] == local


def test_the_order_of_files_does_not_matter() -> None:
    other = replace(a_sync(), name="accounts")
    assert _text(a_sync(), other) == _text(other, a_sync())


texts = st.text(max_size=30) | st.sampled_from(
    ["no", "y", "1:30", "0777", "2026-01-01", "~", "=", "{{ x }}", "{% raw %}", "# a", "{'a': {}}"]
)


@given(texts, texts, texts)
@example("{{{ a }}}", "{#", "#}}")
@example("line\nbreak\x85\u2028", "\ufeff", "\x00\x7f")
def test_dbt_reads_every_text_as_it_was_written_and_none_of_it_is_jinja(
    description: str, owner: str, column: str
) -> None:
    sync = replace(
        a_sync(mapped("first_name", column)),
        description=description,
        config=SyncConfig(owner=owner),
    )
    (wanted,) = exposures(_project(sync), HOST)
    text = exposures_text([wanted])
    assert yaml.safe_load(text) == {"version": 2, "exposures": [wanted]}
    assert re.search(r"\{[{%#]|[}%#]\}", str(list(_strings(wanted)))) is None
    assert wanted["description"].replace(" ", "") == (
        description.replace(" ", "") or wanted["description"].replace(" ", "")
    )


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


def test_what_was_written_is_the_same_and_a_formatter_may_touch_it(tmp_path: Path) -> None:
    path, text = tmp_path / "models" / "x.yml", _text(a_sync())
    write(path, text, "x.yml")
    assert compare(path, text, "x.yml").same
    flow = text.replace(
        "depends_on:\n      - \"ref('dim_leads')\"", "depends_on: [ref('dim_leads')]"
    )
    assert flow != text
    path.write_bytes(flow.replace("\n", "\r\n").encode())
    assert compare(path, text, "x.yml").same


def test_a_difference_names_the_syncs(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    first, second = a_sync(), replace(a_sync(), name="accounts")
    path.write_text(_text(first, second))
    third = replace(a_sync(), name="usage")
    found = compare(path, _text(replace(first, description="New"), third), "x.yml")
    assert (found.missing, found.changed, found.left_over) == (
        ("usage",),
        ("leads",),
        ("accounts",),
    )
    assert not found.same


def test_without_a_file_every_sync_is_missing(tmp_path: Path) -> None:
    found = compare(tmp_path / "x.yml", _text(a_sync()), "x.yml")
    assert found.missing == ("leads",)
    assert not found.exists


@pytest.mark.parametrize("broken", ["<<<<<<< ours\n", "exposures: 3\n", "exposures: [{}, {}]\n"])
def test_a_file_broken_by_a_merge_differs(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"{broken}{MARK}\n")
    assert not compare(path, _text(a_sync()), "x.yml").same


def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("exposures: []\n")
    with pytest.raises(UserError, match="was not written by qsync"):
        compare(path, _text(a_sync()), "x.yml")


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        compare(tmp_path, _text(a_sync()), "x.yml")
    with pytest.raises(UserError, match="cannot be written"):
        write(tmp_path, _text(a_sync()), "x.yml")
    assert list(tmp_path.parent.glob("*.tmp")) == []
