"""`qsync apply --rehearse`: the whole apply, and nothing of it left behind."""

from __future__ import annotations

from tests.apply.kit import Team


def test_x(team: Team) -> None:
    said = team.qsync("apply", "--rehearse")
    print(said.out, said.err, said.code)
    assert 0
