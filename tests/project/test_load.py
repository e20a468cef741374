"""What a sound project becomes."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from qsync.diagnostics import Severity
from qsync.project.loader import load_project
from qsync.project.model import (
    Guards,
    Limit,
    ModelRef,
    ObjectType,
    OnNull,
    OnRemoved,
    OnWarn,
    Project,
    Requires,
    TestsGate,
)
from tests.project.case_files import DEFAULTS

SETTINGS = """\
version: 1
qualified:
  api_key_env: QUALIFIED_PROD_KEY
  base_url: https://api.qualified.com/
  account: sandbox
  apply_targets: [prod, ci]
  limits: {share: 0.5, per_day: 50000}
state: {schema: ops_qsync, keep_removed: 30d}
ledger: {seed: seeds/ops/runs.csv}
defaults:
  on_null: fail
  tags: [daily]
  guards: {max_changed: 20%, max_removed: 10%}
  requires: {tests: passed, max_age: 90m, warned: block}
"""

SYNCS = """\
version: 1
syncs:
  - name: leads
    description: For sales
    model: ref('dim_leads', v=2)
    object: lead
    match: {email: email_address}
    fields:
      first_name: first_name
      job_title: {column: title, on_null: clear}
      source: {value: warehouse}
    company:
      match: {domain: company_domain}
      company_name: company_name
      fields: {employees: employee_count}
    config:
      owner: growth-eng
      tags: [hourly]
      on_removed: clear
      guards: {max_changed: 40.5%, max_removed: none, max_added_rows: 500}
    renamed_from: old_leads
  - name: companies
    model: ref('crm', "dim_companies")
    object: company
    match: {domain: domain}
    company_name: name
    config: {enabled: false, allow_free_mail: true, requires: {tests: run, max_age: none}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    _write(tmp_path, {"qsync.yml": SETTINGS, "models/marts/s.qsync.yml": SYNCS})
    result = load_project(tmp_path)
    assert result.diagnostics == []
    assert result.project is not None
    return result.project


def _write(folder: Path, files: dict[str, str]) -> None:
    base = {key: DEFAULTS[key] for key in ("dbt_project.yml", ".dbtignore", "qsync.yml")}
    for path, content in {**base, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")


def test_a_lead_sync_becomes_what_its_file_says(project: Project) -> None:
    sync = project.syncs[0]
    assert (sync.name, sync.description, sync.object) == ("leads", "For sales", ObjectType.LEAD)
    assert sync.model == ModelRef("dim_leads", version="2")
    assert sync.match_column == "email_address"
    assert sync.renamed_from == "old_leads"
    assert [(item.field, item.column, item.constant, item.on_null) for item in sync.fields] == [
        ("first_name", "first_name", None, OnNull.FAIL),
        ("job_title", "title", None, OnNull.CLEAR),
        ("source", None, "warehouse", OnNull.FAIL),
    ]


def test_a_company_block_has_its_name_among_its_fields(project: Project) -> None:
    company = project.syncs[0].company
    assert company is not None
    assert company.match_column == "company_domain"
    assert [item.field for item in company.fields] == ["company_name", "employees"]


def test_a_company_sync_has_its_name_among_its_fields(project: Project) -> None:
    sync = project.syncs[1]
    assert sync.model == ModelRef("dim_companies", package="crm")
    assert [(item.field, item.column) for item in sync.fields] == [("company_name", "name")]
    assert sync.company is None


def test_a_config_overrides_the_defaults_key_by_key(project: Project) -> None:
    leads, companies = (sync.config for sync in project.syncs)
    assert leads.guards == Guards(
        max_changed=Limit(share=Fraction(405, 1000)), max_removed=None, max_added_rows=500
    )
    assert companies.guards == Guards(
        max_changed=Limit(share=Fraction(1, 5)), max_removed=Limit(share=Fraction(1, 10))
    )
    assert (leads.tags, companies.tags) == (("hourly",), ("daily",))
    assert (leads.on_removed, companies.on_removed) == (OnRemoved.CLEAR, OnRemoved.KEEP)
    assert leads.requires == Requires(TestsGate.PASSED, timedelta(minutes=90), OnWarn.BLOCK)
    assert companies.requires == Requires(TestsGate.RUN, None, OnWarn.BLOCK)
    assert (leads.enabled, companies.enabled) == (True, False)
    assert companies.allow_free_mail


def test_positions_point_at_keys_and_values(project: Project) -> None:
    sync = project.syncs[0]
    path = "models/marts/s.qsync.yml"
    assert str(sync.position) == f"{path}:3:5"
    assert str(sync.model_position) == f"{path}:5:12"
    assert str(sync.match_position) == f"{path}:7:20"
    title = sync.fields[1]
    assert str(title.field_position) == f"{path}:10:7"
    assert str(title.column_position) == f"{path}:10:27"
    assert sync.company is not None
    assert str(sync.company.position) == f"{path}:12:5"
    assert str(sync.company.match_position) == f"{path}:13:23"


def test_the_settings_become_what_qsync_yml_says(project: Project) -> None:
    settings = project.settings
    assert settings.qualified.api_key_env == "QUALIFIED_PROD_KEY"
    assert settings.qualified.base_url == "https://api.qualified.com"
    assert settings.qualified.account == "sandbox"
    assert settings.qualified.apply_targets == ("prod", "ci")
    assert (settings.qualified.limits.share, settings.qualified.limits.per_day) == (0.5, 50_000)
    assert settings.qualified.limits.in_flight == 5
    assert (settings.state_schema, settings.keep_removed) == ("ops_qsync", "30d")
    assert settings.removed_kept_for == timedelta(days=30)
    assert settings.ledger_seed == "seeds/ops/runs.csv"


def test_an_override_of_the_address_replaces_the_one_in_the_file(tmp_path: Path) -> None:
    _write(tmp_path, {"qsync.yml": SETTINGS, "models/s.qsync.yml": SYNCS})
    result = load_project(tmp_path, base_url="http://127.0.0.1:9999/")
    assert result.diagnostics == []
    assert result.project is not None
    assert result.project.settings.qualified.base_url == "http://127.0.0.1:9999"


def test_an_override_is_checked_like_the_file_and_named_as_what_it_is(tmp_path: Path) -> None:
    _write(tmp_path, {"models/s.qsync.yml": SYNCS})
    (found,) = load_project(tmp_path, base_url="https://proxy.example").diagnostics
    assert (found.code, found.severity) == ("QS141", Severity.ERROR)
    assert found.message.startswith("QSYNC_BASE_URL points to another host")


def test_a_host_allowed_from_outside_the_files_is_accepted(tmp_path: Path) -> None:
    _write(tmp_path, {"models/s.qsync.yml": SYNCS})
    result = load_project(
        tmp_path, base_url="https://Proxy.example", allowed_hosts=["proxy.example"]
    )
    assert result.diagnostics == []


def test_dbts_file_may_hold_anchors_tags_and_env_vars(tmp_path: Path) -> None:
    dbt = (
        "name: shop\nprofile: &p shop\nprofile_again: *p\nvars: !custom {a: 1}\n"
        'model-paths: [\'{{ env_var("MODELS", "transform") }}\']\n'
        "target-path: \"{{ env_var('OUT') }}/t\"\n"
    )
    _write(tmp_path, {"dbt_project.yml": dbt, "transform/s.qsync.yaml": SYNCS})
    result = load_project(tmp_path, environ={"OUT": "build"})
    assert result.diagnostics == []
    assert result.project is not None
    assert result.profile == "shop"
    assert result.project.target_path == "build/t"
    assert result.project.model_paths == ("transform",)
    assert result.project.sync_files == ("transform/s.qsync.yaml",)


def test_a_target_path_from_the_command_line_or_dbts_variable_wins(tmp_path: Path) -> None:
    _write(tmp_path, {"models/s.qsync.yml": SYNCS})
    by_flag = load_project(tmp_path, target_path="here", environ={"DBT_TARGET_PATH": "there"})
    by_variable = load_project(tmp_path, environ={"DBT_TARGET_PATH": "there"})
    assert by_flag.project is not None
    assert by_variable.project is not None
    assert (by_flag.project.target_path, by_variable.project.target_path) == ("here", "there")


def test_a_wider_pattern_in_dbtignore_counts(tmp_path: Path) -> None:
    _write(tmp_path, {"models/s.qsync.yml": SYNCS, ".dbtignore": "**/*.qsync.*\n"})
    assert load_project(tmp_path).diagnostics == []
