"""`target/qsync/` is its owner's alone, whatever the umask is and whatever dbt writes there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qsync.cli.private import keep_private, private_folder
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.cli.kit import flat

SEED = Path("seeds") / "qsync_runs.csv"


@pytest.fixture
def any_umask() -> Iterator[None]:
    """Whatever a test sets, the next one has what it was before."""
    before = os.umask(0)
    os.umask(before)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Each file's and folder's rights, the folder's own among them."""
    paths = [folder, *folder.rglob("*")]
    return {path.relative_to(folder.parent).as_posix(): f"{_mode(path):o}" for path in paths}


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def _everything_is_private(folder: Path) -> None:
    found = modes(folder)
    wanted = {name: "700" if (folder.parent / name).is_dir() else "600" for name in found}
    assert found == wanted


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_every_command_that_asks_dbt_leaves_only_private_files(
    team: Team, any_umask: None, umask: int
) -> None:
    seed_before = _mode(team.project / SEED)
    os.umask(umask)
    codes = [
        team.qsync("plan").code,
        team.apply().code,
        team.qsync("status").code,
        team.qsync("ledger", "pull").code,
        team.qsync("debug").code,
    ]
    assert os.umask(umask) == umask, "the process has its own umask again"
    os.umask(0o022)
    assert set(codes) <= {ExitCode.OK, ExitCode.PARTIAL}
    own = team.project / "target" / "qsync"
    assert (own / "dbt" / "partial_parse.msgpack").is_file()
    _everything_is_private(own)
    assert _mode(team.project / SEED) == seed_before, "the ledger is a file of the repository"


def test_what_an_earlier_qsync_left_open_is_closed(team: Team, any_umask: None) -> None:
    own = team.project / "target" / "qsync"
    (own / "dbt" / "deep").mkdir(parents=True)
    (own / "dbt" / "deep" / "old.log").write_text("old")
    for path in (own, *own.rglob("*")):
        path.chmod(0o777)
    assert team.qsync("plan").code is ExitCode.OK
    _everything_is_private(own)


def test_while_the_folder_is_in_use_new_files_are_private_and_the_umask_comes_back(
    tmp_path: Path, any_umask: None
) -> None:
    os.umask(0o002)
    made = tmp_path / "target" / "qsync" / "made"

    def fail_inside() -> None:
        with private_folder(made.parent):
            made.write_text("")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert _mode(made) == 0o600
    assert os.umask(0o002) == 0o002


def test_a_link_in_its_place_is_refused_and_what_it_leads_to_is_left_alone(
    team: Team, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs").write_text("theirs")
    (elsewhere / "theirs").chmod(0o644)
    elsewhere.chmod(0o755)
    (team.project / "target" / "qsync").symlink_to(elsewhere)
    said = team.qsync("plan")
    assert said.code is ExitCode.FAILED
    assert "it is a link" in flat(said.err)
    assert modes(elsewhere) == {"elsewhere": "755", "elsewhere/theirs": "644"}


def test_a_link_inside_is_not_followed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    theirs.chmod(0o644)
    own = tmp_path / "qsync"
    own.mkdir()
    (own / "link").symlink_to(theirs)
    keep_private(own)
    assert _mode(theirs) == 0o644


def test_a_file_in_its_place_is_said_to_be_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "qsync").write_text("")
    with (
        pytest.raises(UserError, match="File exists") as caught,
        private_folder(tmp_path / "qsync"),
    ):
        raise AssertionError("never entered")
    assert caught.value.hint


def test_a_folder_that_is_gone_needs_no_care(tmp_path: Path) -> None:
    keep_private(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()
