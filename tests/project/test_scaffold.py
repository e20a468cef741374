"""`qsync init` and `qsync new`, as functions over a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from qsync.artifacts import Node
from qsync.errors import UserError
from qsync.fields import Field
from qsync.ledger import LEDGER_COLUMN_NAMES, seed_properties
from qsync.project.loader import load_project
from qsync.project.model import ObjectType
from qsync.project.new_sync import NewSync, plan_new_sync, write_new_sync
from qsync.project.paths import missing_dbtignore_lines
from qsync.project.scaffold import Outcome, WrittenFile, apply_files, init_files
from qsync.project.schemas import SCHEMA_KINDS, load_schema, modeline

HEADER = ",".join(LEDGER_COLUMN_NAMES)


@pytest.fixture
def dbt_project(tmp_path: Path) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\nseed-paths: [data]\n")
    return tmp_path


def _init(folder: Path) -> list[WrittenFile]:
    files = init_files(folder, seed_header=HEADER, seed_properties=seed_properties)
    return apply_files(folder, files)


def _content(folder: Path) -> dict[str, bytes]:
    return {
        item.relative_to(folder).as_posix(): item.read_bytes()
        for item in folder.rglob("*")
        if item.is_file()
    }


def test_init_writes_everything_a_project_needs(dbt_project: Path) -> None:
    written = _init(dbt_project)
    assert {item.path: item.outcome for item in written} == {
        "qsync.yml": Outcome.WRITTEN,
        ".dbtignore": Outcome.WRITTEN,
        "data/qsync_runs.csv": Outcome.WRITTEN,
        "data/qsync_runs.yml": Outcome.WRITTEN,
        "models/sample.qsync.yml": Outcome.WRITTEN,
        **{f".qsync/schemas/{kind}.schema.json": Outcome.WRITTEN for kind in SCHEMA_KINDS},
    }
    assert (dbt_project / "data/qsync_runs.csv").read_text() == HEADER + "\n"


def test_after_init_only_the_missing_syncs_are_told(dbt_project: Path) -> None:
    _init(dbt_project)
    result = load_project(dbt_project)
    assert [item.code for item in result.diagnostics] == ["QS133"]
    assert result.project is not None
    assert result.project.settings.ledger_seed == "data/qsync_runs.csv"


def test_init_again_changes_nothing(dbt_project: Path) -> None:
    _init(dbt_project)
    before = _content(dbt_project)
    assert {item.outcome for item in _init(dbt_project)} == {Outcome.LEFT}
    assert _content(dbt_project) == before


def test_init_overwrites_nothing_and_appends_what_dbtignore_lacks(dbt_project: Path) -> None:
    (dbt_project / "qsync.yml").write_text("version: 1\nledger: {seed: data/x/runs.csv}\n")
    (dbt_project / ".dbtignore").write_text("scratch/\n*.qsync.yml")
    outcomes = {item.path: item.outcome for item in _init(dbt_project)}
    assert outcomes["qsync.yml"] is Outcome.LEFT
    assert outcomes[".dbtignore"] is Outcome.APPENDED
    assert outcomes["data/x/runs.csv"] is Outcome.WRITTEN, "the ledger is where qsync.yml says"
    assert (dbt_project / "qsync.yml").read_text().startswith("version: 1\nledger")
    assert (dbt_project / ".dbtignore").read_text() == "scratch/\n*.qsync.yml\n*.qsync.yaml\n"
    assert missing_dbtignore_lines(dbt_project) == ()


def test_init_says_when_a_schema_is_of_another_qsync(dbt_project: Path) -> None:
    _init(dbt_project)
    (dbt_project / ".qsync/schemas/sync.schema.json").write_text("{}")
    outcomes = {item.path: item.outcome for item in _init(dbt_project)}
    assert outcomes[".qsync/schemas/sync.schema.json"] is Outcome.OUTDATED


def test_init_writes_no_sample_where_syncs_are(dbt_project: Path) -> None:
    (dbt_project / "models").mkdir()
    (dbt_project / "models/a.qsync.yml").write_text("version: 1\nsyncs: []\n")
    assert all("sample" not in item.path for item in _init(dbt_project))


def test_init_without_a_dbt_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no dbt_project\.yml"):
        _init(tmp_path)


def test_the_sample_is_a_sound_sync_once_uncommented(dbt_project: Path) -> None:
    _init(dbt_project)
    sample = dbt_project / "models/sample.qsync.yml"
    lines = sample.read_text().splitlines()
    start = next(index for index, line in enumerate(lines) if line == "# version: 1")
    sample.write_text("\n".join(line.removeprefix("# ") for line in lines[start:]) + "\n")
    result = load_project(dbt_project)
    assert result.diagnostics == []
    assert result.project is not None
    assert [sync.name for sync in result.project.syncs] == ["leads"]
    assert [test.sync for test in result.project.tests] == ["leads"]


def test_a_modeline_names_the_projects_own_copy_of_the_schema(dbt_project: Path) -> None:
    _init(dbt_project)
    line = modeline("sync", "models/marts/core/a.qsync.yml")
    relative = line.removeprefix("# yaml-language-server: $schema=")
    target = (dbt_project / "models/marts/core" / relative).resolve()
    assert target == (dbt_project / ".qsync/schemas/sync.schema.json").resolve()
    assert load_schema("sync")["title"] in target.read_text()


FIELDS = (
    Field("first_name", "First Name", "name"),
    Field("job_title", "Job Title", "string"),
    Field("LTV__c", "Lifetime Value", "decimal"),
    Field("email", "Email", "email"),
)
COLUMNS = ("Email_Address", "FIRST_NAME", "jobtitle", "lifetime_value", "internal_id")


def _model(version: str | None = None, package: str = "shop") -> Node:
    return Node(
        "model.shop.dim_leads",
        "dim_leads",
        package,
        "model",
        version,
        "2",
        original_file_path="models/marts/dim_leads.sql",
    )


def _new(
    folder: Path,
    name: str = "leads",
    node: Node | None = None,
    columns: Sequence[str] = COLUMNS,
    into: str | None = None,
    match: str | None = None,
) -> NewSync:
    new = plan_new_sync(
        folder,
        name,
        node or _model(),
        ObjectType.LEAD,
        FIELDS,
        columns,
        into_file=into,
        match_column=match,
    )
    write_new_sync(folder, new)
    return new


def test_new_writes_a_sync_beside_the_model(dbt_project: Path) -> None:
    new = _new(dbt_project)
    assert new.path == "models/marts/leads.qsync.yml"
    assert (dbt_project / new.path).read_text() == (
        "# yaml-language-server: $schema=../../.qsync/schemas/sync.schema.json\n"
        "version: 1\n"
        "syncs:\n"
        "  - name: leads\n"
        "    model: ref('dim_leads')\n"
        "    object: lead\n"
        "    match: {email: Email_Address}\n"
        "    fields:\n"
        "      first_name: FIRST_NAME\n"
        "      job_title: jobtitle\n"
        "      LTV__c: lifetime_value\n"
        "      # Columns without a field of that name:\n"
        "      #   internal_id\n"
    )
    result = load_project(dbt_project)
    assert result.project is not None
    assert [sync.name for sync in result.project.syncs] == ["leads"]


def test_new_leaves_out_what_another_sync_writes(dbt_project: Path) -> None:
    _new(dbt_project)
    new = _new(dbt_project, "more", columns=("email", "first_name", "ltv_c"))
    assert new.match.taken == {"first_name": ("first_name", "leads"), "ltv_c": ("LTV__c", "leads")}
    assert "# first_name: the sync `leads` writes first_name" in new.content
    assert "first_name: first_name" not in new.content


def test_new_names_a_version_that_is_not_the_latest_and_a_foreign_package(
    dbt_project: Path,
) -> None:
    old = _new(dbt_project, "old", _model(version="1"))
    foreign = _new(dbt_project, "foreign", _model(version="2", package="crm"))
    assert "model: ref('dim_leads', v=1)" in old.content
    assert "model: ref('crm', 'dim_leads')" in foreign.content
    assert foreign.path == "models/foreign.qsync.yml"


def test_new_without_a_column_for_the_match_key_says_how_to_name_it(dbt_project: Path) -> None:
    with pytest.raises(UserError, match="looks like the match key `email`") as raised:
        _new(dbt_project, columns=("contact", "first_name"))
    assert (
        raised.value.hint
        == "say which one holds it: --match-column COLUMN. columns: contact, first_name"
    )
    new = _new(dbt_project, columns=("contact", "first_name"), match="contact")
    assert "match: {email: contact}" in new.content


@pytest.mark.parametrize(
    ("name", "into", "message"),
    [
        ("Leads", None, "starts with a lower-case letter"),
        ("taken", None, "there is a sync `taken` already"),
        ("a", "elsewhere/a.qsync.yml", "sync files stand under models"),
        ("a", "models/../../a.qsync.yml", "sync files stand under models"),
        ("a", "models/a.yml", "end in .qsync.yml"),
        ("a", "models/broken.qsync.yml", "stands twice"),
    ],
)
def test_new_refuses_what_cannot_work(
    dbt_project: Path, name: str, into: str | None, message: str
) -> None:
    _new(dbt_project, "taken")
    (dbt_project / "models/broken.qsync.yml").write_text("version: 1\nversion: 1\nsyncs: []\n")
    before = _content(dbt_project)
    with pytest.raises(UserError, match=message):
        _new(dbt_project, name, into=into)
    assert _content(dbt_project) == before


EXISTING = """\
# The team's own words.
version: 1 # the edition

syncs:
  # About the first.
  - name: first
    model: "ref('dim_leads')"   # in quotes
    object: lead
    match: {email: email}

    fields:
      source: {value: 'warehouse'}

    config:
      tags: [hourly,   daily]
  # At the end.
"""


def test_new_adds_to_a_file_and_keeps_comments_order_and_quotes(dbt_project: Path) -> None:
    path = dbt_project / "models/team.qsync.yml"
    path.parent.mkdir()
    path.write_text(EXISTING)
    new = _new(dbt_project, into="models/team.qsync.yml")
    assert new.appended
    text = path.read_text()
    for kept in (
        "# The team's own words.\n",
        "version: 1 # the edition\n\nsyncs:\n  # About the first.\n",
        "    model: \"ref('dim_leads')\"   # in quotes\n",
        "{value: 'warehouse'}\n\n    config:\n",
        "  # At the end.\n",
    ):
        assert kept in text
    assert "      # Columns without a field of that name:\n      #   internal_id\n" in text
    result = load_project(dbt_project)
    assert result.project is not None
    assert [sync.name for sync in result.project.syncs] == ["first", "leads"]


TESTS = """\

# About the tests.
tests:
  - name: a test
    sync: first
    given: [{email: a@x.example}]
    expect:
      leads:
        - email: a@x.example
          fields:
            source: null # as it stands
"""


def test_new_leaves_what_stands_below_the_syncs_as_it_is(dbt_project: Path) -> None:
    path = dbt_project / "models/team.qsync.yml"
    path.parent.mkdir()
    path.write_text(EXISTING + TESTS)
    _new(dbt_project, into="models/team.qsync.yml")
    assert path.read_text().endswith("\n" + TESTS)
    result = load_project(dbt_project)
    assert result.project is not None
    assert [sync.name for sync in result.project.syncs] == ["first", "leads"]
    assert [test.name for test in result.project.tests] == ["a test"]


def test_new_adds_to_a_file_that_holds_only_tests(dbt_project: Path) -> None:
    path = dbt_project / "models/team.qsync.yml"
    path.parent.mkdir()
    text = "version: 1\n" + TESTS
    path.write_text(text)
    _new(dbt_project, into="models/team.qsync.yml")
    assert path.read_text().startswith(text + "\nsyncs:\n  - name: leads\n")


SYNC_IN_FLOW = "{name: first, model: m, object: lead, match: {email: e}, fields: {source: s}}"
TIGHT = """\
version: 1
syncs:
- name: first
  model: m
  object: lead
  match: {email: e}
  fields:
    source: s
"""
WIDE = """\
version: 1
syncs:
    -   name: first
        model: m
        object: lead
        match: {email: e}
        fields:
            source: s
"""
LAYOUTS = {
    "an empty list": "version: 1\nsyncs: []\n",
    "comments only": "# a comment only\n",
    "no syncs": "version: 1\n",
    "tight": TIGHT,
    "wide": WIDE,
    "from Windows": f"version: 1\r\nsyncs:\r\n  - {SYNC_IN_FLOW}\r\n",
    "syncs first, no line break at the end": f"syncs:\n  - {SYNC_IN_FLOW}\nversion: 1",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_new_adds_to_a_file_of_any_layout(dbt_project: Path, text: str) -> None:
    path = dbt_project / "models/team.qsync.yml"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    _new(dbt_project, into="models/team.qsync.yml")
    after = path.read_bytes().decode()
    assert ("\r\n" in after) == ("\r\n" in text)
    for line in text.splitlines():
        if line not in ("syncs: []", "version: 1"):
            assert line in after
    result = load_project(dbt_project)
    assert result.project is not None
    assert result.project.syncs[-1].name == "leads"
    assert len(result.project.syncs[-1].fields) == 3
