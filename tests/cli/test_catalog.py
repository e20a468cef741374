"""`qsync catalog`: Qualified's fields as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.emulator.settings import DEFAULT_KEY
from qsync.exit_codes import ExitCode
from qsync.fields import read_catalog
from tests.apply.kit import Team
from tests.cli.kit import Shell, flat

FILE = "qualified_fields.yml"


def test_pull_writes_what_diff_then_finds_equal(team: Team) -> None:
    assert team.qsync("catalog", "pull").code is ExitCode.OK
    said = team.qsync("catalog", "diff")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert "No difference" in said.out
    assert "is up to date: 18 lead fields" in flat(team.qsync("catalog", "pull").out)


def test_diff_ends_with_1_and_says_what_is_new_gone_and_changed(team: Team) -> None:
    team.qsync("catalog", "pull")
    path = team.project / FILE
    text = path.read_text()
    text = text.replace("name: phone", "name: telephone").replace("type: decimal", "type: text", 1)
    path.write_text(text)
    said = team.qsync("catalog", "diff")
    assert said.code is ExitCode.FAILED
    lines = [flat(line) for line in said.out.splitlines()]
    assert "+ lead phone is new in Qualified" in lines
    assert "- lead telephone is gone from Qualified" in lines
    assert any(line.startswith("~ lead") and "type: text -> decimal" in line for line in lines)
    document = team.qsync("catalog", "diff", "--json").document
    assert (document["differs"], document["differences"]) == (True, 3)
    assert path.read_text() == text, "diff writes nothing"


def test_pull_says_what_changed_in_the_file(team: Team) -> None:
    team.qsync("catalog", "pull")
    path = team.project / FILE
    path.write_text(path.read_text().replace("name: phone", "name: telephone"))
    said = team.qsync("catalog", "pull")
    assert said.code is ExitCode.OK
    assert "+ lead phone is new in Qualified" in flat(said.out)
    assert "2 changes. Review and commit it." in flat(said.out)


def test_a_first_pull_writes_the_file_and_its_line_for_editors(team: Team) -> None:
    (team.project / FILE).unlink()
    team.qsync("init")
    said = team.qsync("catalog", "pull")
    assert f"Wrote {FILE}: 18 lead fields and 12 company fields. Commit it." in flat(said.out)
    first = (team.project / FILE).read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=.qsync/schemas/catalog.schema.json"


@pytest.mark.parametrize("text", ["version: [", "version: 99\nlead: []\ncompany: []\n", ""])
def test_a_broken_catalog_stops_diff_and_pull_writes_it_anew(team: Team, text: str) -> None:
    path = team.project / FILE
    path.write_text(text)
    said = team.qsync("catalog", "diff")
    assert said.code is ExitCode.FAILED
    assert f"{FILE}:1:" in said.err
    assert team.qsync("catalog", "pull", "--json").document["new"] is True
    assert read_catalog(path)[1] == []


def test_a_broken_sync_does_not_keep_the_catalog_from_being_pulled(team: Team) -> None:
    (team.project / "models" / "marts" / "leads.qsync.yml").write_text("version: [")
    assert team.qsync("catalog", "pull").code is ExitCode.OK


def test_the_key_goes_to_no_address_that_the_project_made_up(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QSYNC_BASE_URL")
    path = team.project / "qsync.yml"
    path.write_text(path.read_text().replace("http://127.0.0.1:8765", "https://evil.test"))
    for words in (("catalog", "pull"), ("catalog", "diff")):
        said = team.qsync(*words)
        assert said.code is ExitCode.FAILED
        assert "error QS141" in said.err
    assert team.qualified.account.requests() == []


def test_a_missing_key_is_told_with_what_to_do(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUALIFIED_API_KEY")
    said = team.qsync("catalog", "pull")
    assert said.code is ExitCode.FAILED
    assert "QUALIFIED_API_KEY is not set" in flat(said.err)


def test_a_wrong_key_is_told_and_not_shown(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUALIFIED_API_KEY", "canary-of-a-key")
    said = team.qsync("catalog", "diff")
    assert said.code is ExitCode.FAILED
    assert "qsync catalog failed" in said.err
    assert "canary" not in said.out + said.err


def test_show_is_offline_and_opens_long_lists_when_asked(project: Path, shell: Shell) -> None:
    short, verbose = shell("catalog", "show"), shell("catalog", "show", "--verbose")
    assert short.code is verbose.code is ExitCode.OK
    assert "lead: 18 fields" in short.out
    assert "company: 12 fields" in short.out
    assert verbose.out.count("…") == 0
    document = shell("catalog", "show", "--json").document
    assert {field["name"] for field in document["lead"]} >= {"phone", "job_title"}


def test_show_without_a_catalog_says_how_to_get_one(project: Path, shell: Shell) -> None:
    (project / FILE).unlink()
    said = shell("catalog", "show")
    assert said.code is ExitCode.FAILED
    assert "`qsync catalog pull` writes it" in said.err


def test_a_key_of_the_emulator_is_all_it_takes(team: Team) -> None:
    """No scope is needed: the calls are those of the fields."""
    team.qsync("catalog", "pull")
    assert set(team.qualified.account.requests_by_kind()) == {"fields"}
    assert DEFAULT_KEY not in (team.project / FILE).read_text()
