"""Durations as people type them."""

from __future__ import annotations

import pytest

from qsync.cli.durations import seconds_of
from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("30s", 30),
        ("5m", 300),
        ("1h", 3_600),
        ("2d", 172_800),
        ("1.5 h", 5_400),
        (" 5m ", 300),
    ],
)
def test_a_number_with_a_unit_means_that_many_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "s", "-5", "5 minutes", "5M", "1h30m", "nan", "inf", "1e3", "٣s", "9" * 10, "5m\n5"],
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert seconds_of(text) is None


def test_a_wrong_duration_is_a_wrong_command_line(shell: Shell) -> None:
    said = shell("apply", "--lock-timeout", "soon")
    assert said.code is ExitCode.USAGE
    assert "'--lock-timeout': 'soon' is no duration; write 30s, 5m, 1h or seconds" in flat(said.err)


def test_a_duration_may_come_from_its_variable(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSYNC_LOCK_TIMEOUT", "later")
    said = shell("state", "rm", "leads")
    assert said.code is ExitCode.USAGE
    assert "'later' is no duration" in flat(said.err)
