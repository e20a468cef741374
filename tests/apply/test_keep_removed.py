"""What is left of people who left goes by itself, if that was asked for."""

from __future__ import annotations

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team

PURGED = "state: {schema: qsync, keep_removed: 30d}"
OLD = "2020-01-01 00:00:00"


def _state(team: Team) -> str:
    ((table,),) = team.sql(
        "SELECT state_table FROM qsync.qsync_streams WHERE sync = 'leads' AND object = 'lead'"
    )
    return str(table)


def _left(team: Team) -> tuple[int, int]:
    """Tombstones and rejects of leads."""
    table = _state(team)
    tombstones = f"SELECT COUNT(*) FROM qsync.{table} WHERE status = 'removed'"
    rejects = (
        "SELECT COUNT(*) FROM qsync.qsync_rejects JOIN qsync.qsync_streams USING (stream_id) "
        "WHERE sync = 'leads'"
    )
    return team.sql(tombstones)[0][0], team.sql(rejects)[0][0]


def _known(team: Team) -> tuple[str]:
    """The key of somebody who was sent."""
    table = _state(team)
    ((key,),) = team.sql(f"SELECT MIN(key) FROM qsync.{table}")
    return (key,)


def _leave(team: Team, key: str) -> None:
    team.sql("DELETE FROM prod.dim_leads WHERE LOWER(TRIM(email)) = ?", key)


def _age(team: Team) -> None:
    """Years pass."""
    for (table,) in team.sql("SELECT state_table FROM qsync.qsync_streams"):
        team.sql(f"UPDATE qsync.{table} SET acked_at = '{OLD}'")
    team.sql(f"UPDATE qsync.qsync_rejects SET last_at = '{OLD}'")


@pytest.mark.slow
def test_old_tombstones_and_rejects_of_who_left_go_with_the_next_apply(team: Team) -> None:
    for _ in range(2):
        team.apply("-s", "leads")
    assert _left(team) == (0, 3)
    (gone, *_) = team.sql(
        "SELECT key FROM qsync.qsync_rejects JOIN qsync.qsync_streams USING (stream_id) "
        "WHERE sync = 'leads' ORDER BY 1"
    )
    _leave(team, *gone)
    _leave(team, *_known(team))
    team.apply("-s", "leads")
    assert _left(team) == (1, 3)
    _age(team)
    assert "No changes." in team.apply("-s", "leads").out
    assert _left(team) == (1, 3), "without keep_removed they stay for ever"
    path = team.project / "qsync.yml"
    path.write_text(path.read_text().replace("state: {schema: qsync}", PURGED))
    for words in ("plan", "apply --auto-approve -s companies", "retry --auto-approve -s leads"):
        team.qsync(*words.split())
        assert _left(team) == (1, 3), "only an apply of this very sync purges it"
    said = team.apply("-s", "leads")
    assert (said.code, "No changes." in said.out) == (ExitCode.OK, True)
    assert _left(team) == (0, 2), "two who are still in the model keep theirs"


def test_what_is_younger_than_the_days_named_stays(team: Team) -> None:
    path = team.project / "qsync.yml"
    path.write_text(path.read_text().replace("state: {schema: qsync}", PURGED))
    team.apply("-s", "leads")
    _leave(team, *_known(team))
    for _ in range(2):
        team.apply("-s", "leads")
        assert _left(team) == (1, 3)
