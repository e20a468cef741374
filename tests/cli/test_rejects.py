"""`qsync rejects`: what was rejected, why, and what to do; as a view, and as a file on request."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from qsync.cli.exporting import export_rejects
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.planning.rejected import RejectedRecord
from tests.cli.kit import Shell, flat, sql


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def test_each_reason_has_counts_times_the_line_that_maps_it_and_a_cure(
    applied: Path, shell: Shell, repository: Path
) -> None:
    said = shell("rejects")
    assert (said.code, said.err) == (ExitCode.OK, "")
    text = flat(said.out)
    assert "leads (lead): 3 rejected" in text
    assert "column phone, models/marts/leads.qsync.yml:" in text
    assert "phone is a phone field" in text
    assert "@" not in said.out
    document = shell("rejects", "leads", "--json").document
    schema = json.loads((repository / "schemas" / "rejects.schema.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(document)
    assert (document["records"], document["resting"], document["more"]) == (3, 0, False)


def test_before_the_first_apply_nothing_is_rejected(project: Path, shell: Shell) -> None:
    said = shell("rejects")
    assert (said.code, said.out) == (ExitCode.OK, "Nothing is rejected.\n")


def test_a_sync_nobody_knows_is_told_with_those_there_are(applied: Path, shell: Shell) -> None:
    said = shell("rejects", "leeds")
    assert said.code is ExitCode.FAILED
    assert "There is no sync 'leeds'" in flat(said.err)
    assert "companies, leads, product_usage" in flat(said.err)


def test_the_view_has_its_columns_and_types_and_joins_to_the_model_by_its_key(
    applied: Path, shell: Shell
) -> None:
    columns = sql(
        applied,
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'qsync' and table_name = 'qsync_rejections' "
        "order by ordinal_position",
    )
    assert columns == [
        ("destination", "VARCHAR"),
        ("project", "VARCHAR"),
        ("sync", "VARCHAR"),
        ("object", "VARCHAR"),
        ("match_key", "VARCHAR"),
        ("field", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("attempts", "BIGINT"),
        ("resting", "BOOLEAN"),
        ("run_id", "VARCHAR"),
        ("first_at", "TIMESTAMP"),
        ("last_at", "TIMESTAMP"),
    ]
    rows = sql(
        applied,
        "select sync, object, field, attempts, resting, count(*) from qsync.qsync_rejections "
        "where match_key like '%@%' group by all order by all",
    )
    assert rows == [
        ("leads", "lead", "phone", 1, False, 3),
        ("product_usage", "lead", "interests", 1, False, 1),
    ]


def test_an_export_has_every_record_for_its_owner_only_and_says_when_git_would_take_it(
    applied: Path, shell: Shell
) -> None:
    subprocess.run(["git", "init", "-q", str(applied)], check=True)
    said = shell("rejects", "--export", "rejected.csv")
    assert said.code is ExitCode.OK
    path = applied / "rejected.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = sql(applied, "select match_key from qsync.qsync_rejections order by 1")
    assert [(row["key"],) for row in rows] == keys
    assert "Wrote 4 rejected records to rejected.csv." in said.err
    assert "git does not ignore rejected.csv" in said.err
    assert not any(key in said.out + said.err for (key,) in keys)

    again = shell("rejects", "--export", "rejected.csv")
    assert again.code is ExitCode.FAILED
    assert "something of that name is there already" in flat(again.err)


def test_nothing_is_exported_in_ci(
    applied: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    said = shell("rejects", "--export", "rejected.csv")
    assert said.code is ExitCode.FAILED
    assert "a CI job is no place for them" in flat(said.err)
    assert not (applied / "rejected.csv").exists()


def test_a_cell_that_a_spreadsheet_would_run_is_made_a_text(tmp_path: Path) -> None:
    record = RejectedRecord(
        "leads", "lead", "=cmd@x.example", "+1", None, 2, True, "r1", "first", "last"
    )
    assert export_rejects(tmp_path / "out.csv", [record]) == 1
    with (tmp_path / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["key"], row["reason"], row["field"], row["resting"]) == (
        "'=cmd@x.example",
        "'+1",
        "",
        "true",
    )


def test_an_export_that_fails_midway_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[RejectedRecord]:
        raise UserError("the warehouse is gone")
        yield

    with pytest.raises(UserError):
        export_rejects(tmp_path / "out.csv", broken())
    assert list(tmp_path.iterdir()) == []
