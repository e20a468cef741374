"""The team's quota is remembered between runs, whatever machine they ran on."""

from __future__ import annotations

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team


@pytest.mark.proves(fault="quota spent by others", promise="quota kept")
@pytest.mark.proves(fault="machine gone", promise="quota kept")
@pytest.mark.slow
def test_what_earlier_runs_spent_is_left_alone_by_the_next(team: Team) -> None:
    assert team.apply("-s", "companies").code is ExitCode.OK
    # Of 1,800 requests in 15 minutes a colleague's run has made all but a handful.
    # They are told by the minute, and the run before may have seen two.
    team.sql(
        "DELETE FROM qsync.qsync_requests"
        " WHERE minute < (SELECT max(minute) FROM qsync.qsync_requests)"
    )
    team.sql("UPDATE qsync.qsync_requests SET requests = 1790")
    before = team.submitted()
    said = team.apply("-s", "leads", "--max-time", "20s")
    assert said.code in {ExitCode.OK, ExitCode.PARTIAL}, said.err
    (row,) = (row for row in team.ledger() if (row["sync"], row["object"]) == ("leads", "lead"))
    assert (row["status"], row["rows_unknown"]) == ("interrupted", "0")
    assert int(row["rows_unsent"]) > 0
    assert team.submitted() - before < 6
