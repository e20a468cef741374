"""Laws of the loader: it never raises, and it agrees with the schema."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from qsync.diagnostics import Severity, has_errors
from qsync.project.loader import LoadResult, load_project
from qsync.schema_check import SCHEMA_KINDS, load_schema, strict_validator
from qsync.schema_quick import is_sound
from tests.project.case_files import DEFAULTS


def _load(files: dict[str, bytes]) -> LoadResult:
    base = {path: text.encode() for path, text in DEFAULTS.items() if "models/" not in path}
    with tempfile.TemporaryDirectory() as folder:
        for path, content in {**base, **files}.items():
            target = Path(folder) / path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        return load_project(Path(folder))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
    | st.sampled_from(
        ["lead", "company", "email", "x", "20%", "none", "ref('m')", "keep", "", "a\n"]
    )
    | st.text(max_size=8)
)
KEYS = st.sampled_from(
    [
        "version",
        "syncs",
        "name",
        "model",
        "object",
        "match",
        "email",
        "domain",
        "fields",
        "company",
        "company_name",
        "config",
        "column",
        "value",
        "on_null",
        "guards",
        "max_changed",
        "tags",
        "qualified",
        "limits",
        "share",
        "state",
        "schema",
        "ledger",
        "seed",
        "defaults",
        "requires",
        "model-paths",
        "target-path",
        "base_url",
        "api_key_env",
        "apply_targets",
        "renamed_from",
        "tests",
        "sync",
        "types",
        "before",
        "given",
        "expect",
        "leads",
        "companies",
        "invalid",
        "row",
        "reason",
        "field",
    ]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def _mutated(base: Any) -> st.SearchStrategy[Any]:
    """A sound file in which any value may be anything."""
    if isinstance(base, dict):
        entries = {key: _mutated(value) for key, value in base.items()}
        sound = st.fixed_dictionaries({}, optional=entries)
        extra = st.dictionaries(KEYS, SCALARS, max_size=1)
        return st.tuples(st.fixed_dictionaries(entries) | sound, extra).map(
            lambda pair: {**pair[1], **pair[0]}
        )
    if isinstance(base, list):
        return st.tuples(*(_mutated(value) for value in base)).map(list)
    return st.just(base) | st.just(base) | st.just(base) | SCALARS


SYNC_FILE = {
    "version": 1,
    "syncs": [
        {
            "name": "a",
            "model": "m",
            "object": "lead",
            "match": {"email": "e"},
            "fields": {"f": "c", "g": {"column": "c", "on_null": "keep"}, "h": {"value": 1}},
            "company": {"match": {"domain": "d"}, "company_name": "n", "fields": {"f": "c"}},
            "config": {"guards": {"max_changed": "1%"}, "tags": ["x"]},
        },
        {
            "name": "b",
            "model": "m",
            "object": "company",
            "match": {"domain": "e"},
            "fields": {"f": "c"},
        },
    ],
    "tests": [
        {
            "name": "t",
            "sync": "a",
            "types": {"c": "text"},
            "before": [{"e": "x"}],
            "given": [{"e": "x", "c": 1}],
            "expect": {
                "leads": [{"email": "x", "fields": {"f": 1.5, "g": None, "h": ["x"]}}],
                "companies": [{"domain": "x", "company_name": "n", "fields": {"f": "c"}}],
                "invalid": [{"row": 1, "reason": "null_key", "field": "f", "email": "x"}],
            },
        },
        {"name": "u", "sync": "b", "given": [{"e": "x"}], "expect": {"invalid": {"free_mail": 1}}},
    ],
}


PROJECT_FILE = {
    "version": 1,
    "qualified": {
        "api_key_env": "QUALIFIED_X",
        "base_url": "https://api.qualified.com",
        "account": "a",
        "apply_targets": ["prod"],
        "limits": {"share": 0.9, "in_flight": 5},
    },
    "state": {"schema": "qsync", "keep_removed": "30d"},
    "ledger": {"seed": "seeds/x.csv"},
    "defaults": {"on_null": "keep", "guards": {"max_changed": "20%", "max_removed": 3}},
}


@settings(deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_make_the_loader_raise(dbt: bytes, own: bytes, syncs: bytes) -> None:
    result = _load(
        {"dbt_project.yml": b"name: x\n" + dbt, "qsync.yml": own, "models/a.qsync.yml": syncs}
    )
    assert isinstance(result.diagnostics, list)


@settings(deadline=None)
@given(TREES, TREES, TREES)
def test_no_data_makes_the_loader_raise(dbt: Any, own: Any, syncs: Any) -> None:
    files = {"dbt_project.yml": dbt, "qsync.yml": own, "models/a.qsync.yml": syncs}
    result = _load({path: json.dumps(data).encode() for path, data in files.items()})
    assert isinstance(result.diagnostics, list)


@settings(deadline=None, max_examples=200)
@given(_mutated(SYNC_FILE))
def test_what_the_schema_refuses_is_an_error_and_what_is_no_error_the_schema_accepts(
    data: Any,
) -> None:
    text = json.dumps(data)
    result = _load({"models/a.qsync.yml": text.encode()})
    accepted = Draft7Validator(dict(load_schema("sync"))).is_valid(json.loads(text))
    assert accepted or not is_sound(json.loads(text), load_schema("sync"))
    if not accepted:
        assert has_errors(result.diagnostics)
    for item in result.diagnostics:
        assert item.message
        assert item.position.line >= 1
        if item.code in {"QS110", "QS111", "QS112", "QS116"} and item.severity is Severity.ERROR:
            # The loader is the stricter: 1.0 is no whole number, `$` means the very end.
            assert not accepted or "whole number" in item.message


@given(_mutated(SYNC_FILE))
def test_the_quick_check_and_jsonschema_give_the_same_answer(data: Any) -> None:
    assert is_sound(data, load_schema("sync")) == strict_validator("sync").is_valid(data)


@given(_mutated(PROJECT_FILE))
def test_the_quick_check_and_jsonschema_agree_on_settings_too(data: Any) -> None:
    assert is_sound(data, load_schema("project")) == strict_validator("project").is_valid(data)


def test_the_quick_check_says_yes_to_what_is_sound() -> None:
    assert is_sound(SYNC_FILE, load_schema("sync"))
    assert is_sound(PROJECT_FILE, load_schema("project"))


def test_every_schema_is_sound_and_describes_every_key() -> None:
    for kind in SCHEMA_KINDS:
        schema = load_schema(kind)
        Draft7Validator.check_schema(dict(schema))
        assert schema["$id"] == f"urn:qsync:schema:{kind}:1"
        for where, part in _properties(schema, kind):
            assert part.get("description") or "const" in part, where


def test_every_mapping_of_a_schema_refuses_unknown_keys() -> None:
    for kind in SCHEMA_KINDS:
        for where, part in _objects(load_schema(kind), kind):
            assert "additionalProperties" in part, where


def test_the_defaults_of_a_project_are_the_config_of_a_sync() -> None:
    sync, project = load_schema("sync")["definitions"], load_schema("project")["definitions"]
    assert {name: sync[name] for name in project} == project


def _walk(part: Any, where: str) -> Any:
    if isinstance(part, dict):
        yield where, part
        for key, value in part.items():
            if key not in ("if", "then", "allOf"):
                yield from _walk(value, f"{where}/{key}")


def _properties(schema: Any, kind: str) -> Any:
    for where, part in _walk(schema, kind):
        if where.endswith("/properties"):
            yield from ((f"{where}/{name}", value) for name, value in part.items())


def _objects(schema: Any, kind: str) -> Any:
    return ((where, part) for where, part in _walk(schema, kind) if part.get("type") == "object")
