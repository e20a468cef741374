"""dbt's artifacts, read without dbt."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.artifacts import (
    Node,
    NodeResult,
    RunResults,
    check_stale,
    read_catalog_columns,
    read_manifest,
    read_run_results,
    resolve,
)
from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project.model import ModelRef
from tests.artifacts.manifests import PROJECT, manifest, node, read


def test_a_node_is_what_dbt_says_of_it(tmp_path: Path) -> None:
    raw = node(
        "dim_leads",
        version=2,
        latest_version=2,
        relation_name='"db"."prod"."dim_leads_v2"',
        database="db",
        schema="prod",
        alias="dim_leads_v2",
        config={"materialized": "table", "tags": ["daily"]},
        columns={"email": {"name": "email"}, "id": {"name": "ID", "data_type": "bigint"}},
        original_file_path="models/dim_leads_v2.sql",
        patch_path="shop://models/_m.yml",
        checksum={"name": "sha256", "checksum": "abc"},
        tags=[],
    )
    found = read(tmp_path, manifest(raw)).nodes["model.shop.dim_leads.v2"]
    assert found == Node(
        unique_id="model.shop.dim_leads.v2",
        name="dim_leads",
        package="shop",
        resource_type="model",
        version="2",
        latest_version="2",
        relation_name='"db"."prod"."dim_leads_v2"',
        database="db",
        schema="prod",
        alias="dim_leads_v2",
        materialized="table",
        columns=("email", "ID"),
        column_types=(("ID", "bigint"),),
        original_file_path="models/dim_leads_v2.sql",
        patch_path="shop://models/_m.yml",
        checksum="abc",
        tags=("daily",),
    )


def test_the_head_of_the_manifest_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, manifest(version=10))
    assert (found.schema_version, found.dbt_version, found.adapter_type) == (
        10,
        "1.11.16",
        "duckdb",
    )
    assert (found.invocation_id, found.project_name) == ("an-id", "shop")
    assert found.path == "target/manifest.json"


def test_only_models_snapshots_and_seeds_are_kept(tmp_path: Path) -> None:
    kinds = ["model", "snapshot", "seed", "test", "analysis", "operation"]
    found = read(tmp_path, manifest(*(node(kind, kind=kind) for kind in kinds)))
    assert {item.resource_type for item in found.nodes.values()} == {"model", "snapshot", "seed"}


def test_keys_that_dbt_v2_leaves_out_get_defaults(tmp_path: Path) -> None:
    data = manifest(node("m"))
    del data["disabled"]
    (found,) = read(tmp_path, data).nodes.values()
    assert (found.columns, found.tags, found.checksum, found.relation_name) == ((), (), None, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "QS210"),
        ("{", "QS213"),
        ("[]", "QS213"),
        ("{}", "QS211"),
        ('{"metadata": ' + "[" * 5000 + "]" * 5000 + "}", "QS213"),
        ('{"metadata": ' + "9" * 5000 + "}", "QS213"),
        ('{"metadata": "\\ud800"}', "QS213"),
        (json.dumps(manifest(version=9)), "QS211"),
        (json.dumps(manifest(version=13)), "QS211"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_told(
    tmp_path: Path, content: str | None, code: str
) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    found, (problem,) = read_manifest(path, "target/manifest.json")
    assert found is None
    assert (problem.code, problem.severity) == (code, Severity.ERROR)
    assert problem.position == Position("target/manifest.json")
    assert problem.hint


def test_a_broken_manifest_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"metadata": {},\n "nodes": {"a": }}', encoding="utf-8")
    _, (problem,) = read_manifest(path)
    assert problem.message == "the manifest cannot be read: no valid JSON in line 2"


@pytest.mark.parametrize("odd", [None, True, 3, 2.5, "text", ["a"], {"a": 1}])
def test_a_value_of_an_odd_type_costs_no_other_value(tmp_path: Path, odd: Any) -> None:
    """Each key in turn holds what dbt never writes; the node beside it is read as ever."""
    sound = node("sound", columns={"id": {"data_type": "int"}}, config={"materialized": "table"})
    keys = ["config", "checksum", "columns", "depends_on", "tags", "version", "alias"]
    nodes = [node(f"odd{number}") | {key: odd} for number, key in enumerate(keys)]
    data = manifest(sound, *nodes)
    data["nodes"]["model.shop.none"] = odd
    data["disabled"] = {"a": odd, "b": [odd, node("off")]}
    data["child_map"] = {"model.shop.sound": odd}
    found = read(tmp_path, data)
    alone = read(tmp_path, manifest(sound))
    assert found.nodes["model.shop.sound"] == alone.nodes["model.shop.sound"]
    kept = {item.name for item in found.nodes.values()}
    assert kept == {"sound", "off", *(f"odd{number}" for number in range(len(keys)))}


def _resolve(tmp_path: Path, data: Any, ref: ModelRef) -> str:
    """The id found, or the code and hint of the problem."""
    place = Position("models/a.qsync.yml", 4, 12)
    found = resolve(read(tmp_path, data), ref, PROJECT, position=place, sync="leads")
    if isinstance(found, Diagnostic):
        assert (found.position, found.sync) == (place, "leads")
        return f"{found.code}: {found.hint}"
    return found.unique_id


def test_a_model_is_found_by_its_name(tmp_path: Path) -> None:
    data = manifest(node("dim_leads"), node("other"), node("old", kind="snapshot"))
    assert _resolve(tmp_path, data, ModelRef("dim_leads")) == "model.shop.dim_leads"
    assert _resolve(tmp_path, data, ModelRef("old")) == "snapshot.shop.old"


def test_a_name_that_is_not_there_gets_the_nearest_one(tmp_path: Path) -> None:
    found = _resolve(tmp_path, manifest(node("dim_leads")), ModelRef("dim_lead"))
    assert found.startswith("QS201: did you mean `dim_leads`?")


def test_a_name_that_is_like_none_is_perhaps_new(tmp_path: Path) -> None:
    found = _resolve(tmp_path, manifest(node("dim_leads")), ModelRef("zzz"))
    assert found == "QS201: if it is new, run `dbt parse` or `dbt run` first"


def test_a_wrong_package_gets_the_right_one(tmp_path: Path) -> None:
    found = _resolve(tmp_path, manifest(node("m", "crm")), ModelRef("m", package="crn"))
    assert found == "QS201: it is in crm"


def test_a_disabled_and_an_ephemeral_model_are_told_apart(tmp_path: Path) -> None:
    eph = node("eph", config={"materialized": "ephemeral"})
    data = manifest(eph, disabled=[node("off")])
    assert _resolve(tmp_path, data, ModelRef("off")).startswith("QS202")
    assert _resolve(tmp_path, data, ModelRef("eph")).startswith("QS203")


def test_the_projects_own_model_wins_over_a_packages(tmp_path: Path) -> None:
    data = manifest(node("m", "crm"), node("m"))
    assert _resolve(tmp_path, data, ModelRef("m")) == "model.shop.m"
    assert _resolve(tmp_path, data, ModelRef("m", package="crm")) == "model.crm.m"


def test_a_disabled_model_does_not_hide_a_packages_living_one(tmp_path: Path) -> None:
    data = manifest(node("m", "crm"), disabled=[node("m")])
    assert _resolve(tmp_path, data, ModelRef("m")) == "model.crm.m"


def test_a_model_of_several_packages_needs_its_package(tmp_path: Path) -> None:
    data = manifest(node("m", "crm"), node("m", "ads"))
    assert _resolve(tmp_path, data, ModelRef("m")) == "QS204: name the package: `ref('ads', 'm')`"


def test_the_latest_version_is_meant_unless_one_is_named(tmp_path: Path) -> None:
    data = manifest(*(node("m", version=v, latest_version=2) for v in (1, 2, 3)))
    assert _resolve(tmp_path, data, ModelRef("m")) == "model.shop.m.v2"
    assert _resolve(tmp_path, data, ModelRef("m", version="3")) == "model.shop.m.v3"
    found = _resolve(tmp_path, data, ModelRef("m", version="4"))
    assert found == "QS205: versions in the manifest: 1, 2, 3"


def test_a_version_of_an_unversioned_model_is_an_error(tmp_path: Path) -> None:
    found = _resolve(tmp_path, manifest(node("m")), ModelRef("m", version="1"))
    assert found == "QS205: it has no versions: leave `v=` out"


def _with_file(tmp_path: Path, text: str, package: str = PROJECT) -> dict[str, Any]:
    """A manifest with one model whose file held `text` when dbt parsed it."""
    checksum = hashlib.sha256(text.strip().encode()).hexdigest()
    return manifest(
        node(
            "m",
            package,
            original_file_path="models/m.sql",
            checksum={"name": "sha256", "checksum": checksum},
        )
    )


def _stale(tmp_path: Path, data: dict[str, Any]) -> str | None:
    found = read(tmp_path, data)
    (mapped,) = found.nodes.values()
    problem = check_stale(mapped, found, tmp_path)
    assert problem is None or problem.severity is Severity.WARNING
    return problem.message if problem else None


@pytest.mark.parametrize("now", ["select 1", "\n  select 1\n\n"])
def test_an_unchanged_file_is_not_stale_whatever_surrounds_it(tmp_path: Path, now: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/m.sql").write_text(now, encoding="utf-8")
    assert _stale(tmp_path, _with_file(tmp_path, "select 1\n")) is None


def test_a_changed_or_removed_file_makes_the_manifest_stale(tmp_path: Path) -> None:
    data = _with_file(tmp_path, "select 1")
    assert _stale(tmp_path, data) == "models/m.sql is gone since dbt wrote target/manifest.json"
    (tmp_path / "models").mkdir()
    (tmp_path / "models/m.sql").write_text("select 2", encoding="utf-8")
    assert _stale(tmp_path, data) == "models/m.sql changed since dbt wrote target/manifest.json"


def test_a_packages_files_and_unhashed_ones_are_not_looked_at(tmp_path: Path) -> None:
    assert _stale(tmp_path, _with_file(tmp_path, "x", package="crm")) is None
    big_seed = node("s", kind="seed", checksum={"name": "path", "checksum": "seeds/s.csv"})
    assert _stale(tmp_path, manifest(big_seed)) is None


def test_run_results_give_their_command_and_what_became_of_each_node(tmp_path: Path) -> None:
    path = tmp_path / "run_results.json"
    assert read_run_results(path) is None
    path.write_text(
        '{"metadata": {"invocation_id": "i", "generated_at": "t"},'
        ' "args": {"which": "build", "empty": true, "sample": null, "defer": true},'
        ' "results": [{"unique_id": "model.a.b", "status": "success", "relation_name": "r"},'
        ' {"unique_id": "test.a.c", "status": "fail", "failures": 3, "message": "got x@y.z"},'
        ' {"unique_id": "test.a.d", "status": 7, "failures": true}, {"status": "pass"}, 1]}'
    )
    assert read_run_results(path, "target/run_results.json") == RunResults(
        "i",
        "t",
        "build",
        "target/run_results.json",
        empty=True,
        deferred=True,
        nodes={
            "model.a.b": NodeResult("success", "r"),
            "test.a.c": NodeResult("fail", failures=3),
            "test.a.d": NodeResult(""),
        },
    )
    path.write_text("{")
    assert read_run_results(path) is None


def test_a_models_data_tests_are_its_children_and_no_unit_test_is_one(tmp_path: Path) -> None:
    between = node(
        "between",
        kind="test",
        original_file_path="models/_models.yml",
        depends_on={"nodes": ["model.shop.a", "model.shop.b"]},
    )
    singular = node("alone", kind="test", original_file_path="tests/alone.sql")
    data = manifest(node("a"), node("b"), between, singular)
    data["unit_tests"] = {"unit_test.shop.a.u": {"unique_id": "unit_test.shop.a.u"}}
    data["child_map"] = {"model.shop.a": ["test.shop.alone", "unit_test.shop.a.u", "model.shop.b"]}
    tests = read(tmp_path, data).tests
    assert [(test.name, test.path) for test in tests["model.shop.a"]] == [
        ("alone", "tests/alone.sql"),
        ("between", "models/_models.yml"),
    ]
    assert [test.unique_id for test in tests["model.shop.b"]] == ["test.shop.between"]


def test_the_catalog_gives_column_types_in_the_relations_order(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    assert read_catalog_columns(path) == {}
    columns = {
        "B": {"name": "B", "type": "INTEGER", "index": 2},
        "a": {"name": "a", "type": "VARCHAR", "index": 1},
    }
    path.write_text(json.dumps({"nodes": {"model.shop.m": {"columns": columns}}}))
    found = read_catalog_columns(path)
    assert list(found["model.shop.m"].items()) == [("a", "VARCHAR"), ("B", "INTEGER")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "unique_id",
                    "config",
                    "columns",
                    "tags",
                    "version",
                    "resource_type",
                    "checksum",
                    "package_name",
                    "metadata",
                    "args",
                    "which",
                    "nodes",
                    "index",
                    "depends_on",
                    "results",
                    "failures",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_no_json_makes_the_readers_raise(tmp_path: Path, raw: Any, disabled: Any) -> None:
    data = manifest()
    shape = {"resource_type": "model", "unique_id": "model.a.b", "name": "b"}
    data["nodes"] = {"x": raw, "y": {**raw, **shape} if isinstance(raw, dict) else raw}
    data["disabled"], data["child_map"] = disabled, raw
    data["nodes"]["z"] = {"resource_type": "test", "unique_id": "test.a.c", "depends_on": raw}
    path = tmp_path / "any.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert read_manifest(path)[0] is not None
    path.write_text(
        json.dumps({"nodes": {"x": raw}, "metadata": raw, "args": disabled, "results": [raw]})
    )
    read_catalog_columns(path)
    assert isinstance(read_run_results(path), RunResults)
