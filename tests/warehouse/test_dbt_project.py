"""What dbt cannot do is said in its words, with what to look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qsync.artifacts import Node
from qsync.errors import UserError
from qsync.warehouse import DbtOptions, open_dbt
from qsync.warehouse.dbt_tests import run_dbt_tests, selector_of
from tests.support.dbt_project import EXAMPLE
from tests.support.dbt_small import write_small_project

DUCKDB = {"type": "duckdb", "path": ":memory:", "schema": "main", "threads": 1}


def _options(folder: Path, output: dict[str, Any] | None = None) -> DbtOptions:
    catalog = (EXAMPLE / "qualified_fields.yml").read_text()
    written = write_small_project(folder / "small", output or DUCKDB, catalog)
    return DbtOptions(written, written, own_target_path=written / "target")


def _refused(options: DbtOptions) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        open_dbt(options)
    return caught.value.message, caught.value.hint or ""


def test_a_target_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    message, hint = _refused(replace(_options(tmp_path), target="staging"))
    assert "does not have a target named 'staging'" in message
    assert message.endswith("are: prod")
    assert "--target" in hint


def test_a_profile_that_is_not_there_is_said(tmp_path: Path) -> None:
    message, hint = _refused(replace(_options(tmp_path), profile="nobody"))
    assert "Could not find profile named 'nobody'" in message
    assert "--profiles-dir" in hint


def test_an_adapter_that_is_not_installed_is_said_with_those_qsync_speaks(tmp_path: Path) -> None:
    snowflake = {"type": "snowflake", "account": "a", "user": "u", "database": "d", "schema": "s"}
    message, hint = _refused(_options(tmp_path, snowflake))
    assert "snowflake" in message
    assert "duckdb and postgres" in hint


def test_a_model_that_does_not_compile_is_named_with_its_mistake(tmp_path: Path) -> None:
    options = _options(tmp_path)
    (options.project_dir / "models" / "dim_leads.sql").write_text("select {{ nope( }}")
    message, _ = _refused(options)
    assert "models/dim_leads.sql" in message
    assert "unexpected" in message
    why = run_dbt_tests(options, [Node("model.small.dim_leads", "dim_leads", "small", "model")])
    assert "models/dim_leads.sql" in why


def test_a_models_tests_are_selected_by_its_package_and_version() -> None:
    node = Node("model.crm.people.v2", "people", "crm", "model", version="2")
    assert selector_of(node) == "package:crm,people.v2"
    assert selector_of(replace(node, version=None)) == "package:crm,people"


def test_a_named_selector_can_be_asked_for_and_a_default_one_hides_no_relation(
    tmp_path: Path,
) -> None:
    options = _options(tmp_path)
    (options.project_dir / "selectors.yml").write_text(
        "selectors:\n  - {name: raw, default: true, definition: 'resource_type:seed'}\n"
    )
    session = open_dbt(options, ["selector:raw"])
    try:
        assert session.selected == {"selector:raw": {"seed.small.people"}}
        assert set(session.relations) == {"model.small.dim_leads", "seed.small.people"}
    finally:
        session.close()


def test_selectors_are_dbts_and_a_password_stands_in_no_message(tmp_path: Path) -> None:
    session = open_dbt(_options(tmp_path), ["+dim_leads", "nothing"])
    try:
        assert session.selected == {
            "+dim_leads": {"model.small.dim_leads", "seed.small.people"},
            "nothing": frozenset(),
        }
    finally:
        session.close()
    secret = "canary-password"
    wrong = {"type": "postgres", "host": "h", "port": "x", "user": "u", "password": secret}
    message, hint = _refused(_options(tmp_path / "other", {**wrong, "dbname": "d", "schema": "s"}))
    assert secret not in message + hint


def test_what_the_users_own_dbt_wrote_stays_as_it_is(tmp_path: Path) -> None:
    """Parsing writes a cache and timings, and no manifest: all under the path that is qsync's."""
    options = _options(tmp_path)
    target = options.project_dir / "target"
    names = ("manifest.json", "run_results.json", "partial_parse.msgpack", "perf_info.json")
    target.mkdir(exist_ok=True)
    for name in names:
        (target / name).write_text(f"the user's {name}")
    own = target / "qsync" / "dbt"
    open_dbt(replace(options, own_target_path=own), ["dim_leads"]).close()
    assert {name: (target / name).read_text() for name in names} == {
        name: f"the user's {name}" for name in names
    }
    assert {item.name for item in target.iterdir()} == {*names, "qsync"}
    assert (own / "partial_parse.msgpack").is_file()
    assert not (own / "manifest.json").exists()
    assert not (options.project_dir / "logs").exists()
