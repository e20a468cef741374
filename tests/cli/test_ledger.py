"""`qsync ledger pull`: the seed, from the warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat

SEED = "seeds/qsync_runs.csv"


@pytest.fixture(autouse=True)
def prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSYNC_TARGET", "prod")


def test_a_stale_or_missing_file_becomes_what_apply_wrote(applied: Path, shell: Shell) -> None:
    path = applied / SEED
    whole = path.read_bytes()
    for stale in (whole.split(b"\n")[0] + b"\n", None):
        if stale is None:
            path.unlink()
        else:
            path.write_bytes(stale)
        said = shell("ledger", "pull")
        assert (said.code, said.out, said.err) == (ExitCode.OK, f"Wrote {SEED}: 4 rows.\n", "")
        assert path.read_bytes() == whole


def test_a_warehouse_without_records_leaves_the_file_as_it_is(project: Path, shell: Shell) -> None:
    before = (project / SEED).read_bytes()
    said = shell("ledger", "pull")
    assert said.code is ExitCode.OK
    assert "is left as it is" in said.out
    assert (project / SEED).read_bytes() == before
    assert shell("ledger", "pull", "--json").document["written"] is False


def test_without_records_and_without_a_file_there_is_a_header_that_dbt_can_load(
    project: Path, shell: Shell
) -> None:
    before = (project / SEED).read_bytes()
    (project / SEED).unlink()
    assert shell("ledger", "pull", "--json").document == {
        "format": 1,
        "path": SEED,
        "written": True,
        "rows": 0,
    }
    assert (project / SEED).read_bytes() == before


def test_a_file_somebody_edited_is_refused_with_what_to_do(applied: Path, shell: Shell) -> None:
    (applied / SEED).write_text("sync,run_id\n")
    said = shell("ledger", "pull")
    assert said.code is ExitCode.FAILED
    assert "restore the file from version control, or delete it" in flat(said.err)
    assert (applied / SEED).read_text() == "sync,run_id\n"
