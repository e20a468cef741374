"""Whenever a run is killed, the next ones end where an undisturbed one would have."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.crash.conftest import Kill, Victims, held, state

APPLY = ("apply", "--auto-approve", "-s", "leads")

LABELS = ("marked", "intent", "posted", "accepted", "result", "committed")
"""What happens to a chunk, in order: known to the warehouse as possibly posted, intended in the
journal, posted, accepted, read, committed to state."""

NTHS = {"committed": (1, 2, 3)}
"""Which chunk: the first, a middle one, the last of six. Commits take what there is."""

QUICK: tuple[Kill, ...] = (("accepted", "after", 6),)
"""Those that are worth some of everybody's time; all others run with the slow tests."""

AROUND: tuple[Kill, ...] = tuple(
    (label, moment, 1)
    for label in ("staged", "begun", "closed", "released")
    for moment in ("before", "after")
)
"""What happens to a stream, or to the run."""

OF_CHUNKS: tuple[Kill, ...] = tuple(
    (label, moment, nth)
    for label in LABELS
    for moment in ("before", "after")
    for nth in NTHS.get(label, (1, 3, 6))
)
MIDDLE: tuple[Kill, ...] = tuple(
    kill for kill in OF_CHUNKS if kill[2] == NTHS.get(kill[0], (1, 3))[1]
)


def _name(kill: Kill) -> str:
    return " ".join(map(str, kill))


def _break_lock(team: Team) -> None:
    team.sql("UPDATE qsync.qsync_lock SET expires = 0")  # its fifteen minutes have passed


def _undisturbed(team: Team, victims: Victims) -> tuple[dict[str, Any], dict[str, Any]]:
    assert victims.run(team.project, *APPLY)["code"] == ExitCode.PARTIAL
    return state(team), held(team)


def _check_end(team: Team, wanted: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Everything arrived, is in state as acknowledged, and is accounted for."""
    assert held(team) == wanted[1]
    assert state(team) == wanted[0]
    for row in team.ledger():
        ends = ("succeeded", "rejected", "unknown", "invalid_late", "unsent")
        assert int(row["rows_planned"]) == sum(int(row[f"rows_{name}"]) for name in ends)
        assert row["status"] != "running"
    assert team.sql("SELECT count(*) FROM qsync.qsync_stages") == [(0,)]
    assert team.sql("SELECT count(*) FROM qsync.qsync_jobs") == [(0,)]
    assert team.sql("SELECT count(*) FROM qsync.qsync_rejects") == [(3,)]
    journal = team.project / "target" / "qsync" / "journal"
    assert list(journal.iterdir()) == []


@pytest.fixture
def wanted(
    team: Team, victims: Victims, request: pytest.FixtureRequest
) -> tuple[dict[str, Any], dict[str, Any]]:
    """How an undisturbed run ends: made once, then everything is as before it."""
    cache = request.config.stash.setdefault(_ENDS, {})
    if "ends" not in cache:
        kept = team.project.with_suffix(".kept")
        shutil.copytree(team.project, kept)
        cache["ends"] = _undisturbed(team, victims)
        shutil.rmtree(team.project)
        shutil.copytree(kept, team.project)
        team.qualified.account.reset()
    ends: tuple[dict[str, Any], dict[str, Any]] = cache["ends"]
    return ends


_ENDS = pytest.StashKey[dict[str, Any]]()


def _kill_and_run_again(
    team: Team,
    victims: Victims,
    kill: Kill,
    wanted: tuple[dict[str, Any], dict[str, Any]],
    *,
    journal: bool,
) -> None:
    assert victims.run(team.project, *APPLY, kill=kill) == {"signal": 9}, (
        team.project / "said.txt"
    ).read_text()
    _break_lock(team)
    if not journal:
        shutil.rmtree(team.project / "target" / "qsync")
    again = victims.run(team.project, *APPLY)
    said = (team.project / "said.txt").read_text()
    assert again["code"] in {ExitCode.OK, ExitCode.PARTIAL}, said
    assert held(team) == wanted[1], "the next run brings everything there"
    for _ in range(2):
        # Records whose answer nobody will ever tell go once more; rejects go a second time.
        victims.run(team.project, *APPLY)
    _check_end(team, wanted)


@pytest.mark.proves(fault="process killed", promise="no row lost")
@pytest.mark.proves(fault="process killed", promise="every row accounted for")
@pytest.mark.parametrize("kill", QUICK, ids=_name)
def test_a_killed_run_is_made_good_by_the_next(
    team: Team, victims: Victims, wanted: Any, kill: Kill
) -> None:
    _kill_and_run_again(team, victims, kill, wanted, journal=True)


@pytest.mark.proves(fault="process killed", promise="no row lost")
@pytest.mark.slow
@pytest.mark.parametrize(
    "kill", [kill for kill in AROUND + OF_CHUNKS if kill not in QUICK], ids=_name
)
def test_a_run_killed_anywhere_is_made_good_by_the_next(
    team: Team, victims: Victims, wanted: Any, kill: Kill
) -> None:
    _kill_and_run_again(team, victims, kill, wanted, journal=True)


@pytest.mark.proves(fault="machine gone", promise="no row lost")
@pytest.mark.slow
@pytest.mark.parametrize("kill", MIDDLE, ids=_name)
def test_a_run_killed_anywhere_on_a_machine_that_is_gone_is_made_good_by_the_next(
    team: Team, victims: Victims, wanted: Any, kill: Kill
) -> None:
    _kill_and_run_again(team, victims, kill, wanted, journal=False)


@pytest.mark.proves(fault="machine gone", promise="no row lost")
@pytest.mark.proves(fault="machine gone", promise="every row accounted for")
def test_a_killed_run_whose_machine_is_gone_is_made_good_by_the_next(
    team: Team, victims: Victims, wanted: Any
) -> None:
    _kill_and_run_again(team, victims, ("posted", "after", 3), wanted, journal=False)


@pytest.mark.proves(fault="process killed", promise="no row lost")
@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_killed_while_it_settles_a_killed_one_is_made_good_by_the_next(
    team: Team, victims: Victims, wanted: Any, moment: str
) -> None:
    assert victims.run(team.project, *APPLY, kill=("accepted", "after", 3)) == {"signal": 9}
    _break_lock(team)
    _kill_and_run_again(team, victims, ("recovered", moment, 1), wanted, journal=True)
