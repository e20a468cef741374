"""`qsync exposures`: the file in dbt's lineage, and whether it is up to date."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat
from tests.support.dbt_project import EXAMPLE, run_dbt

FILE = "models/qsync_exposures.yml"
LEADS = "models/marts/leads.qsync.yml"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example as it is in git, never parsed, as the current folder."""
    copied = tmp_path / "northwind"
    ignored = shutil.ignore_patterns("target", "logs", "*.duckdb*")
    shutil.copytree(EXAMPLE, copied, ignore=ignored)
    shutil.copytree(EXAMPLE.parent / "dbt_package", copied / "dbt_packages" / "qsync")
    monkeypatch.chdir(copied)
    return copied


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_examples_file_is_up_to_date(example: Path, shell: Shell) -> None:
    said = shell("exposures", "--check")
    assert said.code is ExitCode.OK, "run `qsync exposures` in example_project"
    assert said.out == f"{FILE} is up to date: 3 exposures.\n"


def test_a_variable_that_names_another_address_changes_nothing(
    example: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_BASE_URL", "https://api.qualified.com")
    assert shell("exposures", "--check").code is ExitCode.OK


def test_an_edited_sync_is_named_until_the_file_is_written(example: Path, shell: Shell) -> None:
    _edit(example / LEADS, "owner: growth-eng", "owner: revops")
    (example / "models/marts/companies.qsync.yml").unlink()
    before = (example / FILE).read_bytes()
    said = shell("exposures", "--check")
    assert said.code is ExitCode.FAILED
    assert "changed leads" in flat(said.out)
    assert "left over companies" in flat(said.out)
    assert "Run `qsync exposures`" in said.out
    assert (example / FILE).read_bytes() == before
    assert shell("exposures").code is ExitCode.OK
    assert shell("exposures", "--check").code is ExitCode.OK
    assert list((example / "models").glob(".*")) == []


def test_no_file_is_told_and_then_written_where_out_says(example: Path, shell: Shell) -> None:
    (example / FILE).unlink()
    said = shell("exposures", "--check", "--json")
    assert said.code is ExitCode.FAILED
    assert said.document["missing"] == ["companies", "leads", "product_usage"]
    assert not (example / FILE).exists()
    said = shell("exposures", "--out", "models/ops/lineage.yml")
    assert said.out == "Wrote models/ops/lineage.yml: 3 exposures.\n"
    assert not (example / FILE).exists()


def test_a_file_of_somebody_else_is_left_as_it_is(example: Path, shell: Shell) -> None:
    mine = "version: 2\nexposures: []\n"
    (example / FILE).write_text(mine)
    said = shell("exposures")
    assert said.code is ExitCode.FAILED
    assert "was not written by qsync" in flat(said.err)
    assert (example / FILE).read_text() == mine


@pytest.mark.parametrize("out", ["elsewhere.yml", "models/a.qsync.yml", "models/a.txt"])
def test_a_file_dbt_would_not_read_is_refused(example: Path, shell: Shell, out: str) -> None:
    said = shell("exposures", "--out", out)
    assert said.code is ExitCode.USAGE
    assert not (example / out).exists()


def test_a_sync_without_an_owner_is_told(example: Path, shell: Shell) -> None:
    _edit(example / LEADS, "      owner: growth-eng\n", "")
    assert "leads is without an owner" in flat(shell("exposures").out)


def test_in_the_examples_manifest_each_model_leads_to_its_sync(built_project: Path) -> None:
    manifest = json.loads((built_project / "target" / "manifest.json").read_bytes())
    leads_to = {
        entry["meta"]["qsync"]["sync"]: entry["depends_on"]["nodes"]
        for entry in manifest["exposures"].values()
    }
    assert leads_to == {
        "companies": ["model.northwind_saas.dim_companies"],
        "leads": ["model.northwind_saas.dim_leads"],
        "product_usage": ["model.northwind_saas.dim_product_users"],
    }


@pytest.mark.slow
def test_dbt_takes_whatever_is_written_without_a_warning(example: Path, shell: Shell) -> None:
    """Braces, an address as the owner, no owner, a disabled sync of a model that is gone."""
    _edit(
        example / LEADS,
        "description: Everybody in the CRM, so that Qualified greets them by name",
        'description: "{{ undefined() }}: {% nonsense %} {# gone #} no"',
    )
    _edit(example / LEADS, "owner: growth-eng", "owner: growth@northwind.example")
    _edit(example / "models/marts/companies.qsync.yml", "      owner: revops\n", "")
    usage = example / "models/marts/product_usage.qsync.yml"
    _edit(usage, "owner: growth-eng", "enabled: false")
    _edit(usage, "ref('dim_product_users')", "ref('dim_retired', v=2)")
    assert shell("exposures").code is ExitCode.OK
    listed = run_dbt(
        example, "--warn-error", "--quiet", "ls", "--resource-type", "exposure", "--output", "name"
    )
    assert (listed.returncode, listed.stdout.split()) == (0, ["qsync_companies", "qsync_leads"])
    manifest = json.loads((example / "target" / "manifest.json").read_bytes())
    leads = manifest["exposures"]["exposure.northwind_saas.qsync_leads"]
    assert leads["description"] == "{ { undefined() } }: { % nonsense % } { # gone # } no"
    assert leads["owner"]["email"] == "growth@northwind.example"
